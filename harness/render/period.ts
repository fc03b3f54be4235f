/** The report over a month or a quarter: a page, a table for spreadsheets, and a few lines for a terminal. */
import type { Budget, Period, PeriodFinding, PeriodRun, ScenarioRow } from "../period.ts";
import { grouped } from "../text.ts";
import { csv } from "./csv.ts";
import { shown } from "./escape.ts";
import { code, type Markup, markup, pairs, table } from "./markup.ts";
import { columns } from "./paint.ts";
import { pdfOf } from "./pdf.ts";
import { htmlPage } from "./page.ts";
import { pageCss, tokenCss } from "./theme.ts";
import { objective, printed, type Tone } from "./words.ts";

interface Headline {
  readonly tone: Tone;
  readonly word: string;
  readonly meaning: string;
}

const openOf = ({ findings }: Period): PeriodFinding[] => findings.filter(({ closedBy }) => closedBy === null);
const blanks = ({ scenarios }: Period): ScenarioRow[] => scenarios.filter(({ asDeclared }) => asDeclared === 0);

/** What was not proven is never called good: an open finding outranks a gap, and a gap a blank. */
function headline(period: Period): Headline {
  const { population, gaps } = period;
  const [open, blank] = [openOf(period).length, blanks(period).length];
  if (population.begun === 0)
    return {
      tone: "unknown",
      word: "No drill",
      meaning: "No run was begun in this time, so it is evidence of nothing.",
    };
  if (open > 0)
    return {
      tone: "fail",
      word: open === 1 ? "1 open finding" : `${grouped(open)} open findings`,
      meaning: "Runs that did not end as their scenario declares, and no later run of the scenario that did.",
    };
  if (gaps.length > 0)
    return {
      tone: "unknown",
      word: "Gaps",
      meaning: "Runs of which no pack can be believed: nothing is known of them.",
    };
  if (blank > 0)
    return {
      tone: "unknown",
      word: blank === 1 ? "1 blank" : `${grouped(blank)} blanks`,
      meaning: "Every run is accounted for and every finding closed; some scenarios were never drilled.",
    };
  return {
    tone: "pass",
    word: "Complete",
    meaning: "Every run is accounted for, every finding closed, every scenario drilled.",
  };
}

export function periodHtml(period: Period): string {
  const { span, madeAt, population, findings } = period;
  const { tone, word, meaning } = headline(period);
  const drilled = period.scenarios.filter(({ runs }) => runs > 0).length;
  const sections: readonly (readonly [string, Markup | null])[] = [
    ["Population", populationOf(period)],
    ["Uptime budget", budgetOf(period)],
    ["Findings", findings.length > 0 ? findingsOf(period) : markup`<p>Every run ended as its scenario declares.</p>`],
    ["Gaps", period.gaps.length > 0 ? gapsOf(period) : null],
    ["Recovery times", recoveryOf(period)],
    ["Coverage", coverageOf(period)],
  ];
  const body = markup`<div class="page">
<div class="top"><span><b>Blackstart</b> period report</span><span>${span.from} to ${dayBefore(span.to)}, made ${madeAt.slice(0, 16).replace("T", " ")} UTC</span></div>
<header class="lead"><h1><span class="verdict">${word}</span><span class="title">Disaster-recovery drills of ${span.name}: ${grouped(population.begun)} runs of ${grouped(drilled)} scenarios</span></h1>
<p class="sentence">${meaning}</p></header>
<main>
${sections.map(([name, content]) => content && markup`<section><h2>${name}</h2>\n${content}\n</section>\n`)}</main>
<footer>Container lab, not production: it proves mechanism and configuration. Made from the run ledger and the packs of its runs, each verified under a key that was given; signed in ${code("period.sigstore.json")}, which ${code("blackstart verify")} checks. An objective is what was asked for, an actual is what was measured.</footer>
</div>`;
  return htmlPage({
    title: `${word}: drills of ${span.name}`,
    css: tokenCss + pageCss + CSS,
    classes: `tone-${tone}`,
    body,
  });
}

