/**
 * The result of a drill as data: what `analyze` makes of a History and what every renderer reads. The first block is the stable
 * contract `blackstart/result/v1`; the rest may grow. report.json in the pack is exactly this.
 */
import type { Objectives } from "./plan.ts";
import type { ExitCode, Finding, Verdict } from "./verdict.ts";
import type { HostFacts, ImageFacts } from "./history.ts";

export type EvidenceClass = "development" | "attested";

/** A measured duration is always an interval: it happened, and it took between lower and upper. */
export interface Interval {
  readonly lowerMs: number;
  readonly upperMs: number;
}

export interface Loss {
  readonly count: number;
  readonly shape: "none" | "suffix" | "hole";
  /** Fault minus the acknowledgement of the oldest lost write. */
  readonly seconds: number;
  /** Acknowledged WAL beyond the point that survived; 0 without loss. */
  readonly walBytes: number;
  readonly byStore: Readonly<Record<string, number>>;
}

export interface Result {
  readonly schema: "blackstart/result/v1";
  readonly run: string;
  readonly scenario: string;
  readonly scenarioSha256: string;
  readonly class: EvidenceClass;
  readonly verdict: Verdict;
  readonly expect: "pass" | "fail";
  readonly exitCode: ExitCode;
  readonly reasons: readonly Finding[];
  /** null when it could not be measured (then a reason says why). */
  readonly recoveryTime: ({ readonly objectiveMs: number } & Interval) | null;
  readonly detection: ({ readonly objectiveMs: number } & Interval) | null;
  readonly operations: {
    readonly invoked: number;
    readonly acknowledged: number;
    readonly failed: number;
    readonly indeterminate: number;
  };
  readonly lost: Loss;
  readonly phantom: number;
  readonly resurrected: number;
  readonly duplicated: number;
  readonly mutated: number;
  readonly stale: number;
  readonly guaranteed: { readonly zeroLoss: boolean; readonly why: readonly string[] };
  /** By name, who noticed that something is wrong; left out where nobody looked. No part of the figures that are signed. */
  readonly detectors?: {
    readonly noticed: readonly string[];
    readonly silent: readonly string[];
    readonly notRun: readonly string[];
  };
  /** Relative to the reports folder's parent, as printed. */
  readonly pack: string;
  readonly bundle: string;
}

/** One line of the waterfall. Times are ms after the fault was effective (negative before it). */
export interface Mark {
  readonly name: MarkName;
  /** The words a report prints. */
  readonly label: string;
  readonly at: Interval | null;
  /** Why there is no time, or what it means. */
  readonly note: string | null;
}

export type MarkName =
  | "effective"
  | "first-error"
  | "detected"
  | "decided"
  | "fenced"
  | "promoted"
  | "repointed"
  | "started"
  | "first-read"
  | "first-write"
  | "sustained"
  | "baseline"
  | "redundancy"
  | (string & {});

/** Counts per bucket of `bucketMs`; index 0 starts at `fromMs` (relative to the fault). Latencies in ms, null where nothing was acknowledged. */
export interface Timeline {
  readonly fromMs: number;
  readonly bucketMs: number;
  readonly acknowledged: readonly number[];
  readonly failed: readonly number[];
  readonly indeterminate: readonly number[];
  readonly latencyP50Ms: readonly (number | null)[];
  readonly latencyP99Ms: readonly (number | null)[];
}

/** An order-statistic claim: "P74 at 95 % confidence from 10 runs" and what was refused. */
export interface Claim {
  readonly n: number;
  readonly supported: string;
  readonly refused: readonly string[];
}

export interface LostOperation {
  readonly op: string;
  readonly store: string;
  readonly ackMs: number;
  readonly node: string | null;
  readonly position: string | null;
  readonly cause: string;
}

/** What the users of an application asked and got, over some of the time. */
export interface UsersPeriod {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  /** From when a request was due to whatever ended it; null without requests. */
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
}

/** The outage as the users of an application saw it, by request. Times are ms after the fault. */
export interface Users {
  readonly requests: number;
  readonly failed: number;
  /** Under way when the load was told to stop; counted nowhere else. */
  readonly underWayAtTheEnd: number;
  /** When the first request was sent that failed because of the fault; null when none did. */
  readonly firstFailedMs: number | null;
  /** When the first good answer came after which no request failed; null when none did. */
  readonly goodAgainMs: number | null;
  readonly outage: Interval | null;
  readonly periods: readonly UsersPeriod[];
  /** Requests by HTTP status (0: no answer), per bucket of when they were sent. */
  readonly statuses: {
    readonly fromMs: number;
    readonly bucketMs: number;
    readonly counts: readonly { readonly status: number; readonly perBucket: readonly number[] }[];
  };
}

export interface BackupRow {
  readonly component: string;
  readonly label: string;
  readonly level: string;
  /** The databases that it stands for, as the server counted them. */
  readonly dataBytes: number;
  /** What the store keeps of it. */
  readonly storedBytes: number;
  readonly tookMs: number;
}

export interface RestoreRow {
  readonly step: string;
  readonly node: string;
  /** Label of the backup. */
  readonly backup: string;
  readonly level: string;
  /** The databases on the restored machine. */
  readonly dataBytes: number;
  /** From where the backup's history begins to the last of it that was replayed; what segments were left unfilled counts. */
  readonly walBytes: number;
  /** Until the backup was unpacked on the machine. */
  readonly fetchMs: number;
  /** From then on until the server served as asked. */
  readonly replayMs: number;
  /** From the backup's completion until the restored machine served; null for a backup that the record does not know. */
  readonly backupAgeMs: number | null;
}

