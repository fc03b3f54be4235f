/**
 * The page of a report as plain blocks, for media that are no page. Made from the page itself, so that no two views can say different
 * things. Only what our own templates produce is known; anything else is a defect and throws.
 */
import { type DefaultTreeAdapterTypes, parse, serializeOuter } from "parse5";
import type { Tone } from "./words.ts";

/** A stretch of text with one look. `key` is the swatch of a plot's series, and has no text. */
export interface Run {
  readonly text: string;
  readonly mono?: true;
  readonly strong?: true;
  readonly tone?: Tone;
  readonly key?: string;
}

export type Block =
  | { readonly kind: "heading"; readonly level: 2 | 3; readonly text: string }
  | { readonly kind: "title"; readonly verdict: string; readonly text: string; readonly tone: Tone }
  | { readonly kind: "text"; readonly runs: readonly Run[]; readonly quiet: boolean }
  | { readonly kind: "banner"; readonly tone: Tone; readonly runs: readonly Run[] }
  | {
      readonly kind: "pairs";
      readonly large: boolean;
      readonly items: readonly { readonly term: string; readonly values: readonly (readonly Run[])[] }[];
    }
  | {
      readonly kind: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly (readonly Run[])[])[];
    }
  | { readonly kind: "list"; readonly items: readonly (readonly Run[])[] }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "keys"; readonly items: readonly (readonly Run[])[] }
  | { readonly kind: "plot"; readonly svg: string; readonly alt: string };

type Node = DefaultTreeAdapterTypes.ChildNode;
type Element = DefaultTreeAdapterTypes.Element;

export function blocksOf(html: string): Block[] {
  const root = parse(html)
    .childNodes.filter(isElement)
    .find(({ tagName }) => tagName === "html")!;
  const body = elementsIn(root).find(({ tagName }) => tagName === "body")!;
  return walk(body, toneOf(body) ?? "unknown");
}

const isElement = (node: Node): node is Element => "tagName" in node;
const elementsIn = (element: Element): Element[] => element.childNodes.filter(isElement);
const attribute = (element: Element, name: string): string =>
  element.attrs.find((one) => one.name === name)?.value ?? "";
const classesOf = (element: Element): string[] => attribute(element, "class").split(" ");
const has = (element: Element, ...names: readonly string[]): boolean =>
  classesOf(element).some((name) => names.includes(name));
const toneOf = (element: Element): Tone | undefined =>
  classesOf(element).flatMap((name) => (name.startsWith("tone-") ? [name.slice(5) as Tone] : []))[0];

/** Drawn for other widths, or of no use outside of a browser. */
const skipped = (element: Element): boolean =>
  has(element, "narrow", "middle", "watermark", "bar") || ["nav", "style", "title"].includes(element.tagName);

const DESCEND = ["body", "div", "main", "header", "section", "figure"];

function walk(element: Element, tone: Tone): Block[] {
  return elementsIn(element).flatMap((child): Block[] => {
    if (skipped(child)) return [];
    const own = toneOf(child) ?? tone;
    if (has(child, "banner")) return [{ kind: "banner", tone: own, runs: runsIn(child, own) }];
    if (has(child, "top", "stamp")) return [{ kind: "text", runs: runsIn(child, own), quiet: true }];
    if (has(child, "keys")) return [{ kind: "keys", items: elementsIn(child).map((item) => runsIn(item, own)) }];
    const make = BLOCKS[child.tagName];
    if (make) return make(child, own);
    if (DESCEND.includes(child.tagName)) return walk(child, own);
    throw new Error(`a page has a <${child.tagName}> where a block is expected`);
  });
}

