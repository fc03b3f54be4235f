/**
 * Whether what was drilled is good enough to go on: for every scenario that is required, its newest runs of the run ledger, as many
 * as are required, and no choice among them. Each reason to stop is a check of its own.
 */
import { acceptanceOf, type Acceptor } from "./accepted-risk.ts";
import type { PeriodRun, RunTime } from "./period.ts";
import { liesAbove } from "./rank-test.ts";
import type { Report } from "./report.ts";
import { orderStatistics } from "./statistics.ts";
import { humanMs } from "./text.ts";
import { EXIT, type Verdict, worst } from "./verdict.ts";

/** A scenario as it is filed now, and how many of its newest runs are looked at. */
export interface Required {
  readonly scenario: string;
  readonly scenarioSha256: string;
  readonly runs: number;
}

export interface GateInput {
  readonly suite: string;
  readonly required: readonly Required[];
  /** The newest runs of each required scenario, oldest first. */
  readonly runs: readonly PeriodRun[];
  readonly now: string;
  readonly maxAgeMs: number;
  /** Of a signed period report; null where none was given. */
  readonly baseline: readonly RunTime[] | null;
  /** By run, who signed the acceptances in its pack; left out where no failure is let through, whoever accepted it. */
  readonly acceptors?: ReadonlyMap<string, readonly Acceptor[]>;
}

type GateCheckName = "present" | "signed" | "class" | "age" | "scenario" | "verdict" | "regression";

export interface GateCheck {
  readonly check: GateCheckName;
  readonly verdict: Verdict;
  readonly detail: string;
  /** Passes for no other reason than that people accepted what failed: the first day on which it no longer does. */
  readonly acceptedUntil?: string;
}

export interface GateRow {
  readonly scenario: string;
  readonly runs: readonly string[];
  readonly verdict: Verdict;
  readonly checks: readonly GateCheck[];
  readonly acceptedUntil?: string;
}

export interface Gate {
  readonly schema: "blackstart/gate/v1";
  readonly suite: string;
  readonly now: string;
  readonly verdict: Verdict;
  readonly exitCode: number;
  readonly rows: readonly GateRow[];
  /** Scenarios that the suite runs too seldom for a rank test: a baseline was given, and says nothing of them. */
  readonly notCompared: readonly string[];
}

/** A run may not come from the future by more than clocks of two machines differ. */
const CLOCKS_MS = 5 * 60_000;
/** The level at which "slower" is no longer called noise. */
const LEVEL = 0.05;
/** With three runs on each side one order of the twenty is the worst: P = 5 %. With fewer nothing can be shown. */
const LEAST_COMPARED = 3;
/** Newest runs of either side that are compared; more decide nothing that these do not. */
const MOST_COMPARED = 100;

export function gateOf(input: GateInput): Gate {
  const rows = input.required.map((required) => rowOf(required, input));
  const verdict = worst(rows.map((row) => row.verdict));
  const exitCode = { pass: EXIT.met, fail: EXIT.missed, unknown: EXIT.inconclusive }[verdict];
  const notCompared = input.baseline === null ? [] : input.required.filter((one) => !isCompared(one));
  return {
    schema: "blackstart/gate/v1",
    suite: input.suite,
    now: input.now,
    verdict,
    exitCode,
    rows,
    notCompared: notCompared.map(({ scenario }) => scenario),
  };
}

function rowOf(required: Required, { runs, now, maxAgeMs, baseline, acceptors }: GateInput): GateRow {
  const own = runs.filter(({ scenario }) => scenario === required.scenario).slice(-required.runs);
  const checks = [
    present(required, own),
    ...(own.length === 0
      ? []
      : [
          signed(own),
          evidenceClass(own),
          age(own, Date.parse(now), maxAgeMs),
          asFiled(required, own),
          asDeclared(own, Date.parse(now), acceptors),
          ...(baseline === null || !isCompared(required) ? [] : [regression(required, own, baseline)]),
        ]),
  ];
  return {
    scenario: required.scenario,
    runs: own.map(({ run }) => run),
    verdict: worst(checks.map(({ verdict }) => verdict)),
    checks,
    ...acceptedIn(checks),
  };
}

const acceptedIn = (checks: readonly GateCheck[]): Pick<GateRow, "acceptedUntil"> => {
  const until = checks.find(({ acceptedUntil }) => acceptedUntil !== undefined)?.acceptedUntil;
  return until === undefined ? {} : { acceptedUntil: until };
};

const isCompared = ({ runs }: Required): boolean => runs >= LEAST_COMPARED;

const check = (name: GateCheckName, wrong: readonly string[], good: string, verdict: Verdict = "fail"): GateCheck =>
  wrong.length > 0
    ? { check: name, verdict, detail: wrong.join("; ") }
    : { check: name, verdict: "pass", detail: good };

const present = ({ runs }: Required, own: readonly PeriodRun[]): GateCheck =>
  check(
    "present",
    own.length < runs ? [`${own.length} of ${runs} required runs are in the ledger`] : [],
    `the newest ${runs === 1 ? "run" : `${runs} runs`} of the ledger`,
  );