/** What a report says of the selftest whose signed statement lies in its pack. It changes no verdict. */
export interface SelftestOnRecord {
  /** Of the signed statement. */
  readonly sha256: string;
  readonly when: string;
  /** Whole minutes from its end until this drill's intent was signed, by the wall clock; null when it says that it came later. */
  readonly ageMinutes: number | null;
  readonly evaluatorSha256: string;
  /** Whether it put the very evaluator to the test that judged this drill. */
  readonly sameEvaluator: boolean;
  readonly ok: boolean;
  /** Controls that were made by hand; `failed` names those that did not get the finding that they must. */
  readonly planted: { readonly count: number; readonly failed: readonly string[] };
  /** Short drills on real stores that must lose writes; `notRun` says which of them were left out and why. */
  readonly real: {
    readonly count: number;
    readonly failed: readonly string[];
    readonly notRun: readonly { readonly control: string; readonly why: string }[];
  };
}

/** A risk that a person accepted, signed before the drill began. It changes no verdict. */
export interface AcceptedRisk {
  readonly id: string;
  /** The check that finds it. */
  readonly finding: string;
  readonly owner: string;
  readonly because: string;
  /** Days in UTC; on the day of `until` it is over. */
  readonly from: string;
  readonly until: string;
  /** When the intent was signed. */
  readonly state: "in force" | "expired" | "not yet";
}

/** The two that need no tool: what the clients wrote down against what is there, and what the system itself said. No tool may have their names. */
export const LEDGER = "ledger";
export const SERVER = "server";

/** One detector and what came of it. */
export interface DetectorRow {
  readonly component: string;
  readonly detector: string;
  readonly noticed: "yes" | "no" | "not-run";
  /** When it noticed, after the first fault was effective; null where it did not, or where no fault was. */
  readonly after: Interval | null;
  /** Null where nobody had to run it. */
  readonly tookMs: number | null;
  readonly detail: string;
}

export interface Inspection {
  /** The first fault, which the times are counted from. */
  readonly since: { readonly fault: string; readonly target: string } | null;
  readonly rows: readonly DetectorRow[];
  /** A tool noticed damage in what the recovery left or in the archive, and every acknowledged write is there all the same. */
  readonly leftBehind: boolean;
}

export interface Report extends Result {
  readonly title: string;
  readonly sentence: string;
  readonly covers: readonly string[];
  readonly controls: readonly string[];
  readonly startedAt: string;
  readonly endedAt: string;
  readonly objectives: Objectives;
  readonly policy: { readonly id: string; readonly sha256: string };
  readonly overrides: readonly string[];
  readonly seed: number;
  /** Why the class is not higher. */
  readonly classReasons: readonly string[];
  /** True when nothing was lost under settings that permit loss. */
  readonly luckyPass: boolean;
  readonly waterfall: readonly Mark[];
  readonly timeline: Timeline;
  readonly baseline: {
    readonly throughputPerSecond: number;
    readonly latencyP50Ms: number;
    readonly latencyP99Ms: number;
  } | null;
  readonly secondEstimate: {
    readonly method: string;
    readonly lowest: number;
    readonly highest: number;
    readonly agrees: boolean;
  } | null;
  readonly indeterminate: { readonly present: number; readonly absent: number };
  /** Who noticed; left out where nobody looked. */
  readonly inspection?: Inspection;
  /** Of the lost: given up on purpose, by a reconciliation or by a restore that was told to end before them. */
  readonly discarded: number;
  readonly lostOperations: readonly LostOperation[];
  /** For workloads that write to several stores: how many orders stand in exactly these; null where there are none. */
  readonly membership: readonly { readonly stores: readonly string[]; readonly count: number }[] | null;
  /** Null where no workload goes through an application. */
  readonly users: Users | null;
  /** Every backup that was taken, the one before anybody wrote included. */
  readonly backups: readonly BackupRow[];
  /** Every restore that came to a machine that serves. */
  readonly restores: readonly RestoreRow[];
  readonly topology: readonly { readonly node: string; readonly role: string; readonly image: string }[];
  readonly settings: readonly {
    readonly node: string;
    readonly name: string;
    readonly value: string;
    readonly matters: string;
  }[];
  readonly confidence: { readonly errorMs: number; readonly parts: readonly string[]; readonly claim: Claim };
  readonly steps: readonly {
    readonly name: string;
    readonly does: string;
    readonly target: string;
    readonly started: string;
    readonly human: boolean;
  }[];
  readonly host: HostFacts;
  readonly images: readonly ImageFacts[];
  /** Earlier ends of the same scenario in the run ledger, newest first. */
  readonly attempts: {
    readonly number: number;
    readonly windowDays: number;
    readonly passed: number;
    readonly failed: number;
    readonly other: number;
  };
  readonly intent: { readonly sha256: string; readonly ledgerIndex: number } | null;
  readonly keyFingerprint: string | null;
  /** Who outside of this host saw the intent before the fault; left out where nobody did. */
  readonly witnesses?: readonly string[];
  /** The newest selftest of the evaluator that was on record when the intent was signed; null when there was none. */
  readonly selftest: SelftestOnRecord | null;
  /** Risks of this scenario that were accepted when the intent was signed, expired ones included; left out where there are none. */
  readonly acceptances?: readonly AcceptedRisk[];
}
