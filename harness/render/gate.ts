/** What a gate decided: for a terminal, as JUnit, and for a GitHub job (its summary and its annotations). */
import type { Gate, GateCheck, GateRow } from "../gate.ts";
import { shown } from "./escape.ts";
import { markup } from "./markup.ts";

const WORDS = { pass: "pass", fail: "FAIL", unknown: "UNKNOWN" } as const;

export function gateText({ suite, verdict, rows, notCompared }: Gate): string {
  const held = rows.filter((row) => row.verdict === "pass").length;
  const lines = rows.flatMap((row) => [
    `${WORDS[row.verdict].padEnd(8)} ${shown(row.scenario)}`,
    ...row.checks
      .filter((check) => check.verdict !== "pass" || check.check === "regression")
      .map(({ check, verdict: of, detail }) => `         ${WORDS[of].padEnd(8)} ${check}: ${shown(detail)}`),
  ]);
  const end = verdict === "pass" ? "The gate is open" : "The gate is shut";
  const seldom =
    notCompared.length > 0
      ? [`Not compared with the baseline, for they are run too seldom: ${notCompared.map(shown).join(", ")}`]
      : [];
  return `${[...lines, ...seldom, `${end}: ${held} of ${rows.length} required scenarios of ${shown(suite)} hold`].join("\n")}\n`;
}

/** One suite a scenario, one case a check. */
export function gateJunit({ suite, now, rows }: Gate): string {
  const suites = rows.map((row) => {
    const of = counts(row.checks);
    return markup`<testsuite name="${row.scenario}" timestamp="${now}" ${of}>
${row.checks.map((check) => testcase(row, check))}</testsuite>\n`;
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
  const rows = gate.rows.map(({ scenario, verdict, checks }) => {
    const notable = checks.filter((check) => check.verdict !== "pass" || check.check === "regression");
    const words = notable.map(({ check, detail }) => `**${check}**: ${cell(detail)}`).join("<br>");
    return `| ${WORDS[verdict]} | ${cell(scenario)} | ${words} |`;
  });
  const title = gate.verdict === "pass" ? "Drill gate: open" : "Drill gate: shut";
  return `## ${title}\n\n| | scenario | why |\n|---|---|---|\n${rows.join("\n")}\n`;
}

/** Nothing in it is markup, ends the cell, or is a mention. */
const cell = (text: string): string =>
  shown(text).replace(/[\\`*_{}[\]()#+!|<>&~@:"'-]/g, (c) => `&#${c.charCodeAt(0)};`);

/** Workflow commands, one for each check that does not pass (docs.github.com, "Workflow commands for GitHub Actions"). */
export const gateAnnotations = ({ rows }: Gate): string[] =>
  rows.flatMap(({ scenario, checks }) =>
    checks
      .filter(({ verdict }) => verdict !== "pass")
      .map(({ check, detail }) => `::error title=${property(`${scenario}: ${check}`)}::${data(detail)}`),
  );

const data = (text: string): string => shown(text).replace(/[%\r\n]/g, percent);
const property = (text: string): string => shown(text).replace(/[%\r\n:,]/g, percent);
const percent = (c: string): string => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
