import type { z } from "zod";
import type { ComponentKind, NodeSpec } from "../component.ts";
import type { Choice } from "./choices.ts";
import type { FaultKind } from "../fault.ts";
import type { PlannedStart } from "../plan.ts";
import type { RecoveryKind } from "../recovery.ts";
import type { RoutineKind } from "../routine.ts";
import type { WorkloadConfig, WorkloadKind } from "../workloads.ts";
import type { plainKeys } from "./shape.ts";

type PlainKeys = { readonly [Key in keyof typeof plainKeys]: z.output<(typeof plainKeys)[Key]> };

/** A drill as its file says it: checked, but neither resolved against a policy nor given a seed. Durations are milliseconds. */
export interface Scenario extends PlainKeys {
  readonly stack: readonly StackEntry[];
  readonly workload: readonly WorkloadEntry[];
  readonly steps: readonly StepEntry[];
}

interface StackEntry {
  readonly name: string;
  readonly kind: ComponentKind;
  /** What it may turn out to be, the preferred first; `config` and `nodes` are those of the first. */
  readonly choices: readonly Choice[];
  readonly config: unknown;
  readonly nodes: readonly NodeSpec[];
}

interface WorkloadEntry {
  readonly name: string | undefined;
  readonly kind: WorkloadKind;
  readonly config: WorkloadConfig;
}

interface StepCommon {
  /** Unique; made from the kind where the file gives none. */
  readonly name: string;
  readonly start: PlannedStart;
}

interface FaultStep extends StepCommon {
  readonly does: "fault";
  readonly kind: FaultKind;
  readonly target: string;
  readonly params: Record<string, unknown>;
}

interface RecoverStep extends StepCommon {
  readonly does: "recover";
  readonly kind: RecoveryKind;
  readonly target: string;
  readonly params: Record<string, unknown>;
  readonly expect: "success" | "refused";
  readonly because: string | undefined;
}

interface RoutineStep extends StepCommon {
  readonly does: "routine";
  readonly kind: RoutineKind;
  readonly target: string;
  readonly params: Record<string, unknown>;
  readonly expect: "success" | "refused";
  readonly because: string | undefined;
}

interface HealStep extends StepCommon {
  readonly does: "heal";
  readonly fault: string;
}

export type StepEntry = FaultStep | RecoverStep | RoutineStep | HealStep;

/**
 * A scenario that may still have problems: a part that was refused is undefined, so that the rest can be judged without
 * complaining twice. Items keep their index in the file.
 */
export type Draft = { readonly [Key in keyof PlainKeys]: PlainKeys[Key] | undefined } & {
  readonly stack: readonly StackDraft[] | undefined;
  readonly workload: readonly WorkloadDraft[] | undefined;
  readonly steps: readonly StepDraft[] | undefined;
};

type Unsure<T, Sure extends keyof T = never> = {
  readonly [Key in keyof T]: Key extends Sure ? T[Key] : T[Key] | undefined;
};

export type StackDraft = Unsure<StackEntry, "name">;
export type WorkloadDraft = Unsure<WorkloadEntry>;
export type ActDraft = Unsure<FaultStep, "does"> | Unsure<RecoverStep, "does"> | Unsure<RoutineStep, "does">;
export type StepDraft =
  | ActDraft
  | Unsure<HealStep, "does">
  | { readonly does: undefined; readonly name: undefined; readonly start: undefined };
