/** Colour and width of terminal text. */
import { shown } from "./escape.ts";
import type { Tone } from "./words.ts";

export type Paint = (text: string, style: Style) => string;
type Style = Tone | "bold" | "dim" | "bar" | "doubt";

const CODES: Record<Style, string> = {
  pass: "32;1",
  fail: "31;1",
  unknown: "33;1",
  lucky: "33;1",
  control: "35;1",
  bold: "1",
  dim: "2",
  bar: "34",
  doubt: "36",
};

/** What comes out of here is already safe: painters only add codes of ours. */
export const painter = (colour: boolean): Paint =>
  colour ? (text, style) => `\u001b[${CODES[style]}m${text}\u001b[0m` : (text) => text;

/** Words into lines of at most `width` characters; a longer word is cut, so that no line is ever wrapped by the terminal. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(10, width);
  const pieces = shown(text)
    .split(" ")
    .flatMap((word) => word.match(new RegExp(`.{1,${room}}`, "gsu")) ?? [""]);
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + piece.length <= room) lines[lines.length - 1] = `${last} ${piece}`;
    else lines.push(piece);
  }
  return lines;
}

/** Cut to `width` with an ellipsis, or padded to it. */
export const fit = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text.padEnd(width);

/** Columns as wide as their widest cell, the last one left as it is. */
export function columns(rows: readonly (readonly string[])[], gap = 2): string[] {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), []);
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + gap)))
      .join("")
      .trimEnd(),
  );
}
