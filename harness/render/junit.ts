import type { Report } from "../report.ts";
import { EXIT, type Finding } from "../verdict.ts";
import { type Markup, markup } from "./markup.ts";
import { selftestLine } from "./selftest.ts";
import { heldAsDeclared } from "./words.ts";

/**
 * views/junit.xml: one suite a drill, one case a finding; fail is a failure, unknown an error. It never disagrees with the exit
 * code: the failures that a lossy control declared are no failures of the drill, and a drill that did not meet its objectives
 * without any single finding against it (a control that lost nothing) gets a case that says so.
 */
export function renderJunit(report: Report): string {
  const held = heldAsDeclared(report);
  const findings = [...report.reasons, ...expectation(report)];
  const failures = held ? 0 : findings.filter(({ verdict }) => verdict === "fail").length;
  const errors = findings.filter(({ verdict }) => verdict === "unknown").length;
  const seconds = Math.max(0, Date.parse(report.endedAt) - Date.parse(report.startedAt)) / 1_000 || 0;
  const counts = markup`tests="${findings.length}" failures="${failures}" errors="${errors}" skipped="0" time="${seconds}"`;
  const suite = markup`<testsuites name="blackstart" ${counts}>
<testsuite name="${report.scenario}" timestamp="${report.startedAt}" ${counts}>
<properties>
${properties(report).map(([name, value]) => markup`<property name="${name}" value="${value}"/>\n`)}</properties>
${findings.map((finding) => testcase(report, finding, held))}</testsuite>
</testsuites>
`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suite.text}`;
}

function testcase(report: Report, { check, verdict, detail, evidence }: Finding, held: boolean): Markup {
  const declared = held && verdict === "fail";
  const outcome =
    verdict === "unknown"
      ? markup`<error type="unknown" message="${detail}"/>`
      : verdict === "fail" && !declared
        ? markup`<failure type="fail" message="${detail}"/>`
        : markup`<system-out>${declared ? "failed as declared: " : ""}${detail}</system-out>`;
  return markup`<testcase classname="${report.scenario}" name="${check}" time="0">${outcome}${
    evidence.length > 0 &&
    verdict !== "pass" &&
    !declared &&
    markup`<system-err>evidence: ${evidence.join(", ")}</system-err>`
  }</testcase>\n`;
}

/** A case for an exit code that no finding explains. */
function expectation({ exitCode, reasons, verdict, ...report }: Report): Finding[] {
  if (exitCode === EXIT.met || reasons.some((finding) => finding.verdict !== "pass")) return [];
  const detail = `The drill ended with exit code ${exitCode} although every finding passed: ${report.expect === "fail" ? "a lossy control must fail as declared" : "see the log of the run"}.`;
  return [{ check: "expectation", verdict: verdict === "unknown" ? "unknown" : "fail", detail, evidence: [] }];
}

const properties = (report: Report): [string, string][] => [
  ["run", report.run],
  ["verdict", report.verdict],
  ["expect", report.expect],
  ["exitCode", String(report.exitCode)],
  ["class", report.class],
  ["environment", report.host.environmentKind],
  ["luckyPass", String(report.luckyPass)],
  ["selftest", selftestLine(report).text],
  ["pack", report.pack],
  ...(report.detectors ? [["noticedBy", report.detectors.noticed.join(", ")] as [string, string]] : []),
];
