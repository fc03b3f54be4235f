import { describe, expect, test } from "vitest";
import { drilled, openLab, run, scenario, struckIn, words } from "./lab.ts";

// A flipped bit, in WAL and in a page, is judged where every damage is drilled: damages.alone.test.ts.

describe("WAL of the node itself", () => {
  const lab = openLab();

  test("pg_resetwal in a runbook: all since the last checkpoint, counted twice", async () => {
    const { result, report } = await drilled(lab, "postgres/wal-reset-forbidden");
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "suffix" } });
    expect(words(result, "recovery-procedure")).toMatch(
      /was refused, as it had to be: .+could not locate a valid checkpoint/s,
    );
    expect(report.steps.map(({ does }) => does)).toContain("recover repair");
  });
});

describe("pages of the table", () => {
  const lab = openLab();

  test("a page torn in the middle of a write, unprotected: the rows of its older half, and half a row", async () => {
    const { result, pack } = await drilled(lab, "postgres/torn-page-unprotected");
    expect(result).toMatchObject({ mutated: 1 });
    expect(result.lost.count + result.mutated).toBe(struckIn(pack).damaged.length);
    expect(words(result, "fault-effect")).toMatch(/written by a checkpoint that had not ended/);
  });
});

test("a fault inside a checkpoint is proven by the server's own log", async () => {
  const lab = openLab();
  const { result } = await drilled(lab, "postgres/crash-mid-checkpoint");
  expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
  expect(words(result, "fault-effect")).toMatch(
    /"checkpoint starting: wal" stands in the log of db\.primary \d+ ms before, and no end of it/,
  );
});

test("a place that is not there is an error that says why, and no verdict", async () => {
  const lab = openLab();
  const { code, results } = await run(lab, [
    scenario("postgres/wal-flip"),
    "--set",
    "stack.db.walSegment=64MiB",
    "--set",
    "objectives.recoveryTime=5s",
  ]);
  expect([code, results[0]?.verdict]).toEqual([3, "unknown"]);
  expect(words(results[0]!, "record")).toMatch(
    /middle wal-segment of db\.primary: the WAL since the redo point is 1 segments, and only three have a middle one/,
  );
});
