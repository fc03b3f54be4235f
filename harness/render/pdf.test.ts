import { describe, expect, test } from "vitest";
import { blocksOf } from "./blocks.ts";
import { renderHtml } from "./html.ts";
import { pdfOf, printable, renderPdf } from "./pdf.ts";
import { HOSTILE_MARKER, hostile, inconclusive, lossyControl, luckyPass, report, someUsers } from "./testing.ts";

const frame = { title: "t", footer: "f", watermark: "" };
const page = (body: string): string =>
  `<!doctype html>\n<html><body class="tone-pass"><div class="page">${body}</div></body></html>`;

describe("report.pdf", () => {
  test("is the same bytes for the same report, tagged as PDF/UA-1, and carries no time of making", () => {
    const [one, two] = [renderPdf(report()), renderPdf(report())];
    expect(one.equals(two)).toBe(true);
    const text = one.toString("latin1");
    expect(text.startsWith("%PDF-1.7")).toBe(true);
    expect(text).toContain("<pdfuaid:part>1</pdfuaid:part>");
    expect(text).toContain("/Lang (en)");
    expect(text).not.toMatch(/CreationDate|xmp:CreateDate/);
  });

  test("uses the fonts that come with Typst, and none of this machine", () => {
    const fonts = new Set(
      [
        ...renderPdf(report())
          .toString("latin1")
          .matchAll(/\/FontName \/[A-Z]+\+(\w+)/g),
      ].map(([, name]) => name),
    );
    expect(fonts).toEqual(new Set(["DejaVuSansMono", "LibertinusSerif"]));
  });

  test.each([
    ["a lucky pass", luckyPass()],
    ["a lossy control", lossyControl()],
    ["an inconclusive drill", inconclusive()],
    ["an outage as users saw it", report({ users: someUsers })],
    ["hostile text", hostile()],
  ])("can be set for %s", (_what, judged) => expect(renderPdf(judged).length).toBeGreaterThan(20_000));
});

describe("what is printed", () => {
  test("can be drawn by both fonts, every single character", () => {
    const all = Array.from({ length: 0x2600 }, (_, i) => String.fromCodePoint(i)).filter(
      (c) => printable(c) === c && c.trim() !== "" && !/[<>&]/.test(c),
    );
    expect(all.length).toBeGreaterThan(400);
    const text = all.join(" ");
    expect(
      pdfOf(
        page(`<h1><span class="title">t</span></h1><p>${text}</p><p><code>${text}</code></p><pre>${text}</pre>`),
        frame,
      ).length,
    ).toBeGreaterThan(0);
  });

  test("is text and never code, and what cannot be drawn is an escape", () => {
    expect(printable("漢\u{1f600}\u0000\u202e")).toBe("\\u{6f22}\\u{1f600}\\u0000\\u202e");
    const blocks = JSON.stringify(blocksOf(renderHtml(report({ title: `${HOSTILE_MARKER} #emph[x] $x$` }))));
    expect(blocks).toContain(`${HOSTILE_MARKER} #emph[x] $x$`);
  });
});

describe("the blocks of a page", () => {
  test("keep the words and the looks of text, tables, pairs and lists", () => {
    const html = page(
      `<section><h2>Data</h2><p class="note">a <code>b</code> <span class="tone-fail"><span class="word">fail</span></span></p>` +
        `<table><thead><tr><th>x</th></tr></thead><tbody><tr><td><div>1 of <b>2</b></div></td></tr></tbody></table>` +
        `<dl class="grid"><div><dt>k</dt><dd>v</dd></div></dl><ul><li>one</li></ul></section>`,
    );
    expect(blocksOf(html)).toEqual([
      { kind: "heading", level: 2, text: "Data" },
      {
        kind: "text",
        quiet: true,
        runs: [{ text: "a " }, { text: "b", mono: true }, { text: " " }, { text: "fail", strong: true, tone: "fail" }],
      },
      { kind: "table", head: ["x"], rows: [[[{ text: "1 of " }, { text: "2", strong: true }]]] },
      { kind: "pairs", large: false, items: [{ term: "k", values: [[{ text: "v" }]] }] },
      { kind: "list", items: [[{ text: "one" }]] },
    ]);
  });

  test("an element that no template of ours has is a defect", () => {
    expect(() => blocksOf(page("<marquee>x</marquee>"))).toThrow("a page has a <marquee> where a block is expected");
  });

  test("the narrow drawings and what is of no use on paper are left out", () => {
    const blocks = blocksOf(renderHtml(report()));
    expect(blocks.filter(({ kind }) => kind === "plot")).toHaveLength(2);
    expect(JSON.stringify(blocks)).not.toContain('"Contents"');
  });
});
