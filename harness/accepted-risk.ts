/**
 * Whether a failure is one that people have accepted: signed before the drill, for this finding, and until a day that has not come.
 * It changes no verdict; `gate` alone may let such a failure through, where it is asked to.
 */
import type { PeriodRun } from "./period.ts";
import type { AcceptedRisk, Report } from "./report.ts";
import type { Finding } from "./verdict.ts";

/** Who signed one of the acceptances in a pack, of those whom the verifier allows; or why that is nobody. */
export type Acceptor = { readonly id: string } & (
  { readonly principal: string; readonly refused?: never } | { readonly principal?: never; readonly refused: string }
);

/** `until`: the first day on which one of the risks is no longer accepted. */
type Acceptance =
  | { readonly until: string; readonly words: string; readonly refused?: never }
  | { readonly until?: never; readonly refused: string };

type Judged = Pick<PeriodRun, "end"> & { readonly report: Report };

/** Every failing finding has to be covered; one that is not, or one that is not known, and nothing is accepted. */
export function acceptanceOf({ report, end }: Judged, acceptors: readonly Acceptor[], nowMs: number): Acceptance {
  const failing = report.reasons.filter(({ verdict }) => verdict === "fail");
  const refused = refusedAtOnce(report, end, failing);
  if (refused !== null) return { refused };
  const covers = failing.map(({ check }) => coverOf(check, report.acceptances ?? [], acceptors, nowMs));
  const missing = covers.flatMap((cover) => cover.refused ?? []);
  if (missing.length > 0) return { refused: missing.join("; ") };
  const held = covers.flatMap((cover) => (cover.refused === undefined ? [cover] : []));
  return { until: held.map(({ until }) => until).toSorted()[0]!, words: held.map(({ words }) => words).join("; ") };
}

/** What no signature can accept. */
function refusedAtOnce(
  { verdict, expect, reasons }: Report,
  end: PeriodRun["end"],
  failing: readonly Finding[],
): string | null {
  if (end !== "result") return `it ended as ${end}`;
  if (verdict !== "fail") return `${verdict} is never accepted`;
  if (expect === "fail")
    return "that a control does not fail as declared is never accepted: a fault or a check is blind";
  if (failing.length === 0) return "no finding says what failed";
  const unknown = reasons.filter((finding) => finding.verdict === "unknown").map(({ check }) => check);
  return unknown.length > 0 ? `what is not known is never accepted: ${unknown.join(", ")}` : null;
}

/** The acceptance of a finding that holds the longest, or why none does. */
function coverOf(
  check: string,
  accepted: readonly AcceptedRisk[],
  acceptors: readonly Acceptor[],
  nowMs: number,
): Acceptance {
  const own = accepted.filter(({ finding }) => finding === check);
  if (own.length === 0) return { refused: `nobody accepted ${check}` };
  const judged = own.map((risk) => ({ risk, why: whyNot(risk, acceptors, nowMs) }));
  const best = judged
    .filter(({ why }) => why === null)
    .map(({ risk }) => risk)
    .toSorted((a, b) => b.until.localeCompare(a.until))[0];
  if (best === undefined)
    return { refused: judged.map(({ risk, why }) => `${risk.id}, of ${check}, ${why}`).join("; ") };
  const { principal } = acceptors.find(({ id }) => id === best.id)!;
  return {
    until: best.until,
    words: `${check} by ${best.id} of ${best.owner}, signed by ${principal}, because ${best.because}`,
  };
}

function whyNot(risk: AcceptedRisk, acceptors: readonly Acceptor[], nowMs: number): string | null {
  const acceptor = acceptors.find(({ id }) => id === risk.id);
  if (acceptor?.principal === undefined) return acceptor?.refused ?? "is signed by nobody";
  if (risk.state !== "in force") return `was ${STATE_WORDS[risk.state]} when the intent was signed`;
  const state = stateAt(risk, nowMs);
  return state === "in force" ? null : `is ${STATE_WORDS[state]} now`;
}

export const STATE_WORDS = { "in force": "in force", expired: "expired", "not yet": "not yet in force" } as const;

/** Days are those of UTC; on the last one, `until`, it is over. */
export function stateAt({ from, until }: Pick<AcceptedRisk, "from" | "until">, atMs: number): AcceptedRisk["state"] {
  if (atMs < Date.parse(from)) return "not yet";
  return atMs < Date.parse(until) ? "in force" : "expired";
}
