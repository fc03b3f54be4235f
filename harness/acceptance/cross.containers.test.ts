import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Report } from "../report.ts";
import { drilled, drilledWith, findingOf, linesOf, openLab, words } from "./lab.ts";

const lab = openLab();
const STORES = ["db", "cache", "store"];

const rowOf = ({ membership }: Report, ...stores: string[]): number =>
  membership?.find((row) => row.stores.join() === stores.join())?.count ?? 0;

interface Line {
  readonly op: string;
  readonly store: string;
}
const opsIn = (file: string, store: string): Set<string> =>
  new Set(
    linesOf<Line>(file)
      .filter((line) => line.store === store)
      .map(({ op }) => op),
  );

describe("the database fell back in time, the other stores did not", () => {
  test("without a reconciliation every entry of a lost order stands there without its row", async () => {
    const { result, report, pack } = await drilled(lab, "cross/record-fell-back-unreconciled");
    expect(result).toMatchObject({ verdict: "fail", exitCode: 0, lost: { shape: "suffix" } });
    expect(result.lost.byStore).toMatchObject({ cache: 0, store: 0 });
    expect(rowOf(report, "cache", "store")).toBe(result.lost.byStore["db"]);
    const recovered = path.join(pack, "raw", "recovered.jsonl");
    const rows = opsIn(recovered, "db");
    for (const store of ["cache", "store"])
      expect([...opsIn(recovered, store)].filter((op) => !rows.has(op))).toHaveLength(result.lost.byStore["db"]!);
  });

  test("discarded from the others, the loss is whole and the stores agree to the order", async () => {
    const { result, report, pack } = await drilled(lab, "cross/record-fell-back-discard");
    expect(result).toMatchObject({ verdict: "fail", exitCode: 0 });
    const { db = 0, cache, store } = result.lost.byStore;
    expect(db).toBeGreaterThan(40);
    expect([cache, store]).toEqual([db, db]);
    expect(report.discarded).toBe(2 * db);
    expect(findingOf(result, "membership").verdict).toBe("pass");
    const recovered = path.join(pack, "raw", "recovered.jsonl");
    const [rows, ...others] = STORES.map((name) => opsIn(recovered, name));
    for (const entries of others) expect([...entries].filter((op) => !rows!.has(op))).toEqual([]);
  });

  test("written again from the surviving copies, nothing is lost, and the settings get no credit for it", async () => {
    const { result, report } = await drilled(lab, "cross/record-fell-back-replay");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: false } });
    const replayed = words(report, "reconciliation");
    expect(Number(/^([\d,]+) written again/.exec(replayed)?.[1]?.replaceAll(",", ""))).toBeGreaterThan(40);
    expect(report.luckyPass).toBe(true);
  });
});

describe("the object store fell back, the database did not", () => {
  test("restored from its versions, every reference resolves to what was sent", async () => {
    const { result } = await drilled(lab, "cross/objects-fell-back-restored");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, mutated: 0 });
    expect(findingOf(result, "membership").verdict).toBe("pass");
  });

  test("without that, the references dangle, one for each object", async () => {
    const { result, report } = await drilled(lab, "cross/objects-fell-back-dangling");
    expect(result).toMatchObject({ verdict: "fail", exitCode: 0, lost: { byStore: { db: 0, cache: 0 } } });
    expect(rowOf(report, "db", "cache")).toBeGreaterThanOrEqual(result.lost.byStore["store"]!);
    expect(words(report, "membership")).toContain("in store dangling");
  });
});

describe("the outbox is sent again after the failover", () => {
  test("a unique key lets each write count once, and the accounts keep their sum", async () => {
    const { result, report } = await drilled(lab, "cross/outbox-replay");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, duplicated: 0 });
    expect(report.indeterminate.present).toBeGreaterThan(20);
    expect(report.indeterminate.absent).toBe(0);
    for (const check of ["balances", "reconciliation"]) expect(findingOf(report, check).verdict, check).toBe("pass");
  });

  test("without the key, what was executed already is there twice, counted exactly", async () => {
    const { result, pack } = await drilled(lab, "cross/outbox-replay-without-key");
    expect(result).toMatchObject({ verdict: "fail", exitCode: 0, lost: { count: 0 } });
    const lines = linesOf<Line>(path.join(pack, "raw", "recovered.jsonl"));
    const twice = [...Map.groupBy(lines, ({ op }) => op).values()].filter((copies) => copies.length > 1);
    expect(result.duplicated).toBe(twice.length);
    expect(twice.length).toBeGreaterThan(4);
  });
});

test("--all-stores loses both primaries and a drive in one run, and no order", async () => {
  const { result, report } = await drilledWith(lab, ["--all-stores"]);
  expect(result).toMatchObject({ scenario: "whole-stack-loss", verdict: "pass", lost: { count: 0 } });
  expect(Object.keys(result.lost.byStore)).toEqual(STORES);
  expect(rowOf(report, ...STORES)).toBeGreaterThan(100);
});
