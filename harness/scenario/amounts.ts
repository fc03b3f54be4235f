/**
 * Sizes as people say them on a command line: a number as in a scenario (see units.ts), perhaps one space, and B, a decimal unit
 * (kB or KB, MB, GB, TB) or a binary one (KiB, MiB, GiB, TiB). Space around it is no part of it. Rounded to whole bytes; null where
 * it is none.
 */
export function amountOfBytes(text: string): number | null {
  const [, number = "", unit = ""] = /^(\d{1,9}(?:\.\d{1,6})?)\s?(B|[kKMGT]B|[KMGT]iB)$/.exec(text.trim()) ?? [];
  if (number === "") return null;
  const power = "BKMGT".indexOf(unit[0]!.toUpperCase());
  return Math.round(Number(number) * (unit.includes("i") ? 1024 : 1000) ** power);
}
