import type { z } from "zod";
import type { Component, WriteRequest } from "./component.ts";
import type { Rewind } from "./archive.ts";
import type { Ask, FaultTarget } from "./fault.ts";
import type { EventData } from "./history.ts";
import type { Bracket } from "./time.ts";

/** The procedure under test. Healing a fault is not recovery. */
export interface RecoveryKind<Params = unknown> {
  readonly name: string;
  readonly summary: string;
  readonly target: "node" | "component";
  /** The system under test decides and acts; the step only waits for it, so that no person stands behind it. */
  readonly byItself?: true;
  readonly params: z.ZodObject & z.ZodType<Params>;
  /** The capability that its target must have, a word of the component's kind; none if left out. */
  readonly requires?: string;
  /** What these parameters ask of it beside that, each with the key that asks. */
  asks?(params: Params): readonly Ask[];
  /** Rejects when the procedure failed; that fails the drill. */
  recover(target: FaultTarget, params: Params, context: RecoveryContext): Promise<void>;
}

export interface RecoveryContext {
  readonly signal: AbortSignal;
  /** Every component of the stack, by name: a reconciliation works across stores. */
  readonly stack: ReadonlyMap<string, Component>;
  /** Wall clock, ms since the epoch, before which the component's last fault had no effect yet; null when it had none. */
  readonly beforeFaultMs: number | null;
  /** The same of the first fault of the target's component: what lies before it was whole. */
  readonly beforeAnyFaultMs: number | null;
  /** The clients' outbox: what they sent to this component and never learned the end of, so far. */
  readonly unsure: (component: string) => readonly WriteRequest[];
  /** An operation that was taken away or written again on purpose. */
  readonly reconciled: (element: { op: string; store: string; action: "discarded" | "replayed" }) => void;
  /** The restore was told to end there: what was acknowledged beyond is given up on purpose. */
  readonly rewound: (to: Rewind & { store: string }) => void;
  /** A machine was restored and serves as asked. */
  readonly restored: (what: Omit<EventData["restored"], "step">) => void;
  /** A milestone for the waterfall: fenced, promoted, repointed, started … */
  readonly mark: (name: string, at: Bracket) => void;
  /** Output of the user's own scripts and the like, kept in the pack under raw/output/. */
  readonly keep: (name: string, content: string) => Promise<void>;
}

export const defineRecovery = <Params>(recovery: RecoveryKind<Params>): RecoveryKind => recovery;