const CSS = `
h1 .verdict{font-size:clamp(38px,6.4vw,72px)}
.coverage td:nth-child(n+3){text-align:right;white-space:nowrap}
.coverage .blank{color:var(--unknown);font-weight:650}
.coverage th{white-space:nowrap}
.coverage td:nth-child(1){min-width:16em}
.coverage .ids{display:block;color:var(--muted)}
@media (max-width:640px){.coverage td:nth-child(n+3){text-align:left}}
`;

const dayBefore = (day: string): string => new Date(Date.parse(day) - 1).toISOString().slice(0, 10);

function populationOf({ population, verdicts, classes }: Period): Markup {
  const { begun, result, aborted, crashed, void: voided, open, gaps } = population;
  return markup`${pairs("grid counts", [
    ["begun", grouped(begun)],
    ["came to a result", grouped(result)],
    ["aborted", grouped(aborted)],
    ["crashed", grouped(crashed)],
    ["void", grouped(voided)],
    ["still open", grouped(open)],
    ["without a pack", grouped(gaps)],
  ])}
<p>Of the reports that can be believed ${grouped(verdicts.pass)} say pass, ${grouped(verdicts.fail)} fail, lossy controls among them, and ${grouped(verdicts.unknown)} unknown. ${grouped(classes.attested)} are attested evidence, ${grouped(classes.development)} are development runs.</p>
<p class="note">Every run is entered in the ledger before anything breaks, and ends in it once. Nothing is left out: a run that crashed, was aborted or has lost its pack counts here like any other.</p>`;
}

function budgetOf({ budget }: Period): Markup {
  if (!budget)
    return markup`<p>No drill that must not lose anything had a recovery time, so no budget can be held against it.</p>`;
  return markup`<p>${budgetWords(budget)}</p>
<p class="note">Drilled recovery times are no outages of production, and say nothing of how often one happens.</p>`;
}

const budgetWords = ({ uptime, allowedMs, worstMs, worstScenario, incidents }: Budget): string =>
  `${uptime * 100} % uptime leaves ${printed(allowedMs)} for this time. The longest recovery in a drill that may lose nothing took at most ${printed(worstMs)} (${worstScenario}): ${incidents === 0 ? "not even one such outage fits" : `${grouped(incidents)} such ${incidents === 1 ? "outage fits" : "outages fit"}`}.`;

const findingsOf = ({ findings }: Period): Markup =>
  table(
    "findings",
    ["state", "scenario", "run", "what", "retest"],
    findings
      .toSorted((a, b) => Number(a.closedBy !== null) - Number(b.closedBy !== null))
      .map(({ run, scenario, what, closedBy }) => [
        closedBy
          ? markup`<span class="tone-pass"><span class="word">closed</span></span>`
          : markup`<span class="tone-fail"><span class="word">open</span></span>`,
        scenario,
        code(run),
        what,
        closedBy && markup`${code(closedBy.run)}${!closedBy.sameScenario && ", with the scenario changed since"}`,
      ]),
  );

const gapsOf = ({ gaps }: Period): Markup =>
  table(
    "gaps",
    ["run", "scenario", "why nothing is known"],
    gaps.map(({ run, scenario, why }) => [code(run), scenario, why]),
  );

const recoveryOf = ({ scenarios }: Period): Markup =>
  table(
    "recovery",
    ["scenario", "n", "objective", "median", "worst", "what n supports", "lost"],
    scenarios
      .filter(({ recovery }) => recovery !== null)
      .toSorted((a, b) => b.recovery!.worstMs - a.recovery!.worstMs)
      .map(({ scenario, control, recovery, runs, lost }) => [
        markup`${scenario}${control && markup` <span class="quiet">lossy control</span>`}`,
        recovery!.measured === runs ? String(runs) : `${recovery!.measured} of ${runs} measured`,
        objective(recovery!.objectiveMs),
        printed(recovery!.medianMs),
        printed(recovery!.worstMs),
        recovery!.claim,
        lost && `${grouped(lost.count)} of ${grouped(lost.acknowledged)}`,
      ]),
  );

