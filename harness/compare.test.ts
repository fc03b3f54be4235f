import { describe, expect, test } from "vitest";
import { comparisonOf } from "./compare.ts";
import { compareHtml, compareText } from "./render/compare.ts";
import { finding, HOSTILE_MARKER, report } from "./render/testing.ts";

const took = (lowerMs: number, upperMs: number) => ({ recoveryTime: { objectiveMs: 300_000, lowerMs, upperMs } });
const relation = (before: [number, number], after: [number, number]): string =>
  comparisonOf(report(took(...before)), report(took(...after))).times.find(({ what }) => what === "recovery time")!
    .relation;

test("a run against itself differs in nothing", () => {
  const same = comparisonOf(report(), report());
  expect([same.sameScenario, same.conditions, same.results]).toEqual([true, [], []]);
  expect(compareText(same)).toContain("Nothing that was judged or counted differs.");
});

describe("times are intervals", () => {
  test("that share a value cannot be told apart, and others can", () => {
    expect(relation([900, 1_000], [1_000, 1_100])).toBe("cannot be told apart");
    expect(relation([900, 1_000], [1_001, 1_100])).toBe("longer");
    expect(relation([900, 1_000], [700, 899])).toBe("shorter");
  });

  test("one that was not measured is not compared", () => {
    const { times } = comparisonOf(report(), report({ recoveryTime: null }));
    expect(times[0]).toMatchObject({ what: "recovery time", after: null, relation: "not measured in both" });
  });
});

test("what differed before is told apart from what came of it", () => {
  const before = report({ reasons: [finding("no-lost-writes", "pass", "0 lost")] });
  const after = report({
    verdict: "fail",
    scenarioSha256: "f".repeat(64),
    reasons: [finding("no-lost-writes", "fail", "7 lost"), finding("amcheck", "pass", "nothing")],
  });
  const { conditions, results, sameScenario } = comparisonOf(before, after);
  expect(sameScenario).toBe(false);
  expect(conditions.map(({ what }) => what)).toEqual(["scenario's file"]);
  expect(results).toEqual([
    { what: "verdict", before: "pass", after: "fail" },
    { what: "check no-lost-writes", before: "pass", after: "fail" },
    { what: "check amcheck", before: "", after: "pass" },
  ]);
  expect(compareHtml(comparisonOf(before, after))).toContain("Not the same drill");
});

test("what others wrote is text", () => {
  const settings = [{ node: "db.primary", name: HOSTILE_MARKER, value: "on", matters: "" }];
  const hostile = comparisonOf(report(), report({ settings }));
  expect(compareHtml(hostile)).not.toContain(HOSTILE_MARKER);
  expect(
    compareText(comparisonOf(report(), report({ host: { ...report().host, kernel: "\u001b[31m" } }))),
  ).not.toContain("\u001b");
});
