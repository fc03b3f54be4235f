import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Report, Result } from "../report.ts";
import { linesOf, openLab, packOf, recount, reportOf, run, scenario } from "./lab.ts";

const lab = openLab();
const STORES = ["db", "cache", "store"];

/** One drill to its end, its report, and every store's loss counted again by the standard tools. */
async function drill(
  name: string,
  args: readonly string[] = [],
): Promise<{ result: Result; report: Report; dir: string }> {
  const { code, results, stderr } = await run(lab, [scenario(`cross/${name}`), ...args]);
  expect(code, stderr).toBe(0);
  const result = results[0]!;
  return { result, report: reportOf(lab, result), dir: packOf(lab, result) };
}

function expectRecount({ result, dir }: { result: Result; dir: string }): void {
  for (const [store, count] of Object.entries(result.lost.byStore)) expect(recount(dir, store), store).toBe(count);
  expect(recount(dir)).toBe(result.lost.count);
}

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
    const { result, report, dir } = await drill("record-fell-back-unreconciled");
    expect(result).toMatchObject({ verdict: "fail", exitCode: 0, lost: { shape: "suffix" } });
    expectRecount({ result, dir });
    expect(result.lost.byStore).toMatchObject({ cache: 0, store: 0 });
    expect(rowOf(report, "cache", "store")).toBe(result.lost.byStore["db"]);
    const recovered = path.join(dir, "raw", "recovered.jsonl");
    const rows = opsIn(recovered, "db");
    for (const store of ["cache", "store"])
      expect([...opsIn(recovered, store)].filter((op) => !rows.has(op))).toHaveLength(result.lost.byStore["db"]!);
  });

  test("discarded from the others, the loss is whole and the stores agree to the order", async () => {
    const { result, report, dir } = await drill("record-fell-back-discard");
    expect(result).toMatchObject({ verdict: "fail", exitCode: 0 });
    expectRecount({ result, dir });
    const { db = 0, cache, store } = result.lost.byStore;
    expect(db).toBeGreaterThan(60);
    expect([cache, store]).toEqual([db, db]);
    expect(report.discarded).toBe(2 * db);
    expect(report.reasons.find(({ check }) => check === "membership")?.verdict).toBe("pass");
    const recovered = path.join(dir, "raw", "recovered.jsonl");
    const [rows, ...others] = STORES.map((name) => opsIn(recovered, name));
    for (const entries of others) expect([...entries].filter((op) => !rows!.has(op))).toEqual([]);
  });

  test("written again from the surviving copies, nothing is lost, and the settings get no credit for it", async () => {
    const { result, report, dir } = await drill("record-fell-back-replay");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: false } });
    expectRecount({ result, dir });
    const replayed = report.reasons.find(({ check }) => check === "reconciliation")!.detail;
    expect(Number(/^([\d,]+) written again/.exec(replayed)?.[1]?.replaceAll(",", ""))).toBeGreaterThan(60);
    expect(report.luckyPass).toBe(true);
  });
});

describe("the object store fell back, the database did not", () => {
  test("restored from its versions, every reference resolves to what was sent", async () => {
    const { result, report, dir } = await drill("objects-fell-back-restored");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, mutated: 0 });
    expectRecount({ result, dir });
    expect(report.reasons.find(({ check }) => check === "membership")?.verdict).toBe("pass");
  });

  test("without that, the references dangle, one for each object", async () => {
    const { result, report, dir } = await drill("objects-fell-back-dangling");
    expect(result).toMatchObject({ verdict: "fail", exitCode: 0, lost: { byStore: { db: 0, cache: 0 } } });
    expectRecount({ result, dir });
    expect(rowOf(report, "db", "cache")).toBeGreaterThanOrEqual(result.lost.byStore["store"]!);
    expect(report.reasons.find(({ check }) => check === "membership")?.detail).toContain("in store dangling");
  });
});

describe("the outbox is sent again after the failover", () => {
  test("a unique key lets each write count once, and the accounts keep their sum", async () => {
    const { result, report } = await drill("outbox-replay");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, duplicated: 0 });
    expect(report.indeterminate.present).toBeGreaterThan(20);
    expect(report.indeterminate.absent).toBe(0);
    for (const check of ["balances", "reconciliation"])
      expect(report.reasons.find((reason) => reason.check === check)?.verdict, check).toBe("pass");
  });

  test("without the key, what was executed already is there twice, counted exactly", async () => {
    const { result, dir } = await drill("outbox-replay-without-key");
    expect(result).toMatchObject({ verdict: "fail", exitCode: 0, lost: { count: 0 } });
    const lines = linesOf<Line>(path.join(dir, "raw", "recovered.jsonl"));
    const twice = [...Map.groupBy(lines, ({ op }) => op).values()].filter((copies) => copies.length > 1);
    expect(result.duplicated).toBe(twice.length);
    expect(twice.length).toBeGreaterThan(4);
  });
});

test("--all-stores loses both primaries and a drive in one run, and no order", async () => {
  const { code, results, stderr } = await run(lab, ["--all-stores"]);
  expect(code, stderr).toBe(0);
  const result = results[0]!;
  expect(result).toMatchObject({ scenario: "whole-stack-loss", verdict: "pass", lost: { count: 0 } });
  expectRecount({ result, dir: packOf(lab, result) });
  expect(Object.keys(result.lost.byStore)).toEqual(STORES);
  expect(rowOf(reportOf(lab, result), ...STORES)).toBeGreaterThan(100);
});
