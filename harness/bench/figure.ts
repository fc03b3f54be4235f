/** One measured thing beside its baseline; both series come from the same run, in turn. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly baseline: string;
  readonly values: readonly number[];
  readonly against: readonly number[];
  /** What the project asks of the ratio of the medians. */
  readonly wanted: string;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Milliseconds that something took. */
export async function timed(act: () => unknown): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}
