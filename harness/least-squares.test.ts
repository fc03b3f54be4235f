import { describe, expect, it } from "vitest";
import { fitLine, predict, studentT } from "./least-squares.ts";

/** Anscombe, Graphs in Statistical Analysis (1973): the first and the third of his four sets, with the figures that he gives. */
const X = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
const FIRST = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
const THIRD = [7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73];
const points = (ys: readonly number[]) => ys.map((y, i) => ({ x: X[i]!, y }));

describe("a line through points", () => {
  it.each([FIRST, THIRD])("is the published one", (...ys) => {
    const line = fitLine(points(ys))!;
    expect(line.n).toBe(11);
    expect(line.intercept).toBeCloseTo(3.0, 2);
    expect(line.slope).toBeCloseTo(0.5, 2);
    expect(line.r2).toBeCloseTo(0.666, 2);
    expect(line.standardError).toBeCloseTo(1.237, 2);
    expect(line.residuals.reduce((a, b) => a + b)).toBeCloseTo(0, 10);
  });

  it("meets points that lie on one, and predicts without doubt", () => {
    const line = fitLine([1, 2, 5, 9].map((x) => ({ x, y: 3 + 2 * x })))!;
    expect(line).toMatchObject({ n: 4, r2: 1 });
    expect(line.intercept).toBeCloseTo(3, 12);
    expect(predict(line, 100).value).toBeCloseTo(203, 9);
    expect(predict(line, 100).upper).toBeCloseTo(203, 9);
  });

  it("needs three different x, however many points there are", () => {
    expect(fitLine([])).toBeNull();
    const two = [1, 2].map((x) => ({ x, y: x }));
    expect(fitLine(two)).toBeNull();
    expect(fitLine([...two, ...two, ...two])).toBeNull();
    expect(fitLine([...two, { x: 3, y: 3.1 }])).not.toBeNull();
  });
});

describe("a prediction", () => {
  it("is as wide as worked out by hand", () => {
    // x 1, 2, 3 and y 1, 2, 4: slope 1.5, intercept -2/3, residuals 1/6, -1/3, 1/6, s = 0.408248; at x = 2 the reach is t * s * sqrt(4/3)
    const line = fitLine([1, 2, 4].map((y, i) => ({ x: i + 1, y })))!;
    const { value, lower, upper } = predict(line, 2);
    expect(value).toBeCloseTo(7 / 3, 10);
    expect(upper - value).toBeCloseTo(12.7062 * 0.408248 * Math.sqrt(4 / 3), 3);
    expect(value - lower).toBeCloseTo(upper - value, 10);
  });

  it("gets wider the further it is from what was measured", () => {
    const line = fitLine(points(FIRST))!;
    const width = (x: number) => predict(line, x).upper - predict(line, x).lower;
    expect(width(9)).toBeLessThan(width(14));
    expect(width(9_000)).toBeGreaterThan(500 * width(9));
  });
});

it.each([
  [1, 12.7062],
  [2, 4.3027],
  [3, 3.1824],
  [4, 2.7764],
  [9, 2.2622],
  [10, 2.2281],
  [30, 2.0423],
])("Student's t with %i degrees of freedom is the one of the tables", (degrees, t) => {
  expect(studentT(0.95, degrees)).toBeCloseTo(t, 3);
});
