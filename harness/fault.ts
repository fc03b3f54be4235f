import type { z } from "zod";
import type { Component } from "./component.ts";
import type { Node } from "./node.ts";
import type { Bracket } from "./time.ts";

/** What a fault asks of the machine; `doctor` probes for each and a drill refuses to start without it (exit 6). */
export type HostNeed = "netns-drop" | "freezer" | "toxiproxy" | "power-cut";

/** What the disk of a node can be, where a fault is to cut its power. */
export const FILESYSTEMS = ["ext4", "xfs"] as const;
export type Filesystem = (typeof FILESYSTEMS)[number];

/** A capability that a step needs because of one of its parameters. */
export interface Ask {
  readonly key: string;
  readonly word: string;
}

export interface FaultTarget {
  readonly component: Component;
  /** null when the target is a whole component: then the fault acts on its client path. */
  readonly node: Node | null;
}

/**
 * One way to break something. `inject` resolves when the fault is effective; `effect` proves that it bites, from what was
 * observed and never from the command's exit code; `heal` is idempotent and always called.
 */
export interface FaultKind<Params = unknown> {
  readonly name: string;
  readonly summary: string;
  readonly target: "node" | "component";
  readonly needs: readonly HostNeed[];
  /** The capability that its target must have, a word of the component's kind; none if left out. */
  readonly requires?: string;
  /** What these parameters ask of it beside that, each with the key that asks. */
  asks?(params: Params): readonly Ask[];
  /** Everything in the step beside `fault`, `target`, `as`, `at` and `when`. */
  readonly params: z.ZodObject & z.ZodType<Params>;
  /** For a fault that needs `power-cut`: the filesystem that the target's disk has to be. */
  filesystem?(params: Params): Filesystem;
  inject(target: FaultTarget, params: Params, context: FaultContext): Promise<Injection>;
}

/** What the drill hands to a fault. */
interface FaultContext {
  readonly signal: AbortSignal;
  /** The step's name. */
  readonly step: string;
  /** Something that the store must refuse was tried; `refused` from what was observed afterwards, never from the answer. */
  readonly attempted: (attempt: { attempt: string; refused: boolean; detail: string }) => void;
  /** What stood in the bytes that were changed, and what stands in one piece with them; see EventData. */
  readonly struck: (elements: { damaged: readonly string[]; beside: readonly string[] }) => void;
  /** Keeps a text in the pack under raw/output/. */
  readonly keep: (name: string, content: string) => Promise<void>;
}

export interface Injection {
  readonly effective: Bracket;
  effect(signal: AbortSignal): Promise<{ observed: boolean; proof: string }>;
  heal(): Promise<void>;
}

/** Gives a fault its parameter type inside its file and forgets it outside, so that registries are plain lists. */
export const defineFault = <Params>(fault: FaultKind<Params>): FaultKind => fault;
