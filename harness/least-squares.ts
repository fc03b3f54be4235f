/**
 * A straight line through measured points, by ordinary least squares, and what it says of another x: the prediction interval of one
 * new measurement (Draper and Smith, Applied Regression Analysis, 1.4). Both hold only where the truth is a line with even scatter,
 * which no handful of points can show; beyond the largest x it is not even known whether there is one.
 */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly n: number;
  readonly intercept: number;
  readonly slope: number;
  /** Share of the variation of y that the line accounts for; 1 where y does not vary and the line meets every point. */
  readonly r2: number;
  /** Measured less fitted, in the order of the points. */
  readonly residuals: readonly number[];
  /** Standard error of the residuals, with n - 2 degrees of freedom. */
  readonly standardError: number;
  readonly meanX: number;
  /** Sum of the squared distances of x from its mean. */
  readonly spreadX: number;
}

export interface Prediction {
  readonly value: number;
  /** Of one new measurement, at 95 %. */
  readonly lower: number;
  readonly upper: number;
}

/** Two points make a line that cannot be wrong, so it takes three, at three different x. */
const FEWEST = 3;
const CONFIDENCE = 0.95;

/** Null where the points do not allow a line. */
export function fitLine(points: readonly Point[]): Line | null {
  if (new Set(points.map(({ x }) => x)).size < FEWEST) return null;
  const n = points.length;
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const spreadX = sum(points.map(({ x }) => (x - meanX) ** 2));
  const slope = sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / spreadX;
  const intercept = meanY - slope * meanX;
  const residuals = points.map(({ x, y }) => y - (intercept + slope * x));
  const left = sum(residuals.map((residual) => residual ** 2));
  const total = sum(points.map(({ y }) => (y - meanY) ** 2));
  const r2 = total === 0 ? 1 : 1 - left / total;
  return { n, intercept, slope, r2, residuals, standardError: Math.sqrt(left / (n - 2)), meanX, spreadX };
}

export function predict({ n, intercept, slope, standardError, meanX, spreadX }: Line, x: number): Prediction {
  const value = intercept + slope * x;
  const reach = studentT(CONFIDENCE, n - 2) * standardError * Math.sqrt(1 + 1 / n + (x - meanX) ** 2 / spreadX);
  return { value, lower: value - reach, upper: value + reach };
}

/** The t within which a share of Student's distribution lies, both sides together: 0.95 with 2 degrees of freedom is 4.303. */
export function studentT(share: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (within(high, degrees) < share) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (within(middle, degrees) < share) low = middle;
    else high = middle;
  }
  return high;
}

/** P(|T| < t) for a whole number of degrees (Abramowitz and Stegun, 26.7.3 and 26.7.4). */
function within(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const odd = degrees % 2 === 1;
  let term = odd ? Math.cos(angle) : 1;
  let series = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * Math.cos(angle) ** 2;
    series += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * series) : Math.sin(angle) * series;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
