/**
 * One monotonic clock measures everything; the wall clock is only a label. Raw files carry nanoseconds of the monotonic
 * clock as decimal strings (numbers above 2^53 do not survive JSON); in memory times are milliseconds after the run's origin.
 */

/** Something happened between these two instants, and nobody can say when more exactly. Monotonic nanoseconds. */
export interface Bracket {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** The monotonic clock, in nanoseconds. The only clock that durations are taken from. */
export const nowNs = (): bigint => process.hrtime.bigint();

/** Nanoseconds of the raw files to milliseconds after `originNs`. Exact to a nanosecond for runs shorter than 100 days. */
export const msAfter = (originNs: bigint, ns: bigint): number => Number(ns - originNs) / 1e6;

/** Runs `act` and says between which two instants it happened. */
export async function bracket<T>(act: () => Promise<T>): Promise<{ value: T; at: Bracket }> {
  const fromNs = nowNs();
  const value = await act();
  return { value, at: { fromNs, toNs: nowNs() } };
}
