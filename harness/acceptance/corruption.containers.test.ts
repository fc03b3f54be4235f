import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Result } from "../report.ts";
import { type Lab, linesOf, openLab, packOf, recount, reportOf, run, scenario } from "./lab.ts";

interface Struck {
  readonly damaged: string[];
  readonly beside: string[];
}

/** One drill to its end; whatever was lost is counted again with the standard tools. */
async function drilled(lab: Lab, name: string, args: readonly string[] = []): Promise<Result> {
  const { code, results, stderr } = await run(lab, [scenario(`postgres/${name}`), ...args]);
  const result = results[0]!;
  expect(code, stderr).toBe(0);
  expect(result.lost.count).toBe(recount(packOf(lab, result)));
  expect(reportOf(lab, result).secondEstimate?.agrees).toBe(true);
  return result;
}

const words = (result: Result, check: string): string =>
  result.reasons.find((reason) => reason.check === check)?.detail ?? "";

/** What stood in the damaged bytes, as the fault read it out of the page itself; only what was acknowledged. */
function struckIn(lab: Lab, result: Result): Struck {
  const raw = path.join(packOf(lab, result), "raw");
  const file = readdirSync(path.join(raw, "output")).find((name) => name.endsWith("-elements.txt"))!;
  const acknowledged = new Set(
    linesOf<{ op: string; outcome: string }>(path.join(raw, "operations.jsonl"))
      .filter(({ outcome }) => outcome === "ok")
      .map(({ op }) => op),
  );
  const lines = readFileSync(path.join(raw, "output", file), "utf8")
    .trim()
    .split("\n");
  const ofKind = (kind: string): string[] =>
    lines.map((line) => line.split("\t")).flatMap(([is, op = ""]) => (is === kind && acknowledged.has(op) ? [op] : []));
  return { damaged: ofKind("damaged"), beside: ofKind("beside") };
}

/** The acknowledged operations that were not read back. */
function absentIn(lab: Lab, result: Result): string[] {
  const raw = path.join(packOf(lab, result), "raw");
  const present = new Set(linesOf<{ op: string }>(path.join(raw, "recovered.jsonl")).map(({ op }) => op));
  return linesOf<{ op: string; outcome: string }>(path.join(raw, "operations.jsonl"))
    .filter(({ op, outcome }) => outcome === "ok" && !present.has(op))
    .map(({ op }) => op);
}

describe("WAL of the node itself", () => {
  const lab = openLab();

  test("one bit in a middle segment: it starts, on the same timeline, and the positions say to the write what is gone", async () => {
    const result = await drilled(lab, "wal-flip");
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "suffix" }, mutated: 0 });
    expect(words(result, "recovery-procedure")).toBe("start of db.primary succeeded");
    expect(words(result, "second-estimate")).toContain("the last record that crash recovery replayed");
    expect(words(result, "fault-effect")).toMatch(/one bit of byte \d+ of data\/pg_wal\/\w{24} .+ before, .+ after/);
  });

  test("pg_resetwal in a runbook: all since the last checkpoint, counted twice", async () => {
    const result = await drilled(lab, "wal-reset-forbidden");
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "suffix" } });
    expect(words(result, "recovery-procedure")).toMatch(
      /was refused, as it had to be: .+could not locate a valid checkpoint/s,
    );
    const report = reportOf(lab, result);
    expect(report.steps.map(({ does }) => does)).toContain("recover repair");
  });
});

describe("pages of the table", () => {
  const lab = openLab();

  test("one bit, checksums on: every row of that page is unreadable, no other is lost, and each is named", async () => {
    const result = await drilled(lab, "heap-flip");
    const { damaged, beside } = struckIn(lab, result);
    expect(damaged).toHaveLength(1);
    expect(absentIn(lab, result).toSorted()).toEqual([...damaged, ...beside].toSorted());
    const notes = readFileSync(path.join(packOf(lab, result), "raw", "events.jsonl"), "utf8");
    expect(notes).toMatch(/\d+ elements of db could not be read back; the first, ledger-\d+: invalid page in block/);
  });

  test("a page torn in the middle of a write, unprotected: the rows of its older half, and half a row", async () => {
    const result = await drilled(lab, "torn-page-unprotected");
    expect(result).toMatchObject({ mutated: 1 });
    expect(result.lost.count + result.mutated).toBe(struckIn(lab, result).damaged.length);
    expect(words(result, "fault-effect")).toMatch(/written by a checkpoint that had not ended/);
  });
});

test("a fault inside a checkpoint is proven by the server's own log", async () => {
  const lab = openLab();
  const result = await drilled(lab, "crash-mid-checkpoint");
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
    /the WAL of db\.primary since the redo point is 1 segments, and only three have a middle one/,
  );
});
