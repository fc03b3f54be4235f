import type { Interval } from "../report.ts";
import { humanMs } from "../text.ts";
import type { Finding, Verdict } from "../verdict.ts";

/** Makes the findings of one checker; `evidence` names the files of the pack that it judged by. */
export const finding =
  (check: string, evidence: readonly string[]) =>
  (verdict: Verdict, detail: string): Finding => ({ check, verdict, detail, evidence });

/**
 * An interval against an objective: only an upper bound under it passes, only a lower bound at or over it fails, and what lies
 * across it is unknown.
 */
export function againstObjective(
  what: string,
  { lowerMs, upperMs }: Interval,
  objectiveMs: number,
): { verdict: Verdict; detail: string } {
  const verdict = upperMs < objectiveMs ? "pass" : lowerMs >= objectiveMs ? "fail" : "unknown";
  const judged = verdict === "pass" ? "under" : verdict === "fail" ? "not under" : "on both sides of";
  return {
    verdict,
    detail: `${what} ${humanMs(lowerMs)} to ${humanMs(upperMs)}, ${judged} the objective of ${roundMs(objectiveMs)}`,
  };
}

/** What somebody chose rather than measured: `5 min`, `1 s`. */
export const roundMs = (ms: number): string =>
  humanMs(ms)
    .replace(/ 00 s$/, "")
    .replace(/\.0+ /, " ");