function coverageOf({ scenarios, months, madeAt }: Period): Markup {
  const isToCome = (month: string): boolean => month > madeAt.slice(0, 7);
  return markup`<p class="note">Runs that ended as declared, of those that were begun. A blank is a scenario that was not drilled in that month.</p>${table(
    "coverage",
    ["scenario", "in all", ...months],
    scenarios.map((row) => [
      markup`<b>${row.scenario}</b><span class="ids">${row.covers.join(" ")} ${row.title}</span>`,
      share(row.asDeclared, row.runs),
      ...row.months.map(({ month, runs, asDeclared }) =>
        runs === 0 && isToCome(month) ? markup`<span class="quiet">to come</span>` : share(asDeclared, runs),
      ),
    ]),
  )}`;
}

function share(asDeclared: number, runs: number): Markup {
  if (runs === 0) return markup`<span class="blank">blank</span>`;
  if (asDeclared === runs) return markup`${grouped(runs)}`;
  return markup`<span class="tone-fail"><span class="word">${grouped(asDeclared)} of ${grouped(runs)}</span></span>`;
}

/** The page on paper. */
export const periodPdf = (period: Period): Buffer =>
  pdfOf(periodHtml(period), {
    title: `Drills of ${period.span.name}`,
    footer: `Blackstart, period report of ${period.span.name}, made ${period.madeAt}`,
    watermark: period.classes.development > 0 ? "DEVELOPMENT" : "",
  });

/** One row a run, in the order of the ledger. */
export function periodCsv(runs: readonly PeriodRun[]): string {
  const head = [
    "run",
    "scenario",
    "begun",
    "end",
    "exit_code",
    "verdict",
    "class",
    "recovery_lower_ms",
    "recovery_upper_ms",
    "lost",
    "acknowledged",
    "report_sha256",
    "gap",
  ];
  return csv([
    head,
    ...runs.map(({ run, scenario, wall, end, exitCode, report, bundleSha256, gap }) => [
      run,
      scenario,
      wall,
      end,
      exitCode,
      report?.verdict ?? null,
      report?.class ?? null,
      report?.recoveryTime?.lowerMs ?? null,
      report?.recoveryTime?.upperMs ?? null,
      report?.lost.count ?? null,
      report?.operations.acknowledged ?? null,
      bundleSha256,
      gap,
    ]),
  ]);
}

export function periodText(period: Period): string {
  const { span, population, scenarios, budget } = period;
  const { word, meaning } = headline(period);
  const rows = scenarios
    .filter(({ runs }) => runs > 0)
    .map(({ scenario, runs, asDeclared, recovery }) => [
      shown(scenario),
      `${grouped(asDeclared)} of ${grouped(runs)}`,
      recovery ? printed(recovery.medianMs) : "",
      recovery ? printed(recovery.worstMs) : "",
      recovery?.claim ?? "",
    ]);
  const open = openOf(period).map(
    ({ run, scenario, what }) => `open   ${shown(run)} ${shown(scenario)}: ${shown(what)}`,
  );
  const gaps = period.gaps.map(({ run, scenario, why }) => `gap    ${shown(run)} ${shown(scenario)}: ${shown(why)}`);
  const blank = blanks(period).length;
  const lines = [
    `${span.name}: ${word}. ${meaning}`,
    "",
    `${grouped(population.begun)} begun: ${grouped(population.result)} results, ${grouped(population.aborted)} aborted, ${grouped(population.crashed)} crashed, ${grouped(population.void)} void, ${grouped(population.open)} open; ${grouped(population.gaps)} without a pack`,
    ...(budget ? [budgetWords(budget)] : []),
    ...(blank > 0
      ? [`${grouped(blank)} of ${grouped(scenarios.length)} scenarios never ended as declared in this time`]
      : []),
    "",
    ...columns([["scenario", "as declared", "median", "worst", "claim"], ...rows]),
    ...(open.length + gaps.length > 0 ? ["", ...open, ...gaps] : []),
  ];
  return `${lines.map((line) => `  ${line}`.trimEnd()).join("\n")}\n`;
}
