/** What came of a suite: for a terminal, and as JUnit for CI. */
import type { SuiteOutcome, SuiteRow } from "../suite/outcome.ts";
import { grouped } from "../text.ts";
import { EXIT } from "../verdict.ts";
import { shown } from "./escape.ts";
import { type Markup, markup } from "./markup.ts";
import { columns } from "./paint.ts";
import { interval, printed } from "./words.ts";

export function suiteText(outcome: SuiteOutcome): string {
  const { suite, title, drills, coverage, shard, startedAt, endedAt, resumed } = outcome;
  const of = shard ? `, shard ${shard.index} of ${shard.of}` : "";
  const held = drills.filter(({ exitCode }) => exitCode === EXIT.met).length;
  const wall = printed(Date.parse(endedAt) - Date.parse(startedAt));
  const lines = [
    `${shown(suite)}${of}: ${shown(title)}`,
    "",
    ...columns([["drill", "verdict", "recovery time", "lost", "took", "run"], ...drills.map(cells)]),
    "",
    `${held} of ${drills.length} drills ended as declared, ${wall}${resumed > 0 ? `, taken up again ${resumed === 1 ? "once" : `${resumed} times`}` : ""}`,
    coverageLine(coverage),
  ];
  return `${lines.map((line) => `  ${line}`.trimEnd()).join("\n")}\n`;
}

function cells(row: SuiteRow): string[] {
  return [
    shown(row.key),
    wordOf(row),
    recoveryOf(row),
    lostOf(row),
    row.wallMs > 0 ? printed(row.wallMs) : "",
    shown(row.run ?? row.why ?? ""),
  ];
}

function wordOf({ run, exitCode, verdict, expect, luckyPass, wallMs }: SuiteRow): string {
  if (run === null) return wallMs > 0 ? "No report" : "Not run";
  if (expect === "fail") return exitCode === EXIT.met ? "Failed as declared" : "Not as declared";
  if (verdict === "pass") return luckyPass ? "Lucky pass" : "Pass";
  return verdict === "fail" ? "Fail" : "Unknown";
}

const recoveryOf = ({ run, recoveryTime }: SuiteRow): string =>
  recoveryTime ? interval(recoveryTime) : run === null ? "" : "not measured";

const lostOf = ({ lost, acknowledged }: SuiteRow): string =>
  lost === null ? "" : `${grouped(lost)} of ${grouped(acknowledged ?? 0)}`;

function coverageLine({ required, missing }: SuiteOutcome["coverage"]): string {
  if (required.length === 0) return "no coverage is required of it";
  if (missing.length === 0) return `all ${required.length} required ids of the catalogue were drilled`;
  return `NOT COVERED: ${missing.join(" ")}, of ${required.length} required ids of the catalogue`;
}

/** One case a drill, and one for the coverage where some is required. An exit code of 0 is the only success. */
export function suiteJunit(outcome: SuiteOutcome): string {
  const { suite, drills, coverage, startedAt, endedAt } = outcome;
  const cases = [...drills.map((row) => drillCase(suite, row)), ...coverageCase(suite, coverage)];
  const count = (kind: Kind): number => cases.filter((one) => one.kind === kind).length;
  const seconds = Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)) / 1_000 || 0;
  const counts = markup`tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}" skipped="0" time="${seconds}"`;
  const xml = markup`<testsuites name="blackstart" ${counts}>
<testsuite name="${suite}" timestamp="${startedAt}" ${counts}>
${cases.map(({ xml: one }) => one)}</testsuite>
</testsuites>
`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml.text}`;
}

type Kind = "success" | "failure" | "error";
interface Case {
  readonly kind: Kind;
  readonly xml: Markup;
}

function drillCase(suite: string, row: SuiteRow): Case {
  const words = [wordOf(row), recoveryOf(row), lostOf(row) && `lost ${lostOf(row)}`, row.run, row.why]
    .filter(Boolean)
    .join(", ");
  const kind = row.exitCode === EXIT.met ? "success" : row.exitCode === EXIT.missed ? "failure" : "error";
  return testCase({ suite, name: row.key, seconds: row.wallMs / 1_000, kind, words: `exit ${row.exitCode}: ${words}` });
}

function coverageCase(suite: string, coverage: SuiteOutcome["coverage"]): Case[] {
  if (coverage.required.length === 0) return [];
  const kind = coverage.missing.length === 0 ? "success" : "error";
  return [testCase({ suite, name: "required coverage", seconds: 0, kind, words: coverageLine(coverage) })];
}

function testCase({
  suite,
  name,
  seconds,
  kind,
  words,
}: {
  suite: string;
  name: string;
  seconds: number;
  kind: Kind;
  words: string;
}): Case {
  const inner =
    kind === "success"
      ? markup`<system-out>${words}</system-out>`
      : kind === "failure"
        ? markup`<failure type="fail" message="${words}"/>`
        : markup`<error type="unknown" message="${words}"/>`;
  return { kind, xml: markup`<testcase classname="${suite}" name="${name}" time="${seconds}">${inner}</testcase>\n` };
}
