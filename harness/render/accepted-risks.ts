/** Accepted risks stand in front of everything that they could make look better: what a reader knows first is that the verdict is not. */
import { STATE_WORDS } from "../accepted-risk.ts";
import type { AcceptedRisk, Report } from "../report.ts";
import type { Notice } from "./words.ts";

export const acceptedRisks = (report: Report): Notice[] =>
  (report.acceptances ?? []).map((risk) => ({
    tone: "unknown",
    title: `Accepted risk ${risk.id}: ${risk.finding}, ${STATE_WORDS[risk.state]} when the drill began`,
    text: `${risk.owner} accepts it from ${risk.from} until ${risk.until}, because ${risk.because}. ${cameOut(report, risk)} The verdict is unchanged by this.`,
  }));

/** An acceptance of what does not fail, or is not looked at, is one that nobody needs any more. */
function cameOut({ reasons }: Report, { finding }: AcceptedRisk): string {
  const found = reasons.find(({ check }) => check === finding);
  if (!found) return "The check was not made in this run.";
  return { pass: "The check passed.", fail: "The check failed.", unknown: "What the check shows is not known." }[
    found.verdict
  ];
}
