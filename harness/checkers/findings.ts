import type { Interval } from "../report.ts";
import { humanMs } from "../text.ts";
import { type Finding, judgeInterval, type Verdict } from "../verdict.ts";

/** Makes the findings of one checker; `evidence` names the files of the pack that it judged by. */
export const finding =
  (check: string, evidence: readonly string[]) =>
  (verdict: Verdict, detail: string): Finding => ({ check, verdict, detail, evidence });

/** What one look at a part of the record came to, before a finding is made of it. */
export type Judged = Pick<Finding, "verdict" | "detail">;

/** An interval against an objective, in words. */
export function againstObjective(what: string, { lowerMs, upperMs }: Interval, objectiveMs: number): Judged {
  const verdict = judgeInterval(lowerMs, upperMs, objectiveMs);
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
