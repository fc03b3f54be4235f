/**
 * What a run leaves on disk, as the checkers see it. Everything right of the drill reads a History and nothing else, so that a
 * verdict can be made again from the pack alone. The types below mirror the raw files; all times are milliseconds after the
 * run's origin (the first journal event), taken from the monotonic clock.
 */
import type { Plan } from "./plan.ts";

/** ok: acknowledged. fail: certainly not executed. info: nobody knows, so present and absent are both legal. */
export type Outcome = "ok" | "fail" | "info";

/** One line of raw/operations.jsonl. */
export interface Operation {
  readonly op: string;
  /** The component that was written to. */
  readonly store: string;
  readonly workload: string;
  /** 0, 1, 2 … without a gap within one workload; a gap makes the verdict unknown. */
  readonly seq: number;
  readonly kind: "insert" | "transfer";
  readonly sha256: string;
  /** When the schedule wanted it. */
  readonly dueMs: number;
  /** When it was sent; for a write that was never sent, when it was given up. */
  readonly invokedMs: number;
  readonly endedMs: number | null;
  readonly outcome: Outcome;
  readonly error: string | null;
  /** Who answered: the node's own name for itself. */
  readonly node: string | null;
  /** The history that the write went into: a timeline, a replication id. */
  readonly lineage: string | null;
  /** Where that history stood while the write ran, in the store's own notation: a lower bound of where the write stands. */
  readonly position: string | null;
  /** What the store called this version of the element. */
  readonly version: string | null;
  readonly conn: number | null;
}

/**
 * One request of a user to the application that a workload goes through, with several operations behind it. Read out of the load
 * generator's own lines, raw/requests-<workload>.txt.
 */
export interface UserRequest {
  readonly workload: string;
  readonly op: string;
  readonly dueMs: number;
  readonly invokedMs: number;
  /** When its end was noticed: an answer, or the end of the user's patience; null when nobody saw it. */
  readonly endedMs: number | null;
  /** HTTP status of the answer; 0 when there was none. */
  readonly status: number;
}

/** One line of raw/probes.jsonl. Probes named `detector:<step>` belong to a detector. */
export interface ProbeSample {
  readonly probe: string;
  readonly dueMs: number;
  readonly endedMs: number;
  readonly ok: boolean;
  readonly error: string | null;
}

/** One line of raw/recovered.jsonl: one element found in the store that serves after the recovery, its hash taken from what was read. */
export interface RecoveredElement {
  readonly op: string;
  readonly store: string;
  readonly sha256: string;
  /** Set on rows written by a transfer. */
  readonly transfer: { from: number; to: number; amount: number } | null;
}

/**
 * One line of raw/inventory.jsonl: an element that the store lists by another way than the one it is read by (an index of versions,
 * a snapshot's keys), for a store whose history has no positions. Where `store` is a node, a row of that node, which follows the one
 * that serves; `version` is then the hash of its content.
 */
export interface ListedElement {
  readonly store: string;
  readonly op: string;
  readonly version: string | null;
}

/** One line of raw/accounts.jsonl: the balance of one account as read back, and what it was seeded with. */
export interface RecoveredAccount {
  readonly store: string;
  readonly account: number;
  readonly initial: number;
  readonly balance: number;
}

/** One line of raw/engine-events.jsonl: what the container engine says happened to a node, on its own clock. */
export interface EngineEvent {
  readonly node: string;
  readonly action: string;
  /** Engine wall clock, nanoseconds since the epoch. */
  readonly wallNs: bigint;
}

/** One line of raw/facts.jsonl: what a node said of itself. `values` is the component's own vocabulary, see its facts file. */
export interface NodeFacts {
  readonly at: "steady" | "fault" | "recovered";
  readonly ms: number;
  readonly component: string;
  readonly node: string;
  readonly values: Readonly<Record<string, string>>;
}

