import { describe, expect, test } from "vitest";
import { liesAbove } from "./rank-test.ts";

describe("one sample above another", () => {
  test("three above three is one choice of twenty", () => {
    const { p, leastP } = liesAbove([4, 5, 6], [1, 2, 3])!;
    expect(p).toBeCloseTo(1 / 20, 12);
    expect(leastP).toBeCloseTo(1 / 20, 12);
  });

  test("is not shown by the other direction, nor by samples that are alike", () => {
    expect(liesAbove([1, 2, 3], [4, 5, 6])!.p).toBe(1);
    expect(liesAbove([7, 7, 7], [7, 7, 7])).toMatchObject({ p: 1 });
  });

  test("five against five: a rank sum of 36, which is U = 4 on the other side, or higher has 12 of the 252 choices", () => {
    // Ranks 3, 6, 8, 9, 10 of 1 to 10 add up to 36; 4 or fewer inversions of 5 in 5 are 1 + 1 + 2 + 3 + 5 choices.
    expect(liesAbove([3, 6, 8, 9, 10], [1, 2, 4, 5, 7])!.p).toBeCloseTo(12 / 252, 12);
  });

  test("counts ties by every choice, as a count by hand does", () => {
    // Doubled ranks of 1, 2, 2, 3 are 2, 5, 5, 8. Of the six pairs two reach the sum of {2, 3}: (5, 8) twice.
    expect(liesAbove([2, 3], [1, 2])!.p).toBeCloseTo(2 / 6, 12);
  });

  test("one against one, or nothing, shows nothing", () => {
    expect(liesAbove([9], [1])!.leastP).toBe(0.5);
    expect(liesAbove([], [1])).toBeNull();
  });
});
