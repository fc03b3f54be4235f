const LONGEST = 64;

/** The candidate that was probably meant, or undefined when none is near. Case, dashes and underscores hardly count. */
export function closest(word: unknown, candidates: Iterable<string>): string | undefined {
  if (typeof word !== "string" || word.length > LONGEST) return undefined;
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(bare(word), bare(candidate));
    const near = distance <= Math.max(1, Math.floor(Math.min(word.length, candidate.length) / 3));
    if (near && candidate !== word && distance < (best?.distance ?? Infinity)) best = { candidate, distance };
  }
  return best?.candidate;
}

const bare = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, "");

/** Edits that turn one word into the other: insert, delete, replace, or swap two neighbours. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(replaced, rows[i - 1]![j]! + 1, row[j - 1]! + 1, swapped ? rows[i - 2]![j - 2]! + 1 : Infinity),
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
