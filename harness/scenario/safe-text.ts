import { isUtf8 } from "node:buffer";
import { grouped } from "../text.ts";
import type { Path } from "./path.ts";
import type { Complaint } from "./problem.ts";

/** A scenario is a page of text. The limit bounds what a hostile file can cost before it is refused. */
export const LIMIT_BYTES = 64 * 1024;

/** Says what is wrong at a line and column, both from 1, and at a path where there is one. */
export type Complain = (line: number, column: number, complaint: Complaint, path?: Path) => void;

/** The text of a file, or undefined after saying where it is none: too large, not UTF-8, control characters. */
export function safeText(bytes: Buffer, complain: Complain): string | undefined {
  if (bytes.length > LIMIT_BYTES) {
    complain(1, 1, { what: "too large", expected: `at most ${grouped(LIMIT_BYTES)} bytes` });
    return undefined;
  }
  const control = firstControl(bytes);
  if (control) {
    complain(control.line, control.column, {
      found: `the control character ${control.name}${control.more}`,
      expected: "plain text in UTF-8",
    });
    return undefined;
  }
  if (!isUtf8(bytes)) {
    const [line, column] = firstBadByte(bytes);
    complain(line, column, { what: "not UTF-8", expected: "plain text in UTF-8" });
    return undefined;
  }
  return new TextDecoder().decode(bytes); // takes a byte order mark away
}

/** What `visible` would escape, but for tabs and line ends, which YAML needs. */
const CONTROL = /\r(?!\n)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function firstControl(bytes: Buffer): { line: number; column: number; name: string; more: string } | undefined {
  const text = new TextDecoder().decode(bytes);
  const found = [...text.matchAll(CONTROL)];
  const first = found[0];
  if (!first) return undefined;
  const before = text.slice(0, first.index);
  return {
    line: before.split("\n").length,
    column: first.index - before.lastIndexOf("\n"),
    name: codePoint(first[0]),
    more: found.length > 1 ? ` and ${grouped(found.length - 1)} more` : "",
  };
}

/** `U+001B`. */
export const codePoint = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;

/** A line feed is never part of a longer UTF-8 sequence, so lines can be looked at one by one. */
function firstBadByte(bytes: Buffer): [line: number, column: number] {
  const lines = bytes.toString("latin1").split("\n");
  const bad = lines.findIndex((line) => !isUtf8(Buffer.from(line, "latin1")));
  const raw = Buffer.from(lines[bad] ?? "", "latin1");
  const decoded = Buffer.from(raw.toString("utf8"));
  const same = decoded.findIndex((byte, i) => byte !== raw[i]);
  return [bad + 1, decoded.subarray(0, same).toString("utf8").length + 1];
}
