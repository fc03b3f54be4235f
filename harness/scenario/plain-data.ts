import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { visible } from "../text.ts";
import { type Path, pathText } from "./path.ts";
import { type Complaint, shown } from "./problem.ts";
import { codePoint } from "./safe-text.ts";

/** Deeper than any scenario, and shallow enough for everything that recurses. */
export const LIMIT_DEPTH = 32;
/** Aliases may copy what holds aliases: this many copies is the end of it. */
const LIMIT_COPIES = 32;

export interface PlainData {
  readonly data: unknown;
  /** Where each value and its key begin, by path. */
  readonly offsets: ReadonlyMap<string, { key: number; value: number }>;
  /** Values that were refused; `undefined` stands in their place. */
  readonly refused: readonly Path[];
}

type Complain = (offset: number, path: Path, complaint: Complaint) => void;

/** What a YAML document says, as plain JSON data: no tags, no duplicate keys, no control characters, no inexact numbers. */
export function plainData(document: Document.Parsed, complain: Complain): PlainData {
  const reading: Reading = { document, complain, offsets: new Map(), refused: [], copies: 0 };
  const data = plain(reading, document.contents, [], 0);
  return { data, offsets: reading.offsets, refused: reading.refused };
}

interface Reading {
  readonly document: Document.Parsed;
  readonly complain: Complain;
  readonly refused: Path[];
  readonly offsets: Map<string, { key: number; value: number }>;
  copies: number;
}

function plain(reading: Reading, node: Node | null, path: Path, keyOffset: number): unknown {
  const offset = node?.range?.[0] ?? keyOffset;
  const refuse = (complaint: Complaint): void => {
    reading.refused.push(path);
    reading.complain(offset, path, complaint);
  };
  if (path.length > LIMIT_DEPTH)
    return refuse({ what: "nested too deeply", expected: `at most ${LIMIT_DEPTH} levels` });
  if (isAlias(node)) {
    const source = node.resolve(reading.document);
    if (!source) return refuse({ what: `no anchor ${shown(node.source)} before this alias` });
    if (reading.copies === LIMIT_COPIES) {
      reading.copies = Infinity; // says it once
      return refuse({ what: "too many copies by aliases", expected: `at most ${LIMIT_COPIES}` });
    }
    if (++reading.copies > LIMIT_COPIES) return void reading.refused.push(path);
    return plain(reading, source, path, keyOffset);
  }
  reading.offsets.set(pathText(path), { key: keyOffset, value: offset });
  if (node?.tag) return refuse({ what: `the tag ${shown(node.tag)}`, expected: "values without tags" });
  if (isMap<Node, Node | null>(node)) return plainMap(reading, node, path);
  if (isSeq<Node | null>(node)) return node.items.map((item, i) => plain(reading, item, [...path, i], offset));
  return isScalar(node) ? plainScalar(node.value, refuse) : null;
}

function plainMap(reading: Reading, map: YAMLMap<Node, Node | null>, path: Path): Record<string, unknown> {
  const entries = new Map<string, unknown>();
  for (const { key: node, value } of map.items) {
    const offset = node?.range?.[0] ?? map.range?.[0] ?? 0;
    const key = isScalar(node) ? node.value : undefined;
    if (typeof key !== "string") {
      reading.complain(offset, path, {
        what: "a key that is no text",
        hint: "put it in quotes if it only looks like a number",
      });
    } else if (visible(key) !== key) {
      reading.complain(offset, path, { what: `a key with ${control(key)}` });
    } else if (entries.has(key)) {
      reading.complain(offset, [...path, key], { what: "the same key a second time", expected: "each key once" });
    } else {
      entries.set(key, plain(reading, value, [...path, key], offset));
    }
  }
  return Object.fromEntries(entries);
}

function plainScalar(value: unknown, refuse: (complaint: Complaint) => void): unknown {
  if (typeof value === "string") {
    const text = value.replace(/[\n\t]/g, " ");
    return visible(text) === text ? value : refuse({ what: control(text), expected: "text without it" });
  }
  if (typeof value !== "number") return value;
  const exact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return exact
    ? value
    : refuse({ what: "a number that cannot be kept exactly", hint: "put it in quotes if it is text" });
}

/** An escape such as "\x1b" writes a control character with plain ones. */
const control = (text: string): string =>
  `the control character ${codePoint(Array.from(text).find((c) => visible(c) !== c)!)}`;
