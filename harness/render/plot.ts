/** Scales, ticks and labels that keep out of each other's way: the geometry under the two plots. All lengths are SVG units. */
import { shown } from "./escape.ts";

/**
 * No font is measured, so widths are those of a wide one (DejaVu Sans): what fits here fits everywhere. Scripts beyond the
 * alphabets (CJK, pictures) take a whole square.
 */
export const textWidth = (text: string, size: number): number =>
  size * Array.from(text, (c) => (c.codePointAt(0)! < 0x2e80 ? 0.63 : 1.05)).reduce((a, b) => a + b, 0);

/** Escapes first and cuts then, or what looks short grows when its control characters become visible. */
export const clipped = (text: string, most: number): string => {
  const safe = shown(text);
  return safe.length > most ? `${safe.slice(0, most - 1)}…` : safe;
};

export interface Scale {
  (value: number): number;
  readonly domain: readonly [number, number];
}

export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const span = domain[1] - domain[0] || 1;
  return Object.assign((value: number) => range[0] + ((value - domain[0]) / span) * (range[1] - range[0]), { domain });
}

export function logarithmic(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const inner = linear([Math.log10(domain[0]), Math.log10(domain[1])], range);
  return Object.assign((value: number) => inner(Math.log10(Math.max(value, domain[0]))), { domain });
}

/** Round values inside the domain, at most `most` of them. */
export function ticks([from, to]: readonly [number, number], most: number, steps: readonly number[]): number[] {
  const step = steps.find((candidate) => (to - from) / candidate <= most) ?? steps.at(-1)!;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

const decades = (multiples: readonly number[], from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => multiples.map((m) => m * 10 ** (from + i))).flat();

export const COUNT_STEPS: readonly number[] = decades([1, 2, 5], 0, 7);
/** Milliseconds; above a second the steps that people count in. */
export const TIME_STEPS: readonly number[] = [
  ...decades([1, 2, 5], 0, 2),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400].map((s) => s * 1_000),
];

/** `0`, `250 ms`, `1.5 s`, `12 min`. */
export function tickTime(ms: number): string {
  const abs = Math.abs(ms);
  const sign = ms < 0 ? "−" : "";
  if (abs < 1e-9) return "0";
  if (abs < 1_000) return `${sign}${Math.round(abs)} ms`;
  if (abs < 120_000) return `${sign}${Number((abs / 1_000).toFixed(2))} s`;
  return `${sign}${Number((abs / 60_000).toFixed(1))} min`;
}

export interface Flag {
  readonly x: number;
  readonly text: string;
}

/** Row 0 is the one nearest the plot. */
export type Placed<F extends Flag> = F & { readonly row: number };

/**
 * Gives each flag (a label that extends to the right of its line) a row, so that no two labels overlap and no line runs through a
 * label: from right to left, each flag goes above all those whose line stands under its text.
 */
export function placeFlags<F extends Flag>(flags: readonly F[], size: number, gap = 6): Placed<F>[] {
  const placed: Placed<F>[] = [];
  for (const flag of flags.toSorted((a, b) => b.x - a.x)) {
    const end = flag.x + textWidth(flag.text, size) + gap;
    const under = placed.filter((other) => other.x < end);
    placed.push({ ...flag, row: under.length === 0 ? 0 : Math.max(...under.map((other) => other.row)) + 1 });
  }
  return placed.toReversed();
}

/** `M x y L x y …` with a new start after each gap; a lone point becomes a dot (round line caps). */
export function linePath(points: readonly (readonly [number, number] | null)[]): string {
  let path = "";
  let open = false;
  for (const [i, point] of points.entries()) {
    if (point) path += `${open ? "L" : "M"}${coordinate(point[0])} ${coordinate(point[1])}`;
    if (point && !open && !points[i + 1]) path += "h.01";
    open = point !== null;
  }
  return path;
}

/** Two decimals are finer than any screen. */
export const coordinate = (value: number): string => String(Math.round(value * 100) / 100);
