import type { z } from "zod";
import type { FaultTarget } from "./fault.ts";
import type { Bracket } from "./time.ts";

/** The procedure under test. Healing a fault is not recovery. */
export interface RecoveryKind<Params = unknown> {
  readonly name: string;
  readonly summary: string;
  readonly target: "node" | "component";
  readonly params: z.ZodObject & z.ZodType<Params>;
  /** Rejects when the procedure failed; that fails the drill. */
  recover(target: FaultTarget, params: Params, context: RecoveryContext): Promise<void>;
}

interface RecoveryContext {
  readonly signal: AbortSignal;
  /** A milestone for the waterfall: fenced, promoted, repointed, started … */
  readonly mark: (name: string, at: Bracket) => void;
  /** Output of the user's own scripts and the like, kept in the pack under raw/output/. */
  readonly keep: (name: string, content: string) => Promise<void>;
}

export const defineRecovery = <Params>(recovery: RecoveryKind<Params>): RecoveryKind => recovery;
