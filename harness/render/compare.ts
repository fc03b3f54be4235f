/** Two runs side by side: as a page, and for a terminal. */
import type { Comparison, ComparedTime, Difference, RunName } from "../compare.ts";
import type { Interval } from "../report.ts";
import { shown } from "./escape.ts";
import { code, type Markup, markup, table } from "./markup.ts";
import { htmlPage } from "./page.ts";
import { columns } from "./paint.ts";
import { pageCss, tokenCss } from "./theme.ts";
import { interval } from "./words.ts";

const ONE_RUN =
  "One run against one: it shows what differed, and proves no change. A gate with a baseline compares several by ranks.";
const OTHER = "The two ran different versions of the scenario, or different scenarios.";

export function compareHtml(comparison: Comparison): string {
  const { before, after, sameScenario, conditions, results, times } = comparison;
  const body = markup`<div class="page">
<div class="top"><span><b>Blackstart</b> comparison</span><span>${before.startedAt.slice(0, 10)} and ${after.startedAt.slice(0, 10)}</span></div>
<header class="lead"><h1><span class="title">${before.scenario === after.scenario ? after.scenario : `${before.scenario} and ${after.scenario}`}</span></h1>
<p class="sentence">${code(before.run)} against ${code(after.run)}. ${ONE_RUN}</p>
${!sameScenario && markup`<div class="banner tone-unknown"><p><b>Not the same drill</b>${OTHER}</p></div>`}</header>
<main>
<section><h2>What came of them</h2>${differencesOf(results, comparison, "Nothing that was judged or counted differs.")}</section>
<section><h2>Times</h2>${timesTable(times, comparison)}</section>
<section><h2>What was different before</h2>${differencesOf(conditions, comparison, "Scenario, settings, images, machine and harness are the same.")}</section>
</main>
<footer>Made from the two packs alone, each judged again from its raw files. This page is not signed.</footer>
</div>`;
  const title = `${before.run} against ${after.run}`;
  return htmlPage({ title, css: tokenCss + pageCss + CSS, classes: "tone-control", body });
}

const CSS = `.compared td:nth-child(1){min-width:11em}.compared td:nth-child(n+2){width:38%}`;

const heads = ({ before, after }: { before: RunName; after: RunName }): [string, string] => [
  `${before.run} (before)`,
  `${after.run} (after)`,
];

const differencesOf = (all: readonly Difference[], runs: Comparison, none: string): Markup =>
  all.length === 0
    ? markup`<p>${none}</p>`
    : table(
        "compared",
        ["what", ...heads(runs)],
        all.map(({ what, before, after }) => [what, before, after]),
      );

const timesTable = (times: readonly ComparedTime[], runs: Comparison): Markup =>
  table(
    "times",
    ["after the fault", ...heads(runs), ""],
    times.map(({ what, before, after, relation }) => [what, timeOf(before), timeOf(after), relation]),
  );

const timeOf = (value: Interval | null): string => (value ? interval(value) : "not measured");

export function compareText(comparison: Comparison): string {
  const { before, after, sameScenario, conditions, results, times } = comparison;
  const rows = (all: readonly Difference[]): string[] =>
    columns(all.map((one) => [shown(one.what), cut(one.before), "->", cut(one.after)])).map((line) => `  ${line}`);
  const section = (title: string, lines: readonly string[], none: string): string[] =>
    lines.length > 0 ? ["", title, ...lines] : ["", none];
  return `${[
    `${shown(before.run)} against ${shown(after.run)}`,
    ONE_RUN,
    ...(sameScenario ? [] : [OTHER]),
    ...section("What came of them:", rows(results), "Nothing that was judged or counted differs."),
    "",
    "Times:",
    ...columns(
      times.map((time) => [shown(time.what), timeOf(time.before), "->", timeOf(time.after), time.relation]),
    ).map((line) => `  ${line}`),
    ...section(
      "What was different before:",
      rows(conditions),
      "Scenario, settings, images, machine and harness are the same.",
    ),
  ]
    .map((line) => line.trimEnd())
    .join("\n")}\n`;
}

const CUT = 44;
const cut = (text: string): string => {
  const safe = shown(text);
  return safe.length > CUT ? `${safe.slice(0, CUT - 1)}…` : safe || "(none)";
};
