/**
 * Whether one sample lies above another, by ranks alone: Wilcoxon's rank sum, that is Mann and Whitney's U, one-sided and exact
 * (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed., 4.1). Ties share their middle rank and the
 * distribution is that of the ranks as they are. No distribution of the times is assumed.
 */

export interface RankTest {
  /** P(a rank sum as high as this one, or higher, if both samples were alike). */
  readonly p: number;
  /** The smallest p that samples of these sizes can have, where no two values are alike: above the level they can show nothing. */
  readonly leastP: number;
}

/** Is `later` above `before`? Null where one of them is empty. At most 200 values in all, or it takes too long. */
export function liesAbove(later: readonly number[], before: readonly number[]): RankTest | null {
  if (later.length === 0 || before.length === 0) return null;
  if (later.length + before.length > 200) throw new Error("a rank test of more than 200 values");
  const ranks = doubledRanks([...later, ...before]);
  const observed = sum(ranks.slice(0, later.length));
  const ways = waysToSum(ranks, later.length);
  const all = sum([...ways.values()]);
  const atLeast = sum([...ways].flatMap(([total, n]) => (total >= observed ? [n] : [])));
  return { p: atLeast / all, leastP: 1 / all };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Twice the rank of each value, so that the middle ranks of ties are whole numbers. */
function doubledRanks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const same = values.filter((other) => other === value).length;
    return 2 * below + same + 1;
  });
}

/** How many choices of `size` ranks have each sum. */
function waysToSum(ranks: readonly number[], size: number): Map<number, number> {
  const bySize: Map<number, number>[] = Array.from({ length: size + 1 }, () => new Map());
  bySize[0]!.set(0, 1);
  for (const rank of ranks)
    for (let chosen = size; chosen >= 1; chosen--)
      for (const [total, ways] of bySize[chosen - 1]!)
        bySize[chosen]!.set(total + rank, (bySize[chosen]!.get(total + rank) ?? 0) + ways);
  return bySize[size]!;
}
