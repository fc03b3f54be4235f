import type { Interval, Mark, Report } from "../report.ts";
import { grouped } from "../text.ts";
import { acceptedRisks } from "./accepted-risks.ts";
import { noticedWords } from "./detectors.ts";
import { shown } from "./escape.ts";
import { fit, painter, wrap, type Paint } from "./paint.ts";
import { selftestLine } from "./selftest.ts";
import {
  against,
  attempts,
  banners,
  environment,
  heldAsDeclared,
  inOrder,
  interval,
  type Notice,
  objective,
  objectiveOf,
  stamp,
  usersWords,
  worstFirst,
} from "./words.ts";

export interface TerminalOptions {
  readonly width?: number;
  readonly colour?: boolean;
}

const INDENT = "  ";

/** The summary that ends a run: verdict, figures, waterfall, reasons, where the pack is. Also views/summary.txt. */
export function renderTerminal(report: Report, { width = 100, colour = false }: TerminalOptions = {}): string {
  const page = Math.max(40, Math.min(width, 120));
  const paint = painter(colour);
  const blocks = [
    heading(report, page, paint),
    figures(report, page, paint),
    waterfall(report, page, paint),
    ...users(report, page),
    ...membership(report, page),
    ...noticed(report, page, paint),
    reasons(report, page, paint),
    closing(report, page, paint),
  ];
  return `${blocks.map((lines) => lines.map((line) => line.trimEnd()).join("\n")).join("\n\n")}\n`;
}

function heading(report: Report, width: number, paint: Paint): string[] {
  const { word, tone, meaning } = stamp(report);
  const notices = banners(report);
  const barred = ({ tone: colour, title, text }: Notice): string[] =>
    wrap(`${title}. ${text}`, width - 4).map((line) => `${INDENT}${paint("│", colour)} ${line}`);
  return [
    `${paint(word.toUpperCase(), tone)}  ${paint(fit(shown(report.scenario), width - word.length - 2), "bold")}`,
    ...wrap(report.title, width - 2).map((line) => INDENT + line),
    ...acceptedRisks(report).flatMap(barred),
    ...(notices.length === 0 ? wrap(meaning, width - 2).map((line) => INDENT + paint(line, "dim")) : []),
    ...notices.flatMap(barred),
  ];
}

function figures(report: Report, width: number, paint: Paint): string[] {
  const { lost, operations, objectives } = report;
  const time = (name: string, value: Interval | null, goalMs: number): string[] => {
    const actual = value ? interval(value) : "not measured";
    const { tone, words } = value ? against(value, goalMs) : { tone: "unknown" as const, words: "the reasons say why" };
    return figure(name, actual, `objective ${objective(goalMs)}; ${words}`, tone);
  };
  const figure = (name: string, actual: string, note: string, tone: Parameters<Paint>[1]): string[] => {
    const head = `${INDENT}${name.padEnd(15)} ${paint(actual.padEnd(20), tone)}`;
    return width >= 76
      ? [`${head} ${fit(note, width - 39)}`]
      : [head, ...wrap(note, width - 18).map((line) => `${" ".repeat(18)}${line}`)];
  };
  const lossTone =
    lost.count > objectives.lostWrites
      ? heldAsDeclared(report)
        ? "control"
        : "fail"
      : report.verdict === "unknown"
        ? "unknown"
        : "pass";
  return [
    ...time("recovery time", report.recoveryTime, objectives.recoveryTimeMs),
    ...time("detection", report.detection, objectives.detectionMs),
    ...figure(
      "lost writes",
      `${grouped(lost.count)} of ${grouped(operations.acknowledged)}`,
      `objective at most ${grouped(objectives.lostWrites)}${report.discarded > 0 ? `; ${grouped(report.discarded)} given up on purpose` : ""}; ${grouped(operations.indeterminate)} indeterminate, ${grouped(operations.failed)} failed`,
      lossTone,
    ),
  ];
}

