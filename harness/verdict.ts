/** Three values, never two: what was not proven is unknown, and unknown never passes. */
export type Verdict = "pass" | "fail" | "unknown";

const rank: Record<Verdict, number> = { pass: 0, unknown: 1, fail: 2 };

/** The worst of several verdicts: fail beats unknown, unknown beats pass. No verdict at all is unknown. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return "unknown";
  return verdicts.reduce((a, b) => (rank[b] > rank[a] ? b : a));
}

/**
 * An interval against an objective of the same unit: only an upper bound under it passes, only a lower bound at or over it fails,
 * and what lies across it is unknown.
 */
export const judgeInterval = (lower: number, upper: number, objective: number): Verdict =>
  upper < objective ? "pass" : lower >= objective ? "fail" : "unknown";

/** What one checker found. `detail` is one sentence with the numbers and objects in it; `evidence` names files of the pack. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly detail: string;
  readonly evidence: readonly string[];
}

/**
 * Exit codes of the command line, part of the interface.
 * 0 objectives met · 1 objective missed · 2 usage or invalid scenario · 3 inconclusive · 4 cleanup failed, host not clean ·
 * 5 evidence does not verify · 6 environment not ready · 130/143 interrupted, after rollback.
 */
export const EXIT = {
  met: 0,
  missed: 1,
  usage: 2,
  inconclusive: 3,
  notClean: 4,
  unverified: 5,
  notReady: 6,
  sigint: 130,
  sigterm: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** From best to worst: a missed objective outranks an inconclusive drill, as fail outranks unknown. */
const EXIT_RANK: readonly ExitCode[] = [
  EXIT.met,
  EXIT.inconclusive,
  EXIT.missed,
  EXIT.unverified,
  EXIT.notReady,
  EXIT.usage,
  EXIT.notClean,
  EXIT.sigterm,
  EXIT.sigint,
];

/** The exit code of several drills: the worst wins. */
export const worstExit = (codes: readonly ExitCode[]): ExitCode =>
  codes.reduce((a, b) => (EXIT_RANK.indexOf(b) > EXIT_RANK.indexOf(a) ? b : a), EXIT.met as ExitCode);
