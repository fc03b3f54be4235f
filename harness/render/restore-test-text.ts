/** A series of restore tests in a few lines for a terminal. */
import type { RestoreTest } from "../restore-test.ts";
import { grouped } from "../text.ts";
import { shown } from "./escape.ts";
import { columns } from "./paint.ts";
import { comparison, decimal, intervalWords, lineOf, long, stampOf } from "./restore-test.ts";
import { bytes, interval, printed } from "./words.ts";

export function restoreTestText(test: RestoreTest): string {
  const { word, meaning } = stampOf(test);
  const rows = test.drills.map(({ which, verdict, run, ballastBytes, lost, acknowledged, recoveryTime, missing }) => {
    const restore = test.restores.find((one) => one.run === run);
    return [
      verdict,
      which,
      restore ? bytes(restore.dataBytes) : bytes(ballastBytes),
      restore ? printed(restore.totalMs) : "",
      lost === null ? "" : `${grouped(lost)} of ${grouped(acknowledged ?? 0)}`,
      recoveryTime ? interval(recoveryTime) : "not measured",
      shown(run ?? missing ?? ""),
    ];
  });
  const { compression, validation } = test;
  const lines = [
    `${word}: ${meaning}`,
    "",
    ...columns([["verdict", "backup", "data", "restored in", "lost", "recovery time", "run"], ...rows]),
    "",
    `compression  ${compression.verdict}, objective at least ${compression.leastSaved * 100} %: ${compression.detail}; the data is made up`,
    `validation   ${validation.verdict}, objective under ${validation.withinMs / 3_600_000} h from the end of a backup: ${shown(validation.detail)}`,
    `line         ${lineWords(test)}`,
    ...productionWords(test).map((words, i) => (i === 0 ? "production" : "").padEnd(13) + words),
  ];
  return `${lines.map((line) => `  ${line}`.trimEnd()).join("\n")}\n`;
}

function lineWords({ line, lineRefused }: RestoreTest): string {
  if (!line) return lineRefused ?? "";
  const { n, r2 } = line;
  return `${lineOf(line)} of data, n = ${n}, R² = ${r2.toFixed(4)}`;
}

function productionWords({ extrapolation, extrapolationRefused, objectiveMs }: RestoreTest): string[] {
  if (!extrapolation) return [extrapolationRefused ?? ""];
  const { atBytes, value, mark } = extrapolation;
  return [
    mark,
    `${long(value)} at ${decimal(atBytes)}, 95 % prediction interval ${intervalWords(extrapolation)}`,
    comparison(extrapolation, objectiveMs),
  ];
}