/** A bar from the mark before to this one, its uncertain end lighter. Later marks than the scale get an arrow. */
function waterfall(report: Report, width: number, paint: Paint): string[] {
  const marks = inOrder(report.waterfall);
  const labels = Math.min(28, width - 20, Math.max(8, ...marks.map(({ label }) => shown(label).length)));
  const room = width - labels - 24;
  const endMs = Math.max(1, ...marks.flatMap(({ at }) => (at && at.upperMs <= scaleLimit(report) ? [at.upperMs] : [])));
  return marks.map((mark, i) => {
    const goalMs = objectiveOf(report, mark);
    const time = mark.at ? interval(mark.at) : "not seen";
    const line = `${INDENT}${fit(shown(mark.label), labels)} ${time.padStart(17)}`;
    if (room < 8 || !mark.at)
      return `${line}${goalMs === null || room < 8 ? "" : `  ${paint(`objective ${objective(goalMs)}`, "dim")}`}`;
    return `${line}  ${bar(marks, i, (ms) => Math.round((Math.max(0, ms) / endMs) * (room - 1)), room, paint)}`;
  });
}

const scaleLimit = ({ recoveryTime }: Report): number => (recoveryTime ? recoveryTime.upperMs * 2.5 : Infinity);

function bar(
  marks: readonly Mark[],
  index: number,
  column: (ms: number) => number,
  room: number,
  paint: Paint,
): string {
  const at = marks[index]!.at!;
  if (column(at.upperMs) > room - 1) return `${" ".repeat(room - 1)}${paint("→", "bar")}`;
  const upper = column(at.upperMs);
  const lower = Math.min(upper, column(at.lowerMs));
  const from = Math.min(lower, column(marks[index - 1]?.at?.upperMs ?? 0));
  return `${" ".repeat(from)}${paint("━".repeat(lower - from), "bar")}${paint("█".repeat(upper - lower + 1), "doubt")}`;
}

/** What users of the application saw; no block where no workload goes through one. */
const users = ({ users: seen }: Report, width: number): string[][] =>
  seen === null ? [] : [wrap(usersWords(seen), width - 2).map((line) => INDENT + line)];

/** A row for each set of stores; no block where every workload writes to one store. */
function membership({ membership: rows }: Report, width: number): string[][] {
  if (rows === null) return [];
  const counts = rows.map(({ count }) => grouped(count));
  const widest = Math.max(0, ...counts.map((count) => count.length));
  const line = ({ stores, count }: (typeof rows)[number], i: number): string =>
    `${INDENT}${counts[i]!.padStart(widest)} ${count === 1 ? "order" : "orders"} in ${shown(stores.length === 0 ? "no store" : stores.join(" "))}`;
  return [rows.map((row, i) => fit(line(row, i), width))];
}

/** No block where nobody looked. What was noticed although nothing is lost stands out. */
function noticed({ inspection }: Report, width: number, paint: Paint): string[][] {
  if (!inspection) return [];
  const lines = wrap(noticedWords(inspection), width - 2);
  return [lines.map((line) => INDENT + (inspection.leftBehind ? paint(line, "lucky") : line))];
}

/** What did not pass, in full; what passed, one line each. */
function reasons(report: Report, width: number, paint: Paint): string[] {
  return worstFirst(report.reasons).flatMap(({ check, verdict, detail }) => {
    const tone = verdict === "fail" && heldAsDeclared(report) ? "control" : verdict;
    const [first = "", ...rest] = wrap(`${check}: ${detail}`, width - 10);
    const head = `${INDENT}${paint(verdict.padEnd(7), tone)} `;
    if (verdict === "pass") return [`${head}${fit(`${first}${rest.length > 0 ? ` ${rest[0]}` : ""}`, width - 10)}`];
    return [`${head}${first}`, ...rest.map((line) => `${" ".repeat(10)}${line}`)];
  });
}

/** Paths are not wrapped: people copy them. */
function closing(report: Report, width: number, paint: Paint): string[] {
  const name = (text: string): string => `${INDENT}${paint(text.padEnd(10), "dim")} `;
  const row = (term: string, text: string): string[] =>
    wrap(text, width - 13).map((line, i) => `${name(i === 0 ? term : "")}${line}`);
  return [
    ...row("evidence", `${report.class}; ${environment(report)}; ${attempts(report)}`),
    ...row("controls", selftestLine(report).text),
    ...row("claim", report.confidence.claim.supported),
    `${name("pack")}${shown(report.pack)}`,
    `${name("report")}${shown(report.pack)}/views/report.html`,
  ];
}
