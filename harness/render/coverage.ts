/** The catalogue and what was drilled of it: as a page, and in a few lines for a terminal. */
import type { Coverage, CoverageRow, CoverageState, Way } from "../coverage.ts";
import { counted, grouped } from "../text.ts";
import { shown } from "./escape.ts";
import { type Markup, markup, pairs, table } from "./markup.ts";
import { htmlPage } from "./page.ts";
import { columns } from "./paint.ts";
import { pageCss, tokenCss } from "./theme.ts";
import type { Tone } from "./words.ts";

const TONES: Readonly<Record<CoverageState, Tone>> = {
  drilled: "pass",
  "not as declared": "fail",
  "not drilled": "unknown",
  "never filed": "unknown",
};
const STATES = Object.keys(TONES) as CoverageState[];

const of = ({ rows }: Coverage, state: CoverageState): CoverageRow[] => rows.filter((row) => row.state === state);

export function coverageHtml(coverage: Coverage): string {
  const { rows, now, days, unknown } = coverage;
  const drilled = of(coverage, "drilled").length;
  const tone: Tone = of(coverage, "not as declared").length > 0 ? "fail" : drilled === rows.length ? "pass" : "unknown";
  const groups = [...Map.groupBy(rows, ({ group }) => group)];
  const body = markup`<div class="page">
<div class="top"><span><b>Blackstart</b> coverage</span><span>${counted(days, "day")} until ${now.slice(0, 16).replace("T", " ")} UTC</span></div>
<header class="lead"><h1><span class="verdict">${grouped(drilled)} of ${grouped(rows.length)}</span><span class="title">cases of the catalogue were drilled within ${counted(days, "day")} and ended as declared</span></h1>
${pairs(
  "grid counts",
  STATES.map((state) => [state, grouped(of(coverage, state).length)] as const),
)}</header>
<main>
${groups.map(([group, own]) => markup`<section><h2>${group}</h2>\n${groupTable(own)}\n</section>\n`)}</main>
${unknown.length > 0 && markup`<p>Not in the catalogue: ${unknown.map(({ id, scenario }) => `${id} of ${scenario}`).join(", ")}.</p>`}
<footer>Not as declared: drills were begun and none ended as its scenario declares. Not drilled: a scenario stands for it and nobody ran it. Never filed: no scenario stands for it. Counted from the run ledger and from packs that verify under the keys that were given. This page is not signed.</footer>
</div>`;
  return htmlPage({
    title: `${drilled} of ${rows.length} drilled`,
    css: tokenCss + pageCss + CSS,
    classes: `tone-${tone}`,
    body,
  });
}

const CSS = `
h1 .verdict{font-size:clamp(38px,6.4vw,72px)}
.catalogue td:nth-child(1),.catalogue td:nth-child(3),.catalogue td:nth-child(4){white-space:nowrap}
.catalogue td:nth-child(2){min-width:15em}
.ways{margin:0;padding:0;list-style:none}
`;

const groupTable = (rows: readonly CoverageRow[]): Markup =>
  table(
    "catalogue",
    ["id", "case", "state", "last", "drills", "fault, phase, durability"],
    rows.map((row) => [
      row.id,
      row.title,
      markup`<span class="tone-${TONES[row.state]}"><span class="word">${row.state}</span></span>`,
      row.last?.slice(0, 10),
      row.begun > 0 && `${grouped(row.asDeclared)} of ${grouped(row.begun)}`,
      row.ways.length > 0 && markup`<ul class="ways">${row.ways.map((way) => markup`<li>${wayWords(way)}</li>`)}</ul>`,
    ]),
  );

const wayWords = ({ faults, phase, durability, drills }: Way): string =>
  `${faults}, ${phase}, ${durability === "guaranteed" ? "zero loss guaranteed" : "settings permit loss"}: ${grouped(drills)}`;

export function coverageText(coverage: Coverage): string {
  const { rows, days, unknown } = coverage;
  const lines = [
    `${grouped(of(coverage, "drilled").length)} of ${grouped(rows.length)} cases of the catalogue were drilled within ${counted(days, "day")} and ended as declared`,
    "",
    ...columns([
      ["id", "state", "drills", "last", "case"],
      ...rows.map((row) => [
        row.id,
        row.state,
        row.begun > 0 ? `${grouped(row.asDeclared)} of ${grouped(row.begun)}` : "",
        row.last?.slice(0, 10) ?? "",
        shown(row.title),
      ]),
    ]),
    ...unknown.map(({ id, scenario }) => `not in the catalogue: ${shown(id)} of ${shown(scenario)}`),
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}
