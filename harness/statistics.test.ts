import { describe, expect, test } from "vitest";
import {
  claimFor,
  lossBound,
  lossClaim,
  orderStatistics,
  provenShare,
  runsNeeded,
  supportedPercentile,
} from "./statistics.ts";

describe("percentile claims", () => {
  test("known numbers of order statistics at 95 % confidence", () => {
    expect(supportedPercentile(10)).toBe(74);
    expect(supportedPercentile(58)).toBe(94);
    expect(supportedPercentile(59)).toBe(95);
    expect(supportedPercentile(298)).toBe(98);
    expect(supportedPercentile(299)).toBe(99);
  });

  test("runs over the objective cost more runs: 93 with one, 124 with two for P95", () => {
    expect([0, 1, 2].map((over) => runsNeeded(95, over))).toEqual([59, 93, 124]);
    expect(runsNeeded(99)).toBe(299);
    expect(provenShare(1000, 1)).toBeCloseTo(0.99526, 4);
  });

  test("one run claims nothing and says what P95 and P99 would take", () => {
    const claim = claimFor(1);
    expect(claim.supported).toBe("1 run: it shows what happened, and supports no claim about a percentile.");
    expect(claim.refused).toEqual([
      "P95 is not claimed: it takes 59 runs with none over, there is 1.",
      "P99 is not claimed: it takes 299 runs with none over, there is 1.",
    ]);
  });

  test("10, 59 and 299 runs", () => {
    expect(claimFor(10).supported).toBe("P74 at 95 % confidence from 10 runs.");
    expect(claimFor(59).refused).toHaveLength(1);
    expect(claimFor(299)).toEqual({ n: 299, supported: "P99 at 95 % confidence from 299 runs.", refused: [] });
  });

  test("a run that was over is counted and named", () => {
    expect(claimFor(59, 1).supported).toBe(
      "P92 at 95 % confidence from 59 runs, 1 of them over the objective or not measured.",
    );
    expect(claimFor(59, 1).refused[0]).toContain("93 runs with no more than 1 over");
  });

  test("no run and nothing but misses claim nothing", () => {
    expect(claimFor(0).supported).toBe("No run, no claim.");
    expect(provenShare(5, 5)).toBe(0);
  });
});

describe("loss", () => {
  test("zero loss in n runs bounds the probability at about 3/n", () => {
    expect(lossBound(10)).toBeCloseTo(0.2589, 4);
    expect(lossBound(100)).toBeCloseTo(0.0295, 4);
    expect(lossBound(300)).toBeLessThan(0.01);
    expect(lossClaim(10, 0)).toBe("No loss in 10 runs: the probability of loss is at most 25.9 % (95 % confidence).");
  });

  test("loss that was seen raises the bound", () => {
    expect(lossBound(10, 1)).toBeCloseTo(0.3942, 4);
    expect(lossBound(3, 3)).toBe(1);
  });
});

test("order statistics are values that were measured", () => {
  expect(orderStatistics([3, 1, 2, 10])).toEqual({ min: 1, median: 3, max: 10 });
  expect(orderStatistics([])).toBeNull();
});