const BLOCKS: Readonly<Record<string, (element: Element, tone: Tone) => Block[]>> = {
  h1: (element, tone) => [
    {
      kind: "title",
      tone,
      verdict: textOf(descendants(element).find((one) => has(one, "verdict"))),
      text: textOf(descendants(element).find((one) => has(one, "title"))),
    },
  ],
  h2: (element) => [{ kind: "heading", level: 2, text: textOf(element) }],
  h3: (element) => [{ kind: "heading", level: 3, text: textOf(element) }],
  p: (element, tone) => [
    { kind: "text", runs: runsIn(element, tone), quiet: has(element, "note", "quiet", "sentence") },
  ],
  figcaption: (element, tone) => [{ kind: "text", runs: runsIn(element, tone), quiet: true }],
  footer: (element, tone) => [{ kind: "text", runs: runsIn(element, tone), quiet: true }],
  dl: (element, tone) => [
    {
      kind: "pairs",
      large: has(element, "figures", "counts"),
      items: elementsIn(element).map((pair) => ({
        term: textOf(elementsIn(pair).find(({ tagName }) => tagName === "dt")),
        values: elementsIn(pair)
          .filter(({ tagName }) => tagName === "dd")
          .map((value) => runsIn(value, toneOf(pair) ?? tone)),
      })),
    },
  ],
  table: (element, tone) => {
    const [head = [], ...rows] = descendants(element)
      .filter(({ tagName }) => tagName === "tr")
      .map(elementsIn);
    return [{ kind: "table", head: head.map(textOf), rows: rows.map((row) => row.map((cell) => runsIn(cell, tone))) }];
  },
  ul: (element, tone) => [{ kind: "list", items: elementsIn(element).map((item) => runsIn(item, tone)) }],
  ol: (element, tone) =>
    elementsIn(element).flatMap((item): Block[] => [
      { kind: "text", runs: runsIn(item, tone, ["pre"]), quiet: false },
      ...elementsIn(item)
        .filter(({ tagName }) => tagName === "pre")
        .map((pre): Block => ({ kind: "code", text: rawText(pre) })),
    ]),
  pre: (element) => [{ kind: "code", text: rawText(element) }],
  svg: (element) => [
    {
      kind: "plot",
      svg: serializeOuter(element),
      alt: descendants(element)
        .filter(({ tagName }) => tagName === "title" || tagName === "desc")
        .slice(0, 2)
        .map(textOf)
        .join(". "),
    },
  ],
};

const descendants = (element: Element): Element[] =>
  elementsIn(element).flatMap((child) => [child, ...descendants(child)]);

const rawText = (node: Node): string => {
  if (isElement(node)) return node.childNodes.map(rawText).join("");
  return "value" in node ? node.value : "";
};
const spaced = (text: string): string => text.replace(/\s+/g, " ");
const textOf = (element: Element | undefined): string => (element ? spaced(rawText(element)).trim() : "");

/** Text with its looks; a word that stands for a verdict keeps its tone. Space at its two ends is none of it. */
function runsIn(element: Element, tone: Tone, without: readonly string[] = []): Run[] {
  const runs = element.childNodes.flatMap((node) => runsOf(node, tone, without));
  const isSaid = ({ text, key }: Run): boolean => text.trim() !== "" || key !== undefined;
  const said = runs
    .slice(runs.findIndex(isSaid), runs.findLastIndex(isSaid) + 1)
    .filter(({ text, key }) => text !== "" || key);
  return said.map((run, i) => {
    const text = i === 0 ? run.text.trimStart() : run.text;
    return { ...run, text: i === said.length - 1 ? text.trimEnd() : text };
  });
}

const isInTop = ({ parentNode }: Element): boolean =>
  parentNode !== null && "tagName" in parentNode && has(parentNode, "top", "stamp");

function runsOf(node: Node, tone: Tone, without: readonly string[]): Run[] {
  if (!isElement(node)) return [{ text: spaced(rawText(node)) }];
  if (without.includes(node.tagName)) return [];
  const own = toneOf(node) ?? tone;
  if (node.tagName === "i") return [{ text: "", key: classesOf(node)[0]!.replace(/^k-/, "") }];
  if (node.tagName === "code") return [{ text: spaced(rawText(node)), mono: true }];
  const inner = node.childNodes.flatMap((child) => runsOf(child, own, without));
  if (node.tagName === "b") return [...inner.map((run): Run => ({ ...run, strong: true })), { text: " " }];
  if (has(node, "word")) return inner.map((run): Run => ({ ...run, strong: true, tone: own }));
  // Parts that a page sets apart by space or by line.
  const apart = has(node, "ids", "damage", "seen") || ["li", "div", "p"].includes(node.tagName) || isInTop(node);
  return apart ? [{ text: " " }, ...inner, { text: " " }] : inner;
}
