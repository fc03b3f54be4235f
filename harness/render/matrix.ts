/** One page over the catalogue: for each scenario, which detectors noticed and which stayed silent. */
import { type DetectorRow, LEDGER, type Report, SERVER } from "../report.ts";
import { counted, grouped } from "../text.ts";
import { byDetector, seenMark, seenSign, seenWord } from "./detectors.ts";
import { shown } from "./escape.ts";
import { code, type Markup, markup, table } from "./markup.ts";
import { htmlPage } from "./page.ts";
import { columns } from "./paint.ts";
import { pageCss, tokenCss } from "./theme.ts";
import { interval, stamp } from "./words.ts";

/** A drill that counts for its scenario. */
export interface Counted {
  readonly report: Report;
  /** Whether its pack holds under a key that the reader trusts; null where none was given, so that no signature was checked. */
  readonly verified: true | null;
}

/** A drill that does not, and why. */
export interface LeftOut {
  readonly run: string;
  readonly why: string;
}

export interface Matrix {
  readonly schema: "blackstart/detectors/v1";
  readonly detectors: readonly DetectorCount[];
  readonly scenarios: readonly MatrixRow[];
  readonly leftOut: readonly LeftOut[];
}

interface DetectorCount {
  readonly detector: string;
  readonly noticed: number;
  readonly silent: number;
  readonly notRun: number;
  /** Silent in a drill in which the ledger shows that something is wrong. */
  readonly missed: number;
}

interface MatrixRow {
  readonly covers: readonly string[];
  readonly scenario: string;
  readonly title: string;
  readonly damage: readonly string[];
  readonly verdict: string;
  readonly tone: string;
  readonly lost: number;
  readonly acknowledged: number;
  readonly run: string;
  readonly startedAt: string;
  readonly verified: true | null;
  readonly seen: Readonly<Record<string, Pick<DetectorRow, "noticed" | "after" | "tookMs" | "detail">>>;
}

export function matrixOf(judged: readonly Counted[], leftOut: readonly LeftOut[]): Matrix {
  const scenarios = judged.map(rowOf).toSorted(byCatalogue);
  const names = [...new Set(judged.flatMap(({ report }) => report.inspection?.rows.map((row) => row.detector) ?? []))];
  const count = (detector: string, noticed: DetectorRow["noticed"], among = scenarios): number =>
    among.filter((row) => seenBy(row, detector)?.noticed === noticed).length;
  const wrong = scenarios.filter((row) => seenBy(row, LEDGER)?.noticed === "yes");
  return {
    schema: "blackstart/detectors/v1",
    detectors: names.toSorted(asListed).map((detector) => ({
      detector,
      noticed: count(detector, "yes"),
      silent: count(detector, "no"),
      notRun: count(detector, "not-run"),
      missed: count(detector, "no", wrong),
    })),
    scenarios,
    leftOut,
  };
}

function rowOf({ report, verified }: Counted): MatrixRow {
  const { word, tone } = stamp(report);
  return {
    covers: report.covers,
    scenario: report.scenario,
    title: report.title,
    damage: report.steps.flatMap(({ does, target }) =>
      does.startsWith("fault ") ? [`${does.slice("fault ".length)} of ${target}`] : [],
    ),
    verdict: word,
    tone,
    lost: report.lost.count,
    acknowledged: report.operations.acknowledged,
    run: report.run,
    startedAt: report.startedAt,
    verified,
    seen: Object.fromEntries(
      byDetector(report.inspection?.rows ?? []).map(({ detector, noticed, after, tookMs, detail }) => [
        detector,
        { noticed, after, tookMs, detail },
      ]),
    ),
  };
}

/** The names come out of packs: one that every object has anyway, such as `constructor`, is none of the row's. */
const seenBy = ({ seen }: MatrixRow, detector: string): MatrixRow["seen"][string] | undefined =>
  Object.hasOwn(seen, detector) ? seen[detector] : undefined;

/** What needs no tool first, then by name. */
const FIRST: readonly string[] = [LEDGER, SERVER];
const place = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
const asListed = (a: string, b: string): number => place(a) - place(b) || a.localeCompare(b, "en");

/** A1, A2, A10, B1; what covers nothing comes last. */
const byCatalogue = (a: MatrixRow, b: MatrixRow): number =>
  Number(a.covers.length === 0) - Number(b.covers.length === 0) ||
  (a.covers[0] ?? "").localeCompare(b.covers[0] ?? "", "en", { numeric: true }) ||
  a.scenario.localeCompare(b.scenario, "en", { numeric: true });

const LEGEND = "● noticed   ○ looked and stayed silent   – could not look   (nothing: not part of that drill)";

const NOT_SIGNED =
  "No public key was given, so no signature was checked: only that the files of each pack are those that its own statement names, with the digests that it gives. Anybody can make such a pack.";

/** What a team hears from a tool that it relies on, when something is gone. */
const MISSED = "silent though the ledger noticed";

