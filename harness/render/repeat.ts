/** The summary over `--repeat`: several runs of one scenario side by side, and what may be claimed from them. */
import type { Claim, Report } from "../report.ts";
import { claimFor, lossBound, lossClaim, orderStatistics } from "../statistics.ts";
import type { Verdict } from "../verdict.ts";
import { counted, grouped } from "../text.ts";
import { shown } from "./escape.ts";
import { columns, wrap } from "./paint.ts";
import { against, interval, objective, printed, stamp } from "./words.ts";

export interface RepeatSummary {
  readonly schema: "blackstart/repeat/v1";
  readonly scenario: string;
  readonly n: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** Of the upper bounds, in ms; null when no run could be measured. */
  readonly recoveryTime: {
    readonly objectiveMs: number;
    readonly measured: number;
    readonly over: number;
    readonly minMs: number;
    readonly medianMs: number;
    readonly maxMs: number;
  } | null;
  readonly lost: { readonly count: number; readonly runs: number; readonly acknowledged: number };
  readonly claims: { readonly recoveryTime: Claim; readonly loss: string; readonly lossProbabilityBound: number };
  readonly runs: readonly {
    readonly run: string;
    readonly verdict: Verdict;
    readonly luckyPass: boolean;
    readonly upperMs: number | null;
    readonly lost: number;
  }[];
}

/** Every run counts: one that could not be measured counts as over the objective, or a claim would be made from the good ones only. */
export function summarise(reports: readonly Report[]): RepeatSummary {
  const [first] = reports;
  if (!first) throw new Error("a summary needs at least one report");
  const uppers = reports.flatMap(({ recoveryTime }) => (recoveryTime ? [recoveryTime.upperMs] : []));
  const statistics = orderStatistics(uppers);
  const over = reports.filter(
    ({ recoveryTime, objectives }) => !recoveryTime || recoveryTime.upperMs > objectives.recoveryTimeMs,
  ).length;
  const lossy = reports.filter(({ lost, verdict }) => lost.count > 0 || verdict === "unknown").length;
  const count = (verdict: Verdict): number => reports.filter((report) => report.verdict === verdict).length;
  return {
    schema: "blackstart/repeat/v1",
    scenario: first.scenario,
    n: reports.length,
    verdicts: { pass: count("pass"), fail: count("fail"), unknown: count("unknown") },
    recoveryTime: statistics && {
      objectiveMs: first.objectives.recoveryTimeMs,
      measured: uppers.length,
      over,
      minMs: statistics.min,
      medianMs: statistics.median,
      maxMs: statistics.max,
    },
    lost: {
      count: reports.reduce((sum, { lost }) => sum + lost.count, 0),
      runs: reports.filter(({ lost }) => lost.count > 0).length,
      acknowledged: reports.reduce((sum, { operations }) => sum + operations.acknowledged, 0),
    },
    claims: {
      recoveryTime: claimFor(reports.length, over),
      loss: lossClaim(reports.length, lossy),
      lossProbabilityBound: lossBound(reports.length, lossy),
    },
    runs: reports.map(({ run, verdict, luckyPass, recoveryTime, lost }) => ({
      run,
      verdict,
      luckyPass,
      upperMs: recoveryTime?.upperMs ?? null,
      lost: lost.count,
    })),
  };
}

export function renderRepeat(reports: readonly Report[], { width = 100 }: { width?: number } = {}): string {
  const summary = summarise(reports);
  const rows = reports.map((report, i) => [
    String(i + 1),
    stamp(report).word,
    report.recoveryTime ? interval(report.recoveryTime) : "not measured",
    report.recoveryTime ? against(report.recoveryTime, report.objectives.recoveryTimeMs).words : "counts as over",
    `${grouped(report.lost.count)} of ${grouped(report.operations.acknowledged)}`,
    shown(report.run),
  ]);
  const table = columns([["", "verdict", "recovery time", "", "lost", "run"], ...rows]);
  const words = claims(summary).flatMap((text) => wrap(text, width - 2));
  return `${[`${shown(summary.scenario)}, ${counted(summary.n, "run")}`, "", ...table, "", ...words].map((line) => `  ${line}`.trimEnd()).join("\n")}\n`;
}

function claims({ n, verdicts, recoveryTime, lost, claims: made }: RepeatSummary): string[] {
  const time = recoveryTime
    ? `Recovery time, upper bounds of ${recoveryTime.measured} measured: min ${printed(recoveryTime.minMs)}, median ${printed(recoveryTime.medianMs)}, max ${printed(recoveryTime.maxMs)}; objective ${objective(recoveryTime.objectiveMs)}, ${recoveryTime.over} of ${n} over or not measured.`
    : "Recovery time: no run could be measured.";
  return [
    `${verdicts.pass} pass, ${verdicts.fail} fail, ${verdicts.unknown} unknown.`,
    time,
    `Lost: ${grouped(lost.count)} of ${counted(lost.acknowledged, "acknowledged write")}, in ${lost.runs} of ${counted(n, "run")}.`,
    `Within the objective: ${made.recoveryTime.supported}`,
    ...made.recoveryTime.refused,
    made.loss,
  ];
}
