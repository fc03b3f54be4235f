import type { Interval, Report } from "../report.ts";
import { seenWord } from "./detectors.ts";
import { shown } from "./escape.ts";
import { against, inOrder, objectiveOf } from "./words.ts";

const COLUMNS = [
  "run",
  "scenario",
  "figure",
  "objective",
  "actual_lower",
  "actual_upper",
  "unit",
  "verdict",
  "basis",
] as const;

interface Figure {
  readonly figure: string;
  readonly objective?: number | null;
  readonly actual: Interval | number | null;
  readonly unit: string;
  readonly verdict?: string;
  readonly basis: string;
}

/** views/results.csv: one row a figure (RFC 4180). The verdict column says how the actual stands to its objective, where it has one. */
export function renderCsv(report: Report): string {
  const rows = figures(report).map(({ figure, objective, actual, unit, verdict, basis }) => {
    const [lower, upper] =
      actual === null ? [null, null] : typeof actual === "number" ? [actual, actual] : [actual.lowerMs, actual.upperMs];
    return [report.run, report.scenario, figure, objective ?? null, lower, upper, unit, verdict ?? "", basis];
  });
  return csv([COLUMNS, ...rows]);
}

/** Rows by RFC 4180, with nothing in them that a spreadsheet would run. */
export const csv = (rows: readonly (readonly (string | number | null)[])[]): string =>
  rows.map((row) => `${row.map(field).join(",")}\r\n`).join("");

/** A spreadsheet runs what begins like a formula, also behind white space; an apostrophe makes it text. Numbers are ours and stay numbers. */
function field(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = shown(value);
  const neutral = /^\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(neutral) ? `"${neutral.replaceAll('"', '""')}"` : neutral;
}

const count = (figure: string, actual: number, basis: string): Figure => ({ figure, actual, unit: "writes", basis });

function figures(report: Report): Figure[] {
  const { lost, operations, objectives, indeterminate } = report;
  const readBack = "raw/operations.jsonl against raw/recovered.jsonl";
  return [
    {
      figure: "verdict",
      actual: null,
      unit: "",
      verdict: report.verdict,
      basis: report.expect === "fail" ? "lossy control" : "all findings",
    },
    time("recovery time", report.recoveryTime, objectives.recoveryTimeMs),
    time("detection", report.detection, objectives.detectionMs),
    {
      ...count("lost acknowledged writes", lost.count, readBack),
      objective: objectives.lostWrites,
      verdict: lost.count > objectives.lostWrites ? "fail" : report.verdict === "unknown" ? "unknown" : "pass",
    },
    { figure: "loss in seconds", actual: lost.seconds, unit: "s", basis: "acknowledgement of the oldest lost write" },
    { figure: "loss in WAL", actual: lost.walBytes, unit: "bytes", basis: "LSN of the acknowledgements" },
    ...Object.entries(lost.byStore).map(([store, n]) => count(`lost in ${store}`, n, readBack)),
    ...(report.discarded > 0 ? [count("of the lost, given up on purpose", report.discarded, "raw/events.jsonl")] : []),
    count("phantom", report.phantom, readBack),
    count("resurrected", report.resurrected, readBack),
    count("duplicated", report.duplicated, readBack),
    count("mutated", report.mutated, readBack),
    count("stale", report.stale, readBack),
    count("sent", operations.invoked, "raw/operations.jsonl"),
    count("acknowledged", operations.acknowledged, "raw/operations.jsonl"),
    count("failed", operations.failed, "raw/operations.jsonl"),
    count("indeterminate", operations.indeterminate, "raw/operations.jsonl"),
    count("indeterminate and present", indeterminate.present, readBack),
    count("indeterminate and absent", indeterminate.absent, readBack),
    ...(report.inspection?.rows ?? []).map(({ detector, component, noticed, after, detail }) => ({
      ...time(`detector: ${detector} of ${component}`, after, null),
      basis: `${seenWord(noticed)}: ${detail}`,
    })),
    ...inOrder(report.waterfall).map((mark) => ({
      ...time(`mark: ${mark.label}`, mark.at, objectiveOf(report, mark)),
      basis: mark.note ?? "after the effective fault",
    })),
  ];
}

function time(figure: string, actual: Interval | null, objective: number | null): Figure {
  const verdict = objective === null ? "" : actual ? against(actual, objective).tone : "unknown";
  return {
    figure,
    actual,
    objective,
    unit: "ms",
    verdict,
    basis: actual ? "interval on the monotonic clock" : "not measured",
  };
}