/** One journal entry (raw/events.jsonl). `data` depends on the kind; see `EventData`. */
export type JournalEvent = {
  [K in keyof EventData]: {
    readonly seq: number;
    readonly ms: number;
    readonly wall: string;
    readonly kind: K;
    readonly data: EventData[K];
  };
}[keyof EventData];

/** Instants inside `data` are monotonic nanoseconds as decimal strings, like everything in the raw files. */
export interface EventData {
  "run-started": { run: string; scenario: string; seed: number };
  "intent-signed": { sha256: string; ledgerIndex: number };
  /** `at` of phase marks is the event's own time. */
  "phase-started": { phase: Phase };
  "phase-ended": { phase: Phase; error?: string };
  "clock-bracket": ClockBracket;
  "step-started": { step: string };
  /** The fault was observed to bite between fromNs and toNs. */
  "fault-effective": { step: string; fault: string; target: string; fromNs: string; toNs: string };
  /** The proof that was found later, or that none was found: a fault without effect makes the verdict unknown. */
  "fault-proven": { step: string; fault: string; target: string; observed: boolean; proof: string };
  "fault-healed": { step: string; target: string };
  /** The detector's last sample that counted ended at toNs. */
  detected: { step: string; probe: string; fails: number; toNs: string };
  "recovery-started": { step: string; recovery: string; target: string; human: boolean };
  /** One milestone of a recovery procedure: fenced, promoted, repointed, started, restored … */
  "recovery-mark": { step: string; mark: string; fromNs: string; toNs: string };
  "recovery-ended": { step: string; ok: boolean; error?: string };
  /** After this instant writes stop being issued on purpose. */
  "workload-stopped": { operations: number };
  redundancy: { state: "restored" | "not-restored"; detail: string };
  /** Something that must be refused was tried. `refused` says what was observed, never what the answer claimed. */
  attempt: { step: string; attempt: string; refused: boolean; detail: string };
  /** What a reconciliation did to one operation on purpose: taken away (its history was given up) or written again. */
  reconciled: { step: string; op: string; store: string; action: "discarded" | "replayed" };
  /**
   * What stood in the bytes that a fault changed, read out of them before: the elements whose own bytes changed, and those beside
   * them in what is read as one with them. What became of them is for the read-back to find.
   */
  struck: { step: string; store: string; damaged: readonly string[]; beside: readonly string[] };
  /**
   * A restore was told to end there: whatever was acknowledged on that lineage at or beyond the position is given up on purpose.
   * A lower bound of where each write stands is enough to tell, for what is lost is known from the read-back. The point itself is
   * known as lying between `position` and `upTo`: a transaction, a time and a name have no position of their own.
   */
  rewound: { step: string; store: string; lineage: string; position: string; upTo?: string };
  "routine-ended": {
    step: string;
    routine: string;
    target: string;
    ok: boolean;
    detail: string;
    fromNs: string;
    toNs: string;
  };
  /** Everything that is in a component was read back between these instants. */
  "read-back": { component: string; fromNs: string; toNs: string };
  /**
   * A tool that is meant to notice damage was run on what the recovery left, or on the archive. `not-run`: it could not be, and
   * `detail` says why; that is not silence.
   */
  "detector-ran": {
    component: string;
    detector: string;
    noticed: "yes" | "no" | "not-run";
    detail: string;
    fromNs: string;
    toNs: string;
  };
  /**
   * A backup was complete. `dataBytes`: the databases that it stands for, as the server counted them; `storedBytes`: what the store
   * keeps of it.
   */
  "backup-taken": BackupTaken;
  /** A machine was filled from a backup between fromNs and fetchedNs, and served as asked at toNs. */
  restored: {
    step: string;
    node: string;
    backup: string;
    level: string;
    /** The databases on the restored machine, as its server counted them. */
    dataBytes: number;
    /** From where the backup's history begins to the last of it that was replayed; what segments were left unfilled counts. */
    walBytes: number;
    fromNs: string;
    fetchedNs: string;
    toNs: string;
  };
  /**
   * A look at continuous archiving that differs from the one before, or the last there was. What changed did so between `fromNs`,
   * when the look before began, and `toNs`.
   */
  "archive-looked": ArchiveLook & { component: string; fromNs: string; toNs: string };
  /** An alarm of archive-alarms.ts began to hold. */
  "archive-alarm": { component: string; alarm: string; toNs: string };
  note: { text: string };
  "run-ended": { outcome: "completed" | "aborted"; error?: string };
}

