/**
 * What a number of runs allows one to say. Nothing here assumes a distribution: percentiles are order statistics, and a share
 * is bounded by the exact binomial (Clopper and Pearson, one-sided). Confidence is 95 % throughout.
 */
import type { Claim } from "./report.ts";

const DOUBT = 0.05;

/**
 * The largest share p of all runs of which one may say "at least p stays within" after seeing `over` of `n` runs not do so:
 * P(at most `over` of n | p) = 5 %. With none over that is 0.05^(1/n): 10 runs give 0.741, 59 give 0.951.
 */
export function provenShare(n: number, over = 0): number {
  if (n <= 0 || over >= n) return 0;
  if (over === 0) return DOUBT ** (1 / n);
  let low = 0;
  let high = 1;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (atMost(over, n, 1 - middle) <= DOUBT) low = middle;
    else high = middle;
  }
  return low;
}

/** P(X <= k) of a binomial, summed in logarithms so that n may be large. */
function atMost(k: number, n: number, p: number): number {
  let logTerm = n * Math.log1p(-p);
  let sum = Math.exp(logTerm);
  for (let i = 1; i <= k; i++) {
    logTerm += Math.log((n - i + 1) / i) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}

/** The percentile that n runs support, rounded down: 10 -> 74, 59 -> 95. */
export const supportedPercentile = (n: number, over = 0): number => Math.floor(100 * provenShare(n, over) + 1e-9);

/** How many runs, with at most `over` of them over, it takes to claim a percentile: 95 -> 59, 99 -> 299. */
export function runsNeeded(percentile: number, over = 0): number {
  let n = over + 1;
  while (provenShare(n, over) < percentile / 100) n++;
  return n;
}

/** Upper bound of the probability that a run loses data after `lossy` of n runs did: about 3/n when none did. */
export const lossBound = (n: number, lossy = 0): number => (n <= 0 ? 1 : 1 - provenShare(n, lossy));

/**
 * The claim that n runs support when `over` of them missed the objective or could not be measured. Percentages are rounded to
 * the side that claims less.
 */
export function claimFor(n: number, over = 0): Claim {
  const percentile = supportedPercentile(n, over);
  const refused = [95, 99].filter((p) => p > percentile).map((p) => refusal(p, n, over));
  return { n, supported: supported(n, over, percentile), refused };
}

function supported(n: number, over: number, percentile: number): string {
  if (n <= 0) return "No run, no claim.";
  const runs = n === 1 ? "1 run" : `${n} runs`;
  if (percentile < 50) return `${runs}${tail(over)}: it shows what happened, and supports no claim about a percentile.`;
  return `P${percentile} at 95 % confidence from ${runs}${tail(over)}.`;
}

const tail = (over: number): string => (over === 0 ? "" : `, ${over} of them over the objective or not measured`);

function refusal(percentile: number, n: number, over: number): string {
  const condition = over === 0 ? "none over" : `no more than ${over} over`;
  return `P${percentile} is not claimed: it takes ${runsNeeded(percentile, over)} runs with ${condition}, there ${n === 1 ? "is" : "are"} ${n}.`;
}

/** What n runs say about the probability of loss, when `lossy` of them lost data or could not show that they did not. */
export function lossClaim(n: number, lossy: number): string {
  if (n <= 0) return "No run, no claim about loss.";
  const bound = (Math.ceil(1000 * lossBound(n, lossy)) / 10).toFixed(1);
  const runs = n === 1 ? "1 run" : `${n} runs`;
  const seen = lossy === 0 ? `No loss in ${runs}` : `Loss seen or not ruled out in ${lossy} of ${runs}`;
  return `${seen}: the probability of loss is at most ${bound} % (95 % confidence).`;
}

/** Minimum, median and maximum as they were measured; the median of an even number is the upper of the middle two, never a mean. */
export function orderStatistics(values: readonly number[]): { min: number; median: number; max: number } | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, median, max] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return min === undefined || median === undefined || max === undefined ? null : { min, median, max };
}