/** The columns have numbers, and the list below says whose they are and how often each noticed. */
export function matrixText({ detectors, scenarios, leftOut }: Matrix): string {
  const matrix = [
    ["catalogue", "scenario", "verdict", "lost", ...detectors.map((_, i) => String(i + 1)), ""],
    ...scenarios.map((row) => [
      shown(row.covers.join(" ")),
      shown(row.scenario),
      row.verdict,
      grouped(row.lost),
      ...detectors.map(({ detector }) => seenSign(seenBy(row, detector)?.noticed)),
      row.verified === null ? "" : "verified",
    ]),
  ];
  const counts = [
    ["", "detector", "noticed", "silent", "not run", MISSED],
    ...detectors.map((one, i) => [
      String(i + 1),
      shown(one.detector),
      ...[one.noticed, one.silent, one.notRun, one.missed].map(grouped),
    ]),
  ];
  const unpinned = scenarios.some(({ verified }) => verified === null) ? [NOT_SIGNED] : [];
  const others = leftOut.map(({ run, why }) => `left out: ${shown(run)}: ${shown(why)}`);
  const blocks = [columns(matrix), columns(counts), [LEGEND, ...unpinned], others];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

export function matrixHtml(matrix: Matrix): string {
  const { detectors, scenarios, leftOut } = matrix;
  const body = markup`<div class="page">
<div class="top"><span><b>Blackstart</b> detectors over the catalogue</span><span>${span(scenarios)}</span></div>
<header class="lead"><h1><span class="title">What notices what</span></h1>
<p class="sentence">Each scenario damages or loses something in a system that is being written to, recovers it, and then asks every detector. A row is the newest drill of its scenario that was not left out.</p></header>
<main>
${matrixTable(matrix)}
<h2>How often each noticed</h2>
${countsTable(matrix)}
<p class="note">Silent: it looked and found nothing. In a drill that lost something this is what a team would have heard from it; in one that lost nothing there may have been nothing to find. Not run: it could not look. An empty cell: it was no part of that drill. ${signedBy(scenarios)}</p>
${
  leftOut.length > 0 &&
  markup`<h2>Left out</h2>${table(
    "left",
    ["run", "why"],
    leftOut.map(({ run, why }) => [code(run), why]),
  )}`
}
</main>
<footer>Made from the packs alone: each was judged again from its raw files. An objective is what was asked for, an actual is what was measured.</footer>
</div>`;
  return htmlPage({
    title: `What notices what: ${counted(scenarios.length, "scenario")}, ${counted(detectors.length, "detector")}`,
    css: tokenCss + pageCss + CSS,
    classes: "tone-control",
    body,
  });
}

function span(scenarios: readonly MatrixRow[]): string {
  const days = scenarios.map(({ startedAt }) => startedAt.slice(0, 10)).toSorted();
  const [first, last] = [days[0] ?? "", days.at(-1) ?? ""];
  return first === last ? first : `${first} to ${last}`;
}

function signedBy(scenarios: readonly MatrixRow[]): string {
  return scenarios.some(({ verified }) => verified === null)
    ? NOT_SIGNED
    : "Every pack verifies under a key that was given.";
}

const matrixTable = ({ detectors, scenarios }: Matrix): Markup =>
  table(
    "matrix",
    ["catalogue", "scenario", "verdict", "lost", ...detectors.map(({ detector }) => detector)],
    scenarios.map((row) => [
      row.covers.join(" "),
      markup`<b>${row.scenario}</b><span class="damage">${row.damage.join(", then ") || "nothing was broken"}</span>`,
      markup`<span class="tone-${row.tone}"><span class="word">${row.verdict}</span></span>`,
      markup`${grouped(row.lost)} <span class="quiet">of ${grouped(row.acknowledged)}</span>`,
      ...detectors.map(({ detector }) => cell(seenBy(row, detector))),
    ]),
  );

/** What it found stands in the title, and how long after the fault. */
function cell(seen: MatrixRow["seen"][string] | undefined): Markup | null {
  if (!seen) return null;
  const when = seen.after ? `${interval(seen.after)} after the fault: ` : "";
  return markup`<span title="${when}${seen.detail}">${seenMark(seen.noticed)}</span>`;
}

const countsTable = ({ detectors }: Matrix): Markup =>
  table(
    "counts",
    ["detector", seenWord("yes"), seenWord("no"), seenWord("not-run"), MISSED],
    detectors.map(({ detector, noticed, silent, notRun, missed }) => [
      detector,
      ...[noticed, silent, notRun, missed].map(grouped),
    ]),
  );

const CSS = `
.page{max-width:1560px}
h1 .title{font-size:clamp(30px,4.4vw,52px);letter-spacing:-.03em}
h2{font-size:19px;margin:34px 0 10px}
.matrix{font-size:12.5px}
.matrix td,.matrix th{padding-right:10px}
.matrix td:nth-child(1){white-space:nowrap;color:var(--muted)}
.matrix td:nth-child(2){min-width:17em}
.damage{display:block;color:var(--muted)}
.counts{width:auto}
.counts td:nth-child(n+2){text-align:right}
@media (min-width:641px){
.matrix th{position:sticky;top:0;background:var(--paper);z-index:1}
.matrix th:nth-child(n+5){writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;vertical-align:top;padding:6px 0 0;white-space:nowrap}
}
@media (max-width:640px){
.counts td{text-align:left!important}
.matrix td,.counts td{grid-template-columns:9.6em minmax(0,1fr)}
.matrix td:nth-child(1),.matrix td:nth-child(2){display:block}
.matrix td:nth-child(1)::before,.matrix td:nth-child(2)::before{content:none}
}
@media print{@page{size:landscape}.matrix th{position:static}}
`;
