/**
 * A Plan is a Scenario with every name resolved, every duration in milliseconds and every default written out. It is plain
 * JSON, is signed in the intent before anything breaks, and is all that the drill and the checkers read.
 */
export interface Plan {
  readonly schema: "blackstart/plan/v1";
  readonly scenario: { id: string; title: string; file: string; sha256: string; covers: string[]; controls: string[] };
  /** `path=value` of every `--set`; a run with any is marked as overridden. */
  readonly overrides: string[];
  /** 32 bits; every random choice of the run (payloads, jitter) is derived from it. */
  readonly seed: number;
  readonly policy: { id: string; sha256: string };
  readonly objectives: Objectives;
  readonly components: PlannedComponent[];
  readonly workload: PlannedWorkload[];
  readonly probes: PlannedProbe[];
  readonly steadyState: { holdMs: number; errors: number; timeoutMs: number };
  readonly steps: PlannedStep[];
  /** How long every critical probe must succeed without a break before the recovery counts. */
  readonly settleMs: number;
  readonly verify: string[];
  /** What the catalogue says must come of it; null where the scenario does not say. */
  readonly outcome: OutcomeClass | null;
  readonly expect: Expectation;
}

/**
 * What a drill must show. zero: no acknowledged write is lost. lossy: some are, by design, and are counted. closed: the system
 * refuses to start or to write rather than go on wrong. silent: the stock stack reports success and is wrong. block: it stops
 * serving on purpose to lose nothing.
 */
export const OUTCOME_CLASSES = ["zero", "lossy", "closed", "silent", "block"] as const;
export type OutcomeClass = (typeof OUTCOME_CLASSES)[number];

export interface Objectives {
  readonly recoveryTimeMs: number;
  readonly lostWrites: number;
  readonly detectionMs: number;
}

/** What a control must show: a control in which nothing is found wrong is a failed drill. */
export interface Expectation {
  readonly verdict: "pass" | "fail";
  /** Bounds of the acknowledged writes that must be lost. */
  readonly lost?: { min: number; max?: number; shape?: "suffix" | "hole" };
  /** Bounds of the elements that must come back with other content than was sent. */
  readonly mutated?: { min: number; max?: number };
  /** Bounds of the operations that must be there more than once. */
  readonly duplicated?: { min: number; max?: number };
  /** Bounds of the elements that must be there though nobody sent them. */
  readonly phantom?: { min: number; max?: number };
  /** The checks that must fail, all of them and no other; empty with `verdict: pass`. */
  readonly failed: string[];
}

interface PlannedComponent {
  readonly name: string;
  readonly kind: string;
  /** What stands behind it, where its kind leaves that open. */
  readonly choice?: string;
  /** What the component kind's own schema made of the YAML, defaults included. */
  readonly config: unknown;
  /** Full names of its nodes (`db.primary`), in boot order. */
  readonly nodes: string[];
}

export interface PlannedWorkload {
  readonly name: string;
  readonly kind: string;
  /** The components that each operation is written to, in this order. */
  readonly targets: string[];
  readonly ratePerSecond: number;
  readonly connections: number;
  /** Share of the operations, 0 to 1, that move an amount between two accounts instead of inserting one row. */
  readonly transfers: number;
  /** Size of what each write carries; a hash's length where it is not said. */
  readonly payloadBytes?: number;
  /** Every write goes to the same element, which keeps them as its versions. */
  readonly oneKey?: true;
  /** The client's own patience: what has not answered by then is indeterminate. Counted from the moment it was due. */
  readonly timeoutMs: number;
}

/** An open-loop probe on the client path. `critical` ones decide when the recovery is over. */
export interface PlannedProbe {
  readonly name: string;
  readonly target: string;
  readonly mode: "read" | "write";
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly critical: boolean;
}

/** When a step starts: a planned instant after the step before it ended, a trigger of the target, or a detector. */
export type PlannedStart =
  | { readonly by: "time"; readonly afterMs: number; readonly jitterMs: number }
  | { readonly by: "trigger"; readonly on: string }
  | {
      readonly by: "detector";
      readonly probe: string;
      readonly fails: number;
      readonly everyMs: number;
      readonly timeoutMs: number;
    };

export type PlannedStep = {
  /** Unique in the plan; what `heal` refers to and what the report calls the step. */
  readonly name: string;
  readonly start: PlannedStart;
} & (
  | { readonly does: "fault"; readonly kind: string; readonly target: string; readonly params: Record<string, unknown> }
  | {
      readonly does: "recover";
      readonly kind: string;
      readonly target: string;
      readonly params: Record<string, unknown>;
      /** refused: the procedure must not be accepted; that it succeeds is the failure. */
      readonly expect: "success" | "refused";
      /** Words that the refusal must contain. */
      readonly because?: string;
    }
  | {
      readonly does: "routine";
      readonly kind: string;
      readonly target: string;
      readonly params: Record<string, unknown>;
      readonly expect: "success" | "refused";
      /** Words that the refusal must contain. */
      readonly because?: string;
    }
  | { readonly does: "heal"; readonly fault: string }
);
