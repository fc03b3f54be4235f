import pg from "pg";
import { describe, expect, test } from "vitest";
import type { RecoveredAccount, RecoveredElement } from "../../history.ts";
import { readAccounts, readLedger } from "./read-back.ts";

/** Five rows a page; `bad` says of a page, or of a line of one, what happens to whoever reads it. */
function table(pages: number, bad: Readonly<Record<string, Error>>, options: { comesBack?: boolean } = {}) {
  const opName = (page: number, line: number) => `ledger-${page}-${line}`;
  const asked: string[] = [];
  let opened = 0;
  const rowsBetween = (from: number, to: number, lines: readonly number[]) => {
    const rows = [];
    for (let page = from; page < to; page++)
      for (const line of lines) {
        const error = bad[`${page}`] ?? bad[`${page},${line}`];
        if (error) throw error;
        if (line <= 5) rows.push({ op: opName(page, line), payload: "p", debit: null, credit: null, amount: null });
      }
    return rows;
  };
  const answer = (text: string, [op]: readonly unknown[] = []) => {
    asked.push(text);
    const [, from, to] = /ctid >= '\((\d+),0\)' AND ctid < '\((\d+),0\)'/.exec(text) ?? [];
    const [, page, line] = /ctid = '\((\d+),(\d+)\)'/.exec(text) ?? [];
    if (text.includes("pg_relation_size")) return [{ pages }];
    if (from !== undefined) return rowsBetween(Number(from), Number(to), [1, 2, 3, 4, 5]);
    if (page !== undefined) return rowsBetween(Number(page), Number(page) + 1, [Number(line)]);
    const [, ofPage, ofLine] = /^ledger-(\d+)-(\d+)$/.exec(String(op)) ?? [];
    return ofPage === undefined ? [] : rowsBetween(Number(ofPage), Number(ofPage) + 1, [Number(ofLine)]);
  };
  const open = async () => {
    if (opened++ > 0 && options.comesBack === false) throw new Error("connect ECONNREFUSED");
    return { ask: async (text: string, values?: readonly unknown[]) => answer(text, values), close: () => undefined };
  };
  return { open, asked, opName, opened: () => opened };
}

function sinkFor(attempted: readonly string[]) {
  const found: RecoveredElement[] = [];
  const unreadable: { op: string; why: string }[] = [];
  const accounts: RecoveredAccount[] = [];
  const sink = {
    attempted: () => attempted,
    element: (element: RecoveredElement) => void found.push(element),
    account: (account: RecoveredAccount) => void accounts.push(account),
    listed: () => undefined,
    unreadable: ({ op, why }: { op: string; why: string }) => void unreadable.push({ op, why }),
  };
  return { sink, found, unreadable, accounts };
}

const said = (message: string, code = "XX001") =>
  Object.assign(new pg.DatabaseError(message, 0, "error"), { code, severity: "ERROR" });

describe("reading everything back", () => {
  test("a sound table is read in large pieces, every row once", async () => {
    const { open, asked } = table(1_300, {});
    const { sink, found, unreadable } = sinkFor([]);
    await readLedger(open, "db", sink);
    expect(found).toHaveLength(6_500);
    expect(new Set(found.map(({ op }) => op)).size).toBe(6_500);
    expect(asked.filter((text) => text.includes("ctid"))).toHaveLength(3);
    expect(unreadable).toEqual([]);
  });

  test("a page that cannot be read costs its own rows and no other, and they are named", async () => {
    const error = said("invalid page in block 700 of relation base/5/16385");
    const { open, opName } = table(1_300, { 700: error });
    const onPage = [1, 2, 3].map((line) => opName(700, line));
    const { sink, found, unreadable } = sinkFor([opName(1, 1), ...onPage, "ledger-never-there"]);
    await readLedger(open, "db", sink);
    expect(found).toHaveLength(6_495);
    expect(new Set(found.map(({ op }) => op)).size).toBe(6_495);
    expect(unreadable).toEqual(onPage.map((op) => ({ op, why: error.message })));
  });

  test("a row that cannot be read costs itself", async () => {
    const error = said("could not access status of transaction 4711", "58P01");
    const { open, opName } = table(20, { "7,3": error });
    const { sink, found, unreadable } = sinkFor([opName(7, 3)]);
    await readLedger(open, "db", sink);
    expect(found).toHaveLength(99);
    expect(unreadable).toEqual([{ op: opName(7, 3), why: error.message }]);
  });

  test("damage that nothing is known of is named by where it is", async () => {
    const { open } = table(4, { 2: said("could not read block 2 in file base/5/16385: read only 0 of 8192 bytes") });
    const { sink, unreadable } = sinkFor([]);
    await readLedger(open, "db", sink);
    expect(unreadable).toMatchObject([{ op: "page 2 of the ledger's table" }]);
  });

  test("a row that ends the server is asked for no more often than it must be, and the rest is read from the next session", async () => {
    const { open, opened } = table(2, { "1,4": new Error("Connection terminated unexpectedly") });
    const { sink, found, unreadable } = sinkFor([]);
    await readLedger(open, "db", sink);
    expect(found).toHaveLength(9);
    expect(unreadable).toMatchObject([{ op: "page 1, line 4 of the ledger's table" }]);
    expect(opened()).toBe(4); // the first, and one after each of: both pages, the page, the row
  });

  test("a server that does not come back ends the read-back", async () => {
    const { open } = table(2, { 1: new Error("Connection terminated unexpectedly") }, { comesBack: false });
    await expect(readLedger(open, "db", sinkFor([]).sink)).rejects.toThrow(
      "the server does not answer the read-back: connect ECONNREFUSED",
    );
  });

  test("accounts that cannot be read are no end of it either", async () => {
    const ask = async (text: string) => {
      if (text.startsWith("SELECT")) throw said("invalid page in block 0 of relation base/5/16391");
      return [];
    };
    const { sink, accounts, unreadable } = sinkFor([]);
    await readAccounts(async () => ({ ask, close: () => undefined }), "db", sink);
    expect(accounts).toEqual([]);
    expect(unreadable).toMatchObject([{ op: "the accounts" }]);
  });
});
