import { describe, expect, test } from "vitest";
import type { Node } from "../../node.ts";
import { ledgerRows, PAGE_BYTES } from "./disk-format.ts";
import { tearAt } from "./page-write.ts";
import { findPlace, rowsLocation } from "./places.ts";
import { settingLines } from "./server-conf.ts";
import { whyItEnded } from "./settle.ts";
import { heapPage } from "./testing.ts";
import { insideOf, logLines } from "./triggers.ts";

describe("whether a fault fell into a span of the log", () => {
  const day = Date.parse("2026-11-25T00:23:00.000Z");
  const line = (ms: number, text: string) =>
    `${new Date(day + ms).toISOString().replace("T", " ").replace("Z", "")} UTC [32] LOG:  ${text}\n`;
  const lines = logLines(
    line(0, "starting PostgreSQL 17.12") +
      "a line of a script\n" +
      line(100, "checkpoint starting: wal") +
      line(900, "checkpoint complete: wrote 93 buffers (0.6%)") +
      line(2_000, "checkpoint starting: time") +
      line(3_000, "starting PostgreSQL 17.12") +
      line(3_100, "checkpoint starting: end-of-recovery immediate wait") +
      line(3_200, "checkpoint complete: wrote 17 buffers (0.1%)"),
  );
  const span = { begins: /^checkpoint starting/, ends: /^checkpoint complete/ };
  const at = (fromMs: number, toMs: number) =>
    insideOf(lines, "db.primary", { fromMs: day + fromMs, toMs: day + toMs }, span);

  test("all of it between the two lines", () => {
    expect(at(300, 400)).toEqual({
      observed: true,
      proof: expect.stringMatching(
        /^"checkpoint starting: wal" stands in the log of db\.primary 200 ms before, and "checkpoint complete.+" 500 ms after$/,
      ),
    });
  });

  test("a part of it after the end, or all of it", () => {
    expect(at(800, 950)).toMatchObject({
      observed: false,
      proof: expect.stringContaining("50 ms before the fault was"),
    });
    expect(at(1_000, 1_100)).toMatchObject({ observed: false });
  });

  test("before there was anything", () => {
    expect(at(50, 60)).toMatchObject({
      observed: false,
      proof: expect.stringContaining("has no ^checkpoint starting"),
    });
  });

  test("a server that died in it has no end of it, whatever the next one writes", () => {
    expect(at(2_500, 2_600)).toEqual({
      observed: true,
      proof: '"checkpoint starting: time" stands in the log of db.primary 500 ms before, and no end of it',
    });
  });
});

describe("places in a table", () => {
  const page = (first: number) =>
    heapPage([0, 1, 2].map((i) => ({ op: `ledger-${first + i}`, payload: "x".repeat(40), xmin: 700 + i })));
  const content = Buffer.concat([page(0), Buffer.alloc(PAGE_BYTES), page(10), page(20), Buffer.alloc(PAGE_BYTES)]);

  test.each([
    ["first", 0, "ledger-1"],
    ["middle", 2, "ledger-11"],
    ["last", 3, "ledger-21"],
  ] as const)("the %s page that holds rows", (where, block, op) => {
    const { from, to, value, elements, words } = rowsLocation("data/base/5/1", content, where);
    expect([from, to]).toEqual([block * PAGE_BYTES, (block + 1) * PAGE_BYTES]);
    expect(content.toString("latin1", value!.from, value!.to)).toBe("x".repeat(40));
    expect(words).toContain(`page ${block}, one of 3 with rows, has 3 of them, ${op}`);
    expect(elements).toHaveLength(9);
    expect(elements.filter((element) => element.from >= from && element.to <= to)).toHaveLength(3);
  });

  test("a table without rows has none", () => {
    expect(() => rowsLocation("data/base/5/1", Buffer.alloc(PAGE_BYTES), "first")).toThrow("holds a row of the ledger");
  });

  test("what is not on the disk is said with its name, its machine and when it would be there", async () => {
    const said = { code: 0, stdout: "", stderr: "" };
    const node = { name: "db.primary", disk: "/disk", onDisk: async () => said } as unknown as Node;
    await expect(findPlace(node, { heap: "h", index: "i" }, "backup-label", "middle")).rejects.toThrow(
      "middle backup-label of db.primary: there is no data/backup_label; it is there from a restore until the server",
    );
    await expect(findPlace(node, { heap: "h", index: "i" }, "toString", "first")).rejects.toThrow(
      "no place is called toString: wal-segment, ",
    );
  });
});

test("lines of the server's configuration have its words, and quotes doubled", () => {
  expect(settingLines({ fsync: false, port: 5432, restore_command: "sh -c 'get %f'" })).toBe(
    "fsync = 'off'\nport = '5432'\nrestore_command = 'sh -c ''get %f'''\n",
  );
});

describe("why a server ended", () => {
  const ended = (...lines: string[]) =>
    whyItEnded({ logs: async () => `${lines.join("\n")}\n` } as Partial<Node> as Node);

  test("is what it called fatal, and not what it told clients that knocked", async () => {
    expect(
      await ended(
        "FATAL:  the database system is starting up",
        "PANIC:  no checkpoint",
        "LOG:  shut down",
        "FATAL:  b",
      ),
    ).toBe("PANIC:  no checkpoint; FATAL:  b");
  });

  test("else its last lines", async () => {
    expect(await ended("a", "b", "c", "FATAL:  the database system is starting up")).toBe("b; c");
  });
});

describe("where a page is torn", () => {
  test("at the sector next to the middle that starts in a payload", () => {
    const rows = ledgerRows(
      heapPage(Array.from({ length: 80 }, (_, i) => ({ op: `ledger-${i}`, payload: "x".repeat(44), xmin: i + 700 }))),
    );
    const at = tearAt(rows);
    expect(at % 512).toBe(0);
    expect(rows.filter(({ payload }) => at > payload.from && at < payload.to)).toHaveLength(1);
    expect(Math.abs(at - 4_096)).toBeLessThanOrEqual(1_024);
  });

  test("between rows where no sector starts in one", () => {
    expect(tearAt([])).toBe(4_096);
  });
});