/** A run that did not come to a result has no pack, and nobody can say what it would have shown. */
const signed = (own: readonly PeriodRun[]): GateCheck =>
  check(
    "signed",
    own.flatMap(({ run, end, report, gap }) => (report ? [] : [`${run}: ${gap ?? `it ended as ${end}`}`])),
    "every pack verifies under a pinned key, and its figures come out again from its raw files",
  );

const evidenceClass = (own: readonly PeriodRun[]): GateCheck =>
  check(
    "class",
    own.flatMap(({ run, report }) =>
      report && report.class !== "attested"
        ? [`${run} is ${report.class}: ${[...new Set(report.classReasons)].join(", ")}`]
        : [],
    ),
    "attested",
  );

function age(own: readonly PeriodRun[], nowMs: number, maxAgeMs: number): GateCheck {
  const wrong = own.flatMap(({ run, wall }) => {
    const ageMs = nowMs - Date.parse(wall);
    if (ageMs > maxAgeMs) return [`${run} is ${days(ageMs)} old, at most ${days(maxAgeMs)} are allowed`];
    return ageMs < -CLOCKS_MS ? [`${run} was begun ${days(-ageMs)} in the future`] : [];
  });
  return check("age", wrong, `at most ${days(maxAgeMs)} old`);
}

const days = (ms: number): string => {
  const hours = ms / 3_600_000;
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(1)} days`;
};

const asFiled = ({ scenarioSha256 }: Required, own: readonly PeriodRun[]): GateCheck =>
  check(
    "scenario",
    own.flatMap((run) =>
      run.scenarioSha256 === scenarioSha256 ? [] : [`${run.run} ran another version of the scenario`],
    ),
    "the scenario as it is filed",
  );

/** Whoever accepted a failure does not speak for another one: every run that is not as declared needs an acceptance of its own. */
function asDeclared(own: readonly PeriodRun[], nowMs: number, acceptors: GateInput["acceptors"]): GateCheck {
  const wrong = own
    .flatMap((run) => (run.report && run.exitCode !== EXIT.met ? [{ ...run, report: run.report }] : []))
    .map((run) => ({ ...run, accepted: acceptors && acceptanceOf(run, acceptors.get(run.run) ?? [], nowMs) }));
  const through = wrong.flatMap(({ run, accepted }) =>
    accepted?.until === undefined ? [] : [{ until: accepted.until, words: `${run}: ${accepted.words}` }],
  );
  const left = wrong.filter(({ accepted }) => accepted?.until === undefined);
  if (left.length === 0 && through.length > 0) return letThrough(through);
  const words = left.map(({ run, report, accepted }) => {
    const refused = accepted?.refused;
    return `${run}: ${firstWrong(report)}${refused === undefined ? "" : `; not accepted: ${refused}`}`;
  });
  const failed = left.some(({ exitCode }) => exitCode === EXIT.missed);
  return check("verdict", words, "as the scenario declares", failed ? "fail" : "unknown");
}

function letThrough(accepted: readonly { readonly until: string; readonly words: string }[]): GateCheck {
  const acceptedUntil = accepted.map(({ until }) => until).toSorted()[0]!;
  const detail = `accepted until ${acceptedUntil}: ${accepted.map(({ words }) => words).join("; ")}`;
  return { check: "verdict", verdict: "pass", detail, acceptedUntil };
}

function firstWrong({ reasons, verdict }: Report): string {
  const first =
    reasons.find((reason) => reason.verdict === "fail") ?? reasons.find((reason) => reason.verdict !== "pass");
  return `${verdict}${first ? `, ${first.check}: ${first.detail}` : ""}`;
}

/**
 * Recovery times against the baseline's, by ranks. "Slower but within noise" is an outcome of its own and passes; where so few
 * runs could show nothing, nothing is known and it does not pass.
 */
function regression(
  { scenario, scenarioSha256 }: Required,
  own: readonly PeriodRun[],
  baseline: readonly RunTime[],
): GateCheck {
  const said = (verdict: Verdict, detail: string): GateCheck => ({ check: "regression", verdict, detail });
  const of = baseline.filter((time) => time.scenario === scenario);
  if (of.length === 0) return said("unknown", "the baseline has no run of it");
  if (of.some((time) => time.scenarioSha256 !== scenarioSha256))
    return said("unknown", "the baseline ran another version of the scenario: make a new one");
  const later = own
    .flatMap(({ report }) => (report?.recoveryTime ? [report.recoveryTime.upperMs] : []))
    .slice(-MOST_COMPARED);
  const before = of.flatMap(({ upperMs }) => (upperMs === null ? [] : [upperMs])).slice(-MOST_COMPARED);
  const test = liesAbove(later, before);
  if (!test) return said("unknown", "no recovery time was measured on one of the two sides");
  const [now, then] = [orderStatistics(later)!.median, orderStatistics(before)!.median];
  const words = `median ${humanMs(now)} of ${later.length} against ${humanMs(then)} of ${before.length}, P = ${test.p.toFixed(3)}`;
  if (test.p <= LEVEL) return said("fail", `slower than the baseline: ${words}`);
  if (test.leastP > LEVEL)
    return said("unknown", `too few runs to tell: ${words}, and no result could go below ${test.leastP.toFixed(3)}`);
  return said("pass", now > then ? `slower, but within noise: ${words}` : `not slower: ${words}`);
}
