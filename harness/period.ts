/**
 * What the run ledger and the packs say of a span of time: every run that was begun and how each ended, which scenario was drilled
 * in which month, recovery times with the claim that their number supports, what failed and which later run closed it. Every intent
 * counts; a run without a pack that can be believed is a gap and never a pass.
 */
import type { Report } from "./report.ts";
import { claimFor, lossClaim, orderStatistics } from "./statistics.ts";
import { EXIT, type Verdict } from "./verdict.ts";

/** Days in UTC; `to` is the first day that is no longer part of it. */
export interface Span {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** One run that was begun within the span. */
export interface PeriodRun {
  readonly run: string;
  readonly scenario: string;
  readonly scenarioSha256: string;
  readonly wall: string;
  /** How the ledger ends it. */
  readonly end: "result" | "crashed" | "aborted" | "void" | "open";
  /** As the ledger has it, and the signed report; null where there is none. */
  readonly exitCode: number | null;
  /** What the signed report says; null where no pack can be believed, and `gap` then says why. */
  readonly report: Report | null;
  readonly bundleSha256: string | null;
  /** Why nothing can be said of it. */
  readonly gap: string | null;
}

export interface PeriodInput {
  readonly span: Span;
  readonly madeAt: string;
  readonly runs: readonly PeriodRun[];
  /** What should have been drilled, so that what was not is seen. */
  readonly expected: readonly {
    readonly scenario: string;
    readonly title: string;
    readonly covers: readonly string[];
  }[];
}

type MonthCount = { readonly month: string; readonly runs: number; readonly asDeclared: number };

export interface ScenarioRow {
  readonly scenario: string;
  readonly title: string;
  readonly covers: readonly string[];
  readonly control: boolean;
  /** One for every month of the span, also where there are none. */
  readonly months: readonly MonthCount[];
  readonly runs: number;
  readonly asDeclared: number;
  readonly recovery: {
    readonly measured: number;
    readonly objectiveMs: number;
    readonly medianMs: number;
    readonly worstMs: number;
    readonly claim: string;
  } | null;
  readonly lost: { readonly count: number; readonly acknowledged: number; readonly claim: string } | null;
}

/** A run that did not end as its scenario declares. */
export interface PeriodFinding {
  readonly run: string;
  readonly scenario: string;
  readonly wall: string;
  readonly what: string;
  /** The first later run of the scenario that ended as declared. */
  readonly closedBy: { readonly run: string; readonly wall: string; readonly sameScenario: boolean } | null;
}

export interface Period {
  readonly schema: "blackstart/period/v1";
  readonly span: Span;
  readonly madeAt: string;
  readonly population: Readonly<Record<PeriodRun["end"], number>> & { readonly begun: number; readonly gaps: number };
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly classes: { readonly attested: number; readonly development: number };
  readonly months: readonly string[];
  readonly scenarios: readonly ScenarioRow[];
  readonly findings: readonly PeriodFinding[];
  readonly gaps: readonly { readonly run: string; readonly scenario: string; readonly why: string }[];
  readonly budget: Budget | null;
  readonly covered: readonly string[];
  /** Each run's recovery time, by which a gate can hold later ones against them. */
  readonly times: readonly RunTime[];
}

export interface RunTime {
  readonly run: string;
  readonly scenario: string;
  readonly scenarioSha256: string;
  /** null where it could not be measured. */
  readonly upperMs: number | null;
}

/** ADR-004 promises 99.99 % uptime. How many losses like the worst one that was drilled would fit into the span. */
export interface Budget {
  readonly uptime: number;
  readonly allowedMs: number;
  readonly worstMs: number;
  readonly worstScenario: string;
  readonly incidents: number;
}

const UPTIME = 0.9999;

export function periodOf({ span, madeAt, runs, expected }: PeriodInput): Period {
  const sorted = runs.toSorted((a, b) => a.wall.localeCompare(b.wall));
  const months = monthsOf(span);
  const count = (end: PeriodRun["end"]): number => sorted.filter((run) => run.end === end).length;
  const reports = sorted.flatMap(({ report }) => (report ? [report] : []));
  const verdict = (wanted: Verdict): number => reports.filter((report) => report.verdict === wanted).length;
  const scenarios = rowsOf(sorted, expected, months);
  return {
    schema: "blackstart/period/v1",
    span,
    madeAt,
    population: {
      begun: sorted.length,
      result: count("result"),
      crashed: count("crashed"),
      aborted: count("aborted"),
      void: count("void"),
      open: count("open"),
      gaps: sorted.filter(({ gap }) => gap !== null).length,
    },
    verdicts: { pass: verdict("pass"), fail: verdict("fail"), unknown: verdict("unknown") },
    classes: {
      attested: reports.filter((report) => report.class === "attested").length,
      development: reports.filter((report) => report.class === "development").length,
    },
    months,
    scenarios,
    findings: findingsOf(sorted),
    gaps: sorted.flatMap(({ run, scenario, gap }) => (gap === null ? [] : [{ run, scenario, why: gap }])),
    budget: budgetOf(span, sorted),
    covered: coveredBy(sorted),
    times: sorted.flatMap(({ run, scenario, scenarioSha256, report }) =>
      report ? [{ run, scenario, scenarioSha256, upperMs: report.recoveryTime?.upperMs ?? null }] : [],
    ),
  };
}

/** `2026-10`, and so on: every month that the span touches. */
function monthsOf({ from, to }: Span): string[] {
  const months: string[] = [];
  const last = new Date(Date.parse(to) - 1).toISOString().slice(0, 7);
  for (
    let at = new Date(`${from.slice(0, 7)}-01`);
    at.toISOString().slice(0, 7) <= last;
    at.setUTCMonth(at.getUTCMonth() + 1)
  )
    months.push(at.toISOString().slice(0, 7));
  return months;
}

/** As the scenario declares, under a report that can be believed. */
const isAsDeclared = ({ end, exitCode, report }: PeriodRun): boolean =>
  end === "result" && exitCode === EXIT.met && report !== null;

function rowsOf(
  runs: readonly PeriodRun[],
  expected: PeriodInput["expected"],
  months: readonly string[],
): ScenarioRow[] {
  const names = [...new Set([...expected.map(({ scenario }) => scenario), ...runs.map(({ scenario }) => scenario)])];
  return names.toSorted().map((scenario) => {
    const own = runs.filter((run) => run.scenario === scenario);
    const reports = own.flatMap(({ report }) => (report ? [report] : []));
    const about = expected.find((one) => one.scenario === scenario) ?? reports.at(-1);
    return {
      scenario,
      title: about?.title ?? "",
      covers: about?.covers ?? [],
      control: reports.at(-1)?.expect === "fail",
      months: months.map((month) => {
        const inMonth = own.filter(({ wall }) => wall.startsWith(month));
        return { month, runs: inMonth.length, asDeclared: inMonth.filter(isAsDeclared).length };
      }),
      runs: own.length,
      asDeclared: own.filter(isAsDeclared).length,
      recovery: recoveryOf(own, reports),
      lost: lostOf(own, reports),
    };
  });
}

/** Of the upper bounds. A run that could not be measured counts as over, or a claim would be made from the good ones alone. */
function recoveryOf(own: readonly PeriodRun[], reports: readonly Report[]): ScenarioRow["recovery"] {
  const measured = reports.flatMap(({ recoveryTime }) => (recoveryTime ? [recoveryTime] : []));
  const statistics = orderStatistics(measured.map(({ upperMs }) => upperMs));
  if (!statistics) return null;
  const objectiveMs = Math.min(...measured.map((one) => one.objectiveMs));
  const within = measured.filter(({ upperMs }) => upperMs < objectiveMs).length;
  return {
    measured: measured.length,
    objectiveMs,
    medianMs: statistics.median,
    worstMs: statistics.max,
    claim: claimFor(own.length, own.length - within).supported,
  };
}

function lostOf(own: readonly PeriodRun[], reports: readonly Report[]): ScenarioRow["lost"] {
  if (reports.length === 0) return null;
  const clean = reports.filter(({ lost, verdict }) => lost.count === 0 && verdict !== "unknown").length;
  return {
    count: reports.reduce((sum, { lost }) => sum + lost.count, 0),
    acknowledged: reports.reduce((sum, { operations }) => sum + operations.acknowledged, 0),
    claim: lossClaim(own.length, own.length - clean),
  };
}

function findingsOf(runs: readonly PeriodRun[]): PeriodFinding[] {
  return runs.flatMap((run, i) => {
    if (isAsDeclared(run)) return [];
    const retest = runs.slice(i + 1).find((later) => later.scenario === run.scenario && isAsDeclared(later));
    return [
      {
        run: run.run,
        scenario: run.scenario,
        wall: run.wall,
        what: whatHappened(run),
        closedBy: retest
          ? { run: retest.run, wall: retest.wall, sameScenario: retest.scenarioSha256 === run.scenarioSha256 }
          : null,
      },
    ];
  });
}

function whatHappened({ end, gap, report, exitCode }: PeriodRun): string {
  if (end !== "result") return ENDS[end];
  if (report === null) return `nothing can be said of it: ${gap ?? "no pack"}`;
  const first =
    report.reasons.find(({ verdict }) => verdict === "fail") ??
    report.reasons.find(({ verdict }) => verdict !== "pass");
  return first ? `${first.check}: ${first.detail}` : `ended with exit code ${exitCode}`;
}

const ENDS = {
  crashed: "crashed: its process ended without a word",
  aborted: "aborted before its end",
  void: "void: nothing was broken, for the machine was not ready",
  open: "still open in the ledger",
} as const;

/** Of drills that must not lose anything: a lossy control's recovery is part of what it shows. */
function budgetOf({ from, to }: Span, runs: readonly PeriodRun[]): Budget | null {
  const drilled = runs.flatMap(({ report }) =>
    report?.recoveryTime && report.expect === "pass"
      ? [{ upperMs: report.recoveryTime.upperMs, scenario: report.scenario }]
      : [],
  );
  const [worst] = drilled.toSorted((a, b) => b.upperMs - a.upperMs);
  if (!worst) return null;
  const allowedMs = Math.round((Date.parse(to) - Date.parse(from)) * (1 - UPTIME));
  return {
    uptime: UPTIME,
    allowedMs,
    worstMs: worst.upperMs,
    worstScenario: worst.scenario,
    incidents: Math.floor(allowedMs / worst.upperMs),
  };
}

const coveredBy = (runs: readonly PeriodRun[]): string[] =>
  [...new Set(runs.filter(isAsDeclared).flatMap(({ report }) => report!.covers))].toSorted((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );

const QUARTER = /^(\d{4})-Q([1-4])$/;
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;
const DAYS = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/;

/** `2026-Q4`, `2026-11`, or `2026-11-01..2026-11-24` with both days in it; null for anything else. */
export function spanOf(text: string): Span | null {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const quarter = QUARTER.exec(text);
  if (quarter) {
    const [year, first] = [Number(quarter[1]), (Number(quarter[2]) - 1) * 3];
    return { name: text, from: day(Date.UTC(year, first)), to: day(Date.UTC(year, first + 3)) };
  }
  const month = MONTH.exec(text);
  if (month) {
    const [year, index] = [Number(month[1]), Number(month[2]) - 1];
    return { name: text, from: day(Date.UTC(year, index)), to: day(Date.UTC(year, index + 1)) };
  }
  const [, from, last] = DAYS.exec(text) ?? [];
  if (from === undefined || last === undefined || !isDay(from) || !isDay(last) || from > last) return null;
  return { name: text, from, to: day(Date.parse(last) + 86_400_000) };
}

const isDay = (text: string): boolean =>
  !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
