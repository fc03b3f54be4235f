import type { z } from "zod";
import type { Ask, FaultTarget } from "./fault.ts";

/**
 * What a team does anyway: a backup, an expiry, a restore point. It breaks nothing and recovers nothing, and yet a drill may hang
 * on whether it went before or after, or on whether it only said that it had worked.
 */
export interface RoutineKind<Params = unknown> {
  readonly name: string;
  readonly summary: string;
  readonly target: "node" | "component";
  /** The capability that its target must have, a word of the component's kind; none if left out. */
  readonly requires?: string;
  /** What these parameters ask of it beside that, each with the key that asks. */
  asks?(params: Params): readonly Ask[];
  readonly params: z.ZodObject & z.ZodType<Params>;
  /** Resolves with what was done, in words. Rejects when it failed; that fails the drill unless the step says `expect: refused`. */
  run(target: FaultTarget, params: Params, context: RoutineContext): Promise<string>;
}

interface RoutineContext {
  readonly signal: AbortSignal;
  /** The step's name; what it leaves behind is known by it. */
  readonly step: string;
  /** Keeps a text in the pack under raw/output/. */
  readonly keep: (name: string, content: string) => Promise<void>;
}

export const defineRoutine = <Params>(routine: RoutineKind<Params>): RoutineKind => routine;
