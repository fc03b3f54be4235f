import type { Interval, Report } from "../report.ts";
import { EXIT, type ExitCode, type Verdict, worstExit } from "../verdict.ts";
import type { Shard, SuiteItem } from "./items.ts";
import type { Suite } from "./read-suite.ts";

/** What came of one drill of a suite. */
export interface SuiteRow {
  readonly key: string;
  readonly scenario: string;
  readonly exitCode: ExitCode;
  /** null where it came to no report; `why` then says why. */
  readonly run: string | null;
  readonly verdict: Verdict | null;
  readonly expect: "pass" | "fail" | null;
  readonly luckyPass: boolean;
  readonly recoveryTime: Interval | null;
  readonly lost: number | null;
  readonly acknowledged: number | null;
  readonly wallMs: number;
  readonly why: string | null;
}

/** What came of a suite, or of one shard of it. */
export interface SuiteOutcome {
  readonly schema: "blackstart/suite-outcome/v1";
  readonly suite: string;
  readonly title: string;
  readonly suiteSha256: string;
  readonly shard: Shard | null;
  readonly startedAt: string;
  readonly endedAt: string;
  /** How often it was taken up again after a break. */
  readonly resumed: number;
  readonly exitCode: ExitCode;
  readonly drills: readonly SuiteRow[];
  /** Of the catalogue ids that the suite requires and this shard has drills for. */
  readonly coverage: { readonly required: readonly string[]; readonly missing: readonly string[] };
}

export interface EndedItem {
  readonly item: SuiteItem;
  readonly exitCode: ExitCode;
  readonly wallMs: number;
  /** null where it came to none that can be believed; `why` then says why. */
  readonly report: Report | null;
  readonly why: string | null;
}

export interface SuiteFacts {
  readonly suite: Suite;
  readonly shard: Shard | null;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly resumed: number;
  /** Drills that the suite asks for and that were not run to their end. */
  readonly left: readonly SuiteItem[];
  /** Why they were not. */
  readonly interrupted: ExitCode | null;
}

/** An id is covered by a drill that ended as its scenario declares. The worst exit code wins, and what was not run never passes. */
export function outcomeOf(ended: readonly EndedItem[], facts: SuiteFacts): SuiteOutcome {
  const { suite, shard, left } = facts;
  const items = [...ended.map(({ item }) => item), ...left];
  const here = new Set(items.flatMap(({ covers }) => covers));
  const held = new Set(ended.filter(({ exitCode }) => exitCode === EXIT.met).flatMap(({ item }) => item.covers));
  const required = suite.covers.filter((id) => here.has(id));
  const missing = required.filter((id) => !held.has(id));
  const codes = [
    ...ended.map(({ exitCode }) => exitCode),
    ...(left.length > 0 || missing.length > 0 ? [EXIT.inconclusive] : []),
    ...(facts.interrupted === null ? [] : [facts.interrupted]),
  ];
  return {
    schema: "blackstart/suite-outcome/v1",
    suite: suite.id,
    title: suite.title,
    suiteSha256: suite.sha256,
    shard,
    startedAt: facts.startedAt,
    endedAt: facts.endedAt,
    resumed: facts.resumed,
    exitCode: worstExit(codes),
    drills: [...ended.map(rowOf), ...left.map(notRun)],
    coverage: { required, missing },
  };
}

const rowOf = ({ item, exitCode, wallMs, report, why }: EndedItem): SuiteRow => ({
  key: item.key,
  scenario: item.scenario,
  exitCode,
  run: report?.run ?? null,
  verdict: report?.verdict ?? null,
  expect: report?.expect ?? null,
  luckyPass: report?.luckyPass ?? false,
  recoveryTime: report?.recoveryTime ?? null,
  lost: report?.lost.count ?? null,
  acknowledged: report?.operations.acknowledged ?? null,
  wallMs,
  why,
});

const notRun = (item: SuiteItem): SuiteRow => ({
  key: item.key,
  scenario: item.scenario,
  exitCode: EXIT.inconclusive,
  run: null,
  verdict: null,
  expect: null,
  luckyPass: false,
  recoveryTime: null,
  lost: null,
  acknowledged: null,
  wallMs: 0,
  why: "the suite ended before it",
});
