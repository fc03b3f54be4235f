/**
 * views/report.pdf: the page on paper, for portals that take no page. Set by Typst, tagged as PDF/UA-1 (ISO 14289-1), and the same
 * bytes for the same report: no time of making is in it, and no font of the machine.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { NodeCompiler } from "@myriaddreamin/typst-ts-node-compiler";
import { messageOf } from "../errors.ts";
import type { Report } from "../report.ts";
import { type Block, blocksOf, type Run } from "./blocks.ts";
import { shown } from "./escape.ts";
import { renderHtml } from "./html.ts";
import { LIGHT, plotCss } from "./theme.ts";

export function renderPdf(report: Report): Buffer {
  return pdfOf(renderHtml(report), {
    title: `${report.title} (${report.run})`,
    footer: `Blackstart, run ${report.run}, ${report.class} evidence`,
    watermark: report.class === "development" ? "DEVELOPMENT" : "",
  });
}

interface PdfFrame {
  readonly title: string;
  readonly footer: string;
  /** Across every page; empty for none. */
  readonly watermark: string;
}

/** A page of ours on paper. */
export function pdfOf(html: string, { title, footer, watermark }: PdfFrame): Buffer {
  const doc = {
    title: printable(title),
    footer: printable(footer),
    watermark,
    colours: { ...LIGHT, doubt: LIGHT.p50 },
    blocks: blocksOf(html).map(paperOf),
  };
  try {
    return compiler().pdf(
      { mainFileContent: TEMPLATE, inputs: { doc: JSON.stringify(doc) } },
      { pdfStandard: "ua-1", creationTimestamp: 0 },
    );
  } catch (thrown) {
    // What Typst throws is a list of diagnostics in a text.
    throw new Error(`Typst could not set the page: ${messageOf(thrown).slice(0, 1_000)}`, { cause: thrown });
  }
}

const TEMPLATE = readFileSync(new URL("report.typ", import.meta.url), "utf8");

/** The program is loaded when the first page is set: most commands set none. */
let made: NodeCompiler | undefined;
function compiler(): NodeCompiler {
  const { NodeCompiler: Compiler } = createRequire(import.meta.url)("@myriaddreamin/typst-ts-node-compiler") as {
    NodeCompiler: { create(args: { workspace: string }): NodeCompiler };
  };
  return (made ??= Compiler.create({ workspace: import.meta.dirname }));
}

/** What both fonts that come with Typst have; a character that cannot be drawn makes no PDF/UA. Everything else becomes an escape. */
const UNPRINTABLE =
  /[^\n\u0020-\u007e\u00a1-\u00ac\u00ae-\u017f\u0391-\u03a1\u03a3-\u03c9\u0410-\u044f\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u2192\u2212\u2264\u2265\u25cb\u25cf]/gu;

export const printable = (text: string): string =>
  text
    .split("\n")
    .map(shown)
    .join("\n")
    .replace(UNPRINTABLE, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);

const printed = (runs: readonly Run[]): Run[] => runs.map((run) => ({ ...run, text: printable(run.text) }));

/** A block as the template takes it. */
function paperOf(block: Block): object {
  switch (block.kind) {
    case "title":
      return { ...block, verdict: printable(block.verdict), text: printable(block.text) };
    case "heading":
      return { ...block, text: printable(block.text) };
    case "text":
    case "banner":
      return { ...block, runs: printed(block.runs) };
    case "list":
    case "keys":
      return { ...block, items: block.items.map(printed) };
    case "pairs":
      return {
        ...block,
        items: block.items.map(({ term, values }) => ({ term: printable(term), values: values.map(printed) })),
      };
    case "table":
      return {
        kind: "table",
        head: block.head.map(printable),
        widths: widthsOf(block),
        rows: block.rows.map((row) => row.map((runs) => ({ runs: printed(runs) }))),
      };
    case "code":
      return { kind: "code", lines: printable(block.text).split("\n") };
    case "plot":
      return { kind: "plot", svg: standalone(block.svg), alt: printable(block.alt) };
  }
}

const [LEAST, MOST] = [10, 50];

/** As wide as its longest text, within bounds: the rest is broken into lines. */
const widthsOf = ({ head, rows }: Extract<Block, { kind: "table" }>): number[] =>
  head.map((name, i) => {
    const longest = Math.max(
      name.length,
      ...rows.map((row) => (row[i] ?? []).reduce((sum, { text }) => sum + text.length, 0)),
    );
    return Math.min(MOST, Math.max(LEAST, longest));
  });

/** A plot of a page has the page's styles and colours; on paper it brings them along, with the paper's font. */
function standalone(svg: string): string {
  const css = plotCss
    .replace(/font-family:[^;}]+/g, "")
    .replace(/var\(--([a-z0-9]+)\)/g, (_, name: string) => LIGHT[name as keyof typeof LIGHT] ?? LIGHT.ink);
  const style = `<style>text{font-family:"Libertinus Serif"}${css}</style>`;
  return printable(svg.replace(/^<svg /, '<svg xmlns="http://www.w3.org/2000/svg" ').replace(">", `>${style}`));
}
