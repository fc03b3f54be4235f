import { describe, expect, test } from "vitest";
import { renderRepeat, summarise } from "./repeat.ts";
import { renderTerminal } from "./terminal.ts";
import { hostile, inconclusive, lossyControl, luckyPass, report, someUsers } from "./testing.ts";

describe("the summary on a terminal", () => {
  test.each([40, 60, 80, 100, 120])("fits %i columns, paths excepted", (width) => {
    const lines = [report(), lossyControl(), luckyPass(), inconclusive(), hostile()].flatMap((data) =>
      renderTerminal(data, { width }).split("\n"),
    );
    const wide = lines.filter((line) => line.length > width && !/^ {2}(?:pack|report) /.test(line));
    expect(wide).toEqual([]);
  });

  test("says what did not pass first, and where the pack is", () => {
    const lines = renderTerminal(inconclusive()).split("\n");
    const at = (start: string): number => lines.findIndex((line) => line.startsWith(start));
    expect(lines[0]).toMatch(/^UNKNOWN {2}postgres-primary-node-loss/);
    expect(at("  unknown recovery-time:")).toBeLessThan(at("  pass    no-lost-writes"));
    expect(lines).toContain("  pack       reports/2026-11-23T10-00-00Z-7f3a");
  });

  test("shows which stores have how many orders, and nothing of it where there is one store", () => {
    const rows = [
      { stores: ["db", "cache", "store"], count: 1_200 },
      { stores: [], count: 31 },
    ];
    const lines = renderTerminal(report({ membership: rows })).split("\n");
    expect(lines).toContain("  1,200 orders in db cache store");
    expect(lines).toContain("     31 orders in no store");
    expect(renderTerminal(report())).not.toContain("orders in");
  });

  test("says what users saw, and nothing of it where there are none", () => {
    expect(renderTerminal(report({ users: someUsers }))).toContain(
      "  users saw 40 of 1,300 requests fail (3.1 %), for 640 to 830 ms\n",
    );
    const lasting = { ...someUsers, outage: null, goodAgainMs: null };
    expect(renderTerminal(report({ users: lasting }))).toContain("no good answer that lasted");
    expect(renderTerminal(report())).not.toContain("users saw");
  });

  test("colours only when asked, and never lets data do it", () => {
    expect(renderTerminal(report())).not.toContain("\u001b");
    expect(renderTerminal(report(), { colour: true })).toContain("\u001b[32;1mPASS\u001b[0m");
    expect(renderTerminal(hostile())).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    // oxlint-disable-next-line no-control-regex -- every code that is there is one of ours
    expect(renderTerminal(hostile(), { colour: true }).replace(/\u001b\[(?:\d;?)+m/g, "")).not.toContain("\u001b");
  });

  test("a declared failure is not painted as one", () => {
    expect(renderTerminal(lossyControl(), { colour: true })).toContain("\u001b[35;1mFAILED AS DECLARED");
  });
});

/** Runs with these upper bounds of the recovery time; null is one that could not be measured. */
const runs = (uppers: readonly (number | null)[]) =>
  uppers.map((upperMs, i) =>
    report({
      run: `run-${i}`,
      recoveryTime: upperMs === null ? null : { objectiveMs: 300_000, lowerMs: upperMs - 10, upperMs },
      verdict: upperMs === null ? "unknown" : "pass",
    }),
  );

describe("several runs", () => {
  test("order statistics of the upper bounds and the claim of n", () => {
    const summary = summarise(runs([752, 702, 885, 731, 760, 744, 751, 733, 790, 812]));
    expect(summary.recoveryTime).toMatchObject({ minMs: 702, medianMs: 752, maxMs: 885, over: 0 });
    expect(summary.claims.recoveryTime.supported).toBe("P74 at 95 % confidence from 10 runs.");
    expect(summary.lost).toEqual({ count: 0, runs: 0, acknowledged: 182_040 });
  });

  test("a run without a measurement counts against the claim", () => {
    const summary = summarise(runs([752, null, 760]));
    expect(summary.recoveryTime).toMatchObject({ measured: 2, over: 1 });
    expect(summary.verdicts).toEqual({ pass: 2, fail: 0, unknown: 1 });
    expect(summary.claims.loss).toBe(
      "Loss seen or not ruled out in 1 of 3 runs: the probability of loss is at most 86.5 % (95 % confidence).",
    );
  });

  test("the text names each run and what is refused", () => {
    const text = renderRepeat([...runs([702, 752]), lossyControl({ run: "lossy" })]);
    expect(text).toContain("3 runs");
    expect(text).toMatch(/3 {2}Failed as declared {2}702 to 752 ms .* 601 of 18,204 {2}lossy/);
    expect(text).toContain("P95 is not claimed: it takes 59 runs with none over, there are 3.");
    expect(renderRepeat(runs([null]))).toContain("no run could be measured");
    expect(() => summarise([])).toThrow("at least one");
  });
});
