/** Every run of one scenario over time, those without a result among them: as a page with a plot, and for a terminal. */
import type { PeriodRun } from "../period.ts";
import { claimFor, lossClaim } from "../statistics.ts";
import { counted, grouped } from "../text.ts";
import { EXIT } from "../verdict.ts";
import { shown } from "./escape.ts";
import { code, type Markup, markup, table } from "./markup.ts";
import { htmlPage } from "./page.ts";
import { columns } from "./paint.ts";
import { coordinate, linear, ticks, tickTime, TIME_STEPS } from "./plot.ts";
import { pageCss, plotCss, tokenCss } from "./theme.ts";
import { interval, type Tone } from "./words.ts";

export interface Trend {
  readonly scenario: string;
  /** Oldest first. */
  readonly runs: readonly PeriodRun[];
}

/** What came of a run, in a word. */
function wordOf({ end, report, gap, exitCode }: PeriodRun): { word: string; tone: Tone } {
  if (gap !== null) return { word: "no pack", tone: "unknown" };
  if (report === null) return { word: end, tone: "unknown" };
  if (report.expect === "fail")
    return exitCode === EXIT.met
      ? { word: "failed as declared", tone: "control" }
      : { word: "not as declared", tone: "fail" };
  if (report.verdict === "pass" && report.luckyPass) return { word: "lucky pass", tone: "lucky" };
  return { word: report.verdict, tone: report.verdict };
}

const recoveryOf = ({ report }: PeriodRun): string =>
  report?.recoveryTime ? interval(report.recoveryTime) : report ? "not measured" : "";
const lostOf = ({ report }: PeriodRun): string =>
  report ? `${grouped(report.lost.count)} of ${grouped(report.operations.acknowledged)}` : "";

/** Of all runs: one that was not measured, or has no pack, counts as over. */
function claims(runs: readonly PeriodRun[]): string[] {
  const within = runs.filter(
    ({ report }) => report?.recoveryTime && report.recoveryTime.upperMs < report.recoveryTime.objectiveMs,
  );
  const clean = runs.filter(({ report }) => report && report.lost.count === 0 && report.verdict !== "unknown");
  return [
    `Within the objective: ${claimFor(runs.length, runs.length - within.length).supported}`,
    lossClaim(runs.length, runs.length - clean.length),
  ];
}

export function trendHtml({ scenario, runs }: Trend): string {
  const versions = new Set(runs.map(({ scenarioSha256 }) => scenarioSha256)).size;
  const plots = [
    ["wide", 860],
    ["middle", 560],
    ["narrow", 340],
  ] as const;
  const body = markup`<div class="page">
<div class="top"><span><b>Blackstart</b> trend</span><span>${runs[0]?.wall.slice(0, 10)} to ${runs.at(-1)?.wall.slice(0, 10)}</span></div>
<header class="lead"><h1><span class="title">${scenario}: ${counted(runs.length, "run")}</span></h1>
<p class="sentence">Every run of the ledger, those that were aborted or crashed among them.${versions > 1 && ` The scenario had ${versions} versions; runs of different ones are not the same drill.`}</p></header>
<main>
<section><h2>Recovery time</h2><figure>${plots.map(([name, width]) => markup`<div class="${name}">${plot(runs, width)}</div>`)}
<figcaption>From one run to the next. A bar is the interval in which the recovery time lies; a cross is a run without one.</figcaption></figure>
${claims(runs).map((text) => markup`<p>${text}</p>`)}</section>
<section><h2>Runs</h2>${runsTable(runs)}</section>
</main>
<footer>Counted from the run ledger and from packs that verify under the keys that were given. This page is not signed.</footer>
</div>`;
  return htmlPage({
    title: `Trend of ${scenario}`,
    css: tokenCss + plotCss + pageCss + CSS,
    classes: "tone-control",
    body,
  });
}

const CSS = `
.plot .took{stroke:var(--p50);stroke-width:5;stroke-linecap:round}
.plot .took.fail{stroke:var(--fail)}
.plot .none{stroke:var(--fail);stroke-width:2}
`;

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [230, 62, 12, 12, 26] as const;

function plot(runs: readonly PeriodRun[], width: number): Markup {
  const times = runs.flatMap(({ report }) => (report?.recoveryTime ? [report.recoveryTime] : []));
  const mostMs = Math.max(1, ...times.map(({ upperMs }) => upperMs)) * 1.1;
  const up = linear([0, mostMs], [HEIGHT - BOTTOM, TOP]);
  const across = linear([0, runs.length], [LEFT, width - RIGHT]);
  const rows = ticks([0, mostMs], 5, TIME_STEPS).map(
    (ms) =>
      markup`<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${coordinate(up(ms))}" y2="${coordinate(up(ms))}"/><text class="axis" x="${LEFT - 7}" y="${coordinate(up(ms) + 4)}" text-anchor="end">${tickTime(ms)}</text>`,
  );
  const marks = runs.map((run, i) => {
    const x = coordinate(across(i + 0.5));
    const title = markup`<title>${run.run}: ${wordOf(run).word} ${recoveryOf(run)}</title>`;
    const time = run.report?.recoveryTime;
    if (!time) {
      const y = HEIGHT - BOTTOM - 9;
      return markup`<path class="none" d="M${coordinate(across(i + 0.5) - 4)} ${y - 4}l8 8m0 -8l-8 8">${title}</path>`;
    }
    const bad = run.exitCode !== EXIT.met;
    return markup`<line class="took${bad && " fail"}" x1="${x}" x2="${x}" y1="${coordinate(up(time.lowerMs))}" y2="${coordinate(up(time.upperMs))}">${title}</line>`;
  });
  return markup`<svg class="plot" role="img" viewBox="0 0 ${width} ${HEIGHT}" aria-label="Recovery time of each run">
${rows}<line class="base" x1="${LEFT}" x2="${width - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>
<text class="axis" x="${LEFT}" y="${HEIGHT - 8}">${runs[0]?.wall.slice(0, 10)}</text><text class="axis" x="${width - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${runs.at(-1)?.wall.slice(0, 10)}</text>
${marks}
</svg>`;
}

const runsTable = (runs: readonly PeriodRun[]): Markup =>
  table(
    "runs",
    ["begun", "verdict", "recovery time", "lost", "class", "run"],
    runs.toReversed().map((run) => {
      const { word, tone } = wordOf(run);
      return [
        run.wall.slice(0, 16).replace("T", " "),
        markup`<span class="tone-${tone}"><span class="word">${word}</span></span>`,
        recoveryOf(run),
        lostOf(run),
        run.report?.class,
        markup`${code(run.run)}${run.gap !== null && `: ${run.gap}`}`,
      ];
    }),
  );

export function trendText({ scenario, runs }: Trend): string {
  const rows = runs.map((run) => [
    run.wall.slice(0, 16).replace("T", " "),
    wordOf(run).word,
    recoveryOf(run),
    lostOf(run),
    shown(run.gap === null ? run.run : `${run.run}: ${run.gap}`),
  ]);
  const lines = [
    `${shown(scenario)}, ${counted(runs.length, "run")}`,
    "",
    ...columns([["begun", "verdict", "recovery time", "lost", "run"], ...rows]),
    "",
    ...claims(runs),
  ];
  return `${lines.map((line) => `  ${line}`.trimEnd()).join("\n")}\n`;
}
