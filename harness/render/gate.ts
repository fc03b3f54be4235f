/** What a gate decided: for a terminal, as JUnit, and for a GitHub job (its summary and its annotations). */
import type { Gate, GateCheck, GateRow } from "../gate.ts";
import { counted } from "../text.ts";
import { shown } from "./escape.ts";
import { markup } from "./markup.ts";

const WORDS = { pass: "pass", fail: "FAIL", unknown: "UNKNOWN" } as const;

/** A failure that people accepted passes, and is never called a pass. */
const wordOf = ({ verdict, acceptedUntil }: Pick<GateRow, "verdict" | "acceptedUntil">): string =>
  verdict === "pass" && acceptedUntil !== undefined ? "ACCEPTED" : WORDS[verdict];
const isNotable = ({ check, verdict, acceptedUntil }: GateCheck): boolean =>
  verdict !== "pass" || acceptedUntil !== undefined || check === "regression";
const acceptedIn = (rows: readonly GateRow[]): GateRow[] =>
  rows.filter((row) => row.verdict === "pass" && row.acceptedUntil !== undefined);

export function gateText({ suite, verdict, rows, notCompared }: Gate): string {
  const accepted = acceptedIn(rows).length;
  const held = rows.filter((row) => row.verdict === "pass").length - accepted;
  const lines = rows.flatMap((row) => [
    `${wordOf(row).padEnd(8)} ${shown(row.scenario)}`,
    ...row.checks
      .filter(isNotable)
      .map((check) => `         ${wordOf(check).padEnd(8)} ${check.check}: ${shown(check.detail)}`),
  ]);
  const end = verdict === "pass" ? "The gate is open" : "The gate is shut";
  const seldom =
    notCompared.length > 0
      ? [`Not compared with the baseline, for they are run too seldom: ${notCompared.map(shown).join(", ")}`]
      : [];
  return `${[...lines, ...seldom, `${end}: ${held} of ${rows.length} required scenarios of ${shown(suite)} hold${accepted > 0 ? `; ${accepted} failed and ${accepted === 1 ? "is" : "are"} accepted` : ""}`].join("\n")}\n`;
}

/** One suite a scenario, one case a check. */
export function gateJunit({ suite, now, rows }: Gate): string {
  const suites = rows.map((row) => {
    const of = counts(row.checks);
    const until = row.acceptedUntil;
    const accepted =
      until !== undefined && markup`<properties><property name="acceptedUntil" value="${until}"/></properties>\n`;
    return markup`<testsuite name="${row.scenario}" timestamp="${now}" ${of}>
${accepted}${row.checks.map((check) => testcase(row, check))}</testsuite>\n`;
  });
  const xml = markup`<testsuites name="blackstart gate ${suite}" ${counts(rows.flatMap(({ checks }) => checks))}>
${suites}</testsuites>
`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml.text}`;
}

const counts = (checks: readonly GateCheck[]) => {
  const count = (verdict: string): number => checks.filter((check) => check.verdict === verdict).length;
  return markup`tests="${checks.length}" failures="${count("fail")}" errors="${count("unknown")}" skipped="0" time="0"`;
};

function testcase({ scenario }: GateRow, { check, verdict, detail }: GateCheck) {
  const outcome =
    verdict === "pass"
      ? markup`<system-out>${detail}</system-out>`
      : verdict === "fail"
        ? markup`<failure type="fail" message="${detail}"/>`
        : markup`<error type="unknown" message="${detail}"/>`;
  return markup`<testcase classname="${scenario}" name="${check}" time="0">${outcome}</testcase>\n`;
}

/** For the file that GITHUB_STEP_SUMMARY names. */
export function gateMarkdown(gate: Gate): string {
  const rows = gate.rows.map((row) => {
    const words = row.checks
      .filter(isNotable)
      .map(({ check, detail }) => `**${check}**: ${cell(detail)}`)
      .join("<br>");
    return `| ${wordOf(row)} | ${cell(row.scenario)} | ${words} |`;
  });
  const accepted = acceptedIn(gate.rows).length;
  const title = `Drill gate: ${gate.verdict === "pass" ? "open" : "shut"}${accepted > 0 ? `, ${counted(accepted, "failure")} accepted` : ""}`;
  return `## ${title}\n\n| | scenario | why |\n|---|---|---|\n${rows.join("\n")}\n`;
}

/** Nothing in it is markup, ends the cell, or is a mention. */
const cell = (text: string): string =>
  shown(text).replace(/[\\`*_{}[\]()#+!|<>&~@:"'-]/g, (c) => `&#${c.charCodeAt(0)};`);

/** Workflow commands, one for each check that does not pass, or passes because people accepted what failed (docs.github.com, "Workflow commands for GitHub Actions"). */
export const gateAnnotations = ({ rows }: Gate): string[] =>
  rows.flatMap(({ scenario, checks }) =>
    checks
      .filter(({ verdict, acceptedUntil }) => verdict !== "pass" || acceptedUntil !== undefined)
      .map(
        ({ check, verdict, detail }) =>
          `::${verdict === "pass" ? "warning" : "error"} title=${property(`${scenario}: ${check}`)}::${data(detail)}`,
      ),
  );

const data = (text: string): string => shown(text).replace(/[%\r\n]/g, percent);
const property = (text: string): string => shown(text).replace(/[%\r\n:,]/g, percent);
const percent = (c: string): string => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