export interface BackupTaken {
  readonly component: string;
  readonly label: string;
  readonly level: string;
  readonly dataBytes: number;
  readonly storedBytes: number;
  readonly fromNs: string;
  readonly toNs: string;
}

/** What an operations team could see of continuous archiving at one moment. */
export interface ArchiveLook {
  readonly node: string;
  /** The segment of history that is being written, by its name in the archive. */
  readonly current: string;
  /** The last one that the server counts as archived. */
  readonly archived: string | null;
  /** How often the server has counted a failure so far, and how many segments wait by its own list. */
  readonly failures: number;
  readonly waiting: number;
  /** Complete since the watch began and not in the store's list; null where the store could not be asked. */
  readonly unstored: readonly string[] | null;
  /** After how long the server completes a segment that is not full; 0 where it never does. */
  readonly timeoutMs: number;
}

export type Phase = "stack" | "steady" | "steps" | "settle" | "read-back" | "down";

/** One look at several clocks at once; together they show a clock that was faked or that stepped. */
export interface ClockBracket {
  readonly label: string;
  readonly fromNs: string;
  readonly toNs: string;
  /** Wall clock of this process, nanoseconds since the epoch (millisecond resolution). */
  readonly wallNs: string;
  /** /proc/uptime in nanoseconds, 10 ms resolution; null where there is none. */
  readonly uptimeNs: string | null;
  /** clock_timestamp() (or its like) of a node that still answers, nanoseconds since the epoch, with the node's name. */
  readonly stores: readonly { node: string; fromNs: string; toNs: string; wallNs: string }[];
}

export interface HostFacts {
  readonly kernel: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly engine: string;
  readonly node: string;
  readonly blackstart: string;
  readonly evaluatorSha256: string;
  readonly dirty: boolean | null;
  readonly environmentKind: "container-lab" | "staging" | "production-like";
  readonly clockSynchronised: boolean | null;
  readonly preload: string | null;
  /** Longest stall of the harness's own event loop while measuring, ms: part of every error bound. */
  readonly eventLoopStallMs: number;
}

export interface ImageFacts {
  readonly component: string;
  readonly name: string;
  /** The engine's image id; `digest` only where it came from a registry. */
  readonly id: string;
  readonly digest: string | null;
  readonly origin: "local" | "pulled" | "built";
}

export interface History {
  readonly run: string;
  readonly dir: string;
  readonly plan: Plan;
  readonly scenarioText: string;
  readonly originNs: bigint;
  readonly events: readonly JournalEvent[];
  readonly operations: readonly Operation[];
  /** By workload and number; none where no workload goes through an application. */
  readonly requests: readonly UserRequest[];
  readonly probes: readonly ProbeSample[];
  readonly recovered: readonly RecoveredElement[];
  readonly accounts: readonly RecoveredAccount[];
  readonly inventory: readonly ListedElement[];
  readonly facts: readonly NodeFacts[];
  readonly engineEvents: readonly EngineEvent[];
  /** Server logs by node name, as the server wrote them. */
  readonly logs: Readonly<Record<string, string>>;
  readonly host: HostFacts;
  readonly images: readonly ImageFacts[];
  /** What is wrong with the record itself (truncated, chain broken, file missing, gap). Any entry makes the verdict unknown. */
  readonly defects: readonly string[];
}
