/** What components can do around backups and history that is kept elsewhere, and what is done to both. Each is asked for by its guard. */
import type { ArchiveLook, EventData } from "./history.ts";
import type { Where } from "./place.ts";
import type { Bracket } from "./time.ts";
import type { Component } from "./component.ts";
import type { RepairContext } from "./capabilities.ts";

/** Capability: backups and an archive are kept elsewhere, and a machine can be made anew from them. */
export interface Archived {
  /** Takes a backup; rejects when the archiver says that it failed. */
  backUp(level: "full" | "incremental", signal: AbortSignal): Promise<{ label: string; level: string; detail: string }>;
  /** Notes where history stands now, under a name that `restore` may end at; resolves with it in words. */
  markPoint(name: string, signal: AbortSignal): Promise<string>;
  /** Deletes all backups but the newest `keep`, and history; resolves with what it deleted, in words. */
  expireBackups(options: { keep: number; history: "oldest" | "newest" }): Promise<string>;
  /** Fills the machine from the archive and starts it; resolves when it serves as asked. */
  restore(node: string, options: RestoreOptions, context: RestoreContext): Promise<void>;
  /** Hands over the history that the archive does not have yet, and resolves when it has it; in words. */
  archiveNow(signal: AbortSignal): Promise<string>;
  /** Changes what the archiver stored behind its back. */
  damageArchive(damage: ArchiveDamage): Promise<ArchiveDamaged>;
  /** On that machine the archiver's program ends with this exit code when asked for one segment. */
  breakFetch(node: string, failure: { readonly where: Where; readonly exit: number }): Promise<BrokenFetch>;
}

export interface BrokenFetch {
  readonly at: Bracket;
  readonly segment: string;
  /** Whether the segment was asked for and the program ended that way, by its own word in the machine's log; waits for it for a while. */
  asked(signal: AbortSignal): Promise<boolean>;
  undo(): Promise<void>;
}

/** What an archiver stores: pieces of history, what tells its branches apart, and of each backup its data, its list and its mark. */
export const ARCHIVE_PARTS = ["segment", "history", "base", "manifest", "label"] as const;
export type ArchivePart = (typeof ARCHIVE_PARTS)[number];
export const ARCHIVE_DAMAGES = ["flip", "truncate", "empty", "zero-tail", "wrong-content", "delete", "swap"] as const;

export interface ArchiveDamage {
  readonly part: ArchivePart;
  /** Among the segments from the newest backup's start on; among all backups or branches, oldest first, for the rest. */
  readonly where: Where;
  readonly damage: (typeof ARCHIVE_DAMAGES)[number];
  /** Inside of what the archiver compressed, which is wrapped again, so that its own unwrapping notices nothing. */
  readonly inside: boolean;
}

export interface ArchiveDamaged {
  readonly at: Bracket;
  /** A line for each object that changed, from its hash as read back before and after. */
  readonly changes: readonly string[];
  /** What is not damaged as asked, in words; empty when everything is. */
  readonly unchanged: readonly string[];
  /** Puts back what was there. Idempotent. */
  undo(): Promise<void>;
}

/** Capability: what a recovery left, and the archive behind it, can be searched for damage by tools that are made for it. */
export interface Inspectable {
  /** Runs every detector and tells each as it ends; what stops a server comes last. No detector that breaks makes it reject. */
  inspect(told: (sighting: Sighting) => void, signal: AbortSignal): Promise<void>;
}

export interface Sighting {
  readonly detector: string;
  /** `not-run`: it could not look, and `detail` says why; that is not silence. */
  readonly noticed: "yes" | "no" | "not-run";
  readonly detail: string;
  readonly at: Bracket;
}

export const isInspectable = (component: Component): component is Component & Inspectable => "inspect" in component;

/** How far a restore goes, and how it is told: a position, a name, a time or a transaction of the history. */
export const RESTORE_TARGETS = ["latest", "immediate", "lsn", "name", "time", "xid"] as const;

export interface RestoreOptions {
  readonly backup: "newest" | "oldest";
  readonly to: (typeof RESTORE_TARGETS)[number];
  /** The point, by the name of the step that noted it; `now`, and `before-backups`, are always known. */
  readonly at: string | undefined;
  readonly inclusive: boolean;
  /** Whether a target before a backup's end, and the backup of another system, are refused, as a runbook must; the server itself does not. */
  readonly checked: boolean;
  /** Whose archive it is; its own if left out. */
  readonly source?: Component;
  /** follow: a standby without a primary, which goes on replaying whatever comes into the archive and takes no writes. */
  readonly onEnd: "promote" | "pause" | "follow";
  /** How history is fetched: as the archiver's manual has it, or by a wrapper after which an error can never be read as its end. */
  readonly wal: "stock" | "fail-closed";
  /** Whether the history that only a receiver has is brought into the archive first. */
  readonly tail: "shipped" | "left";
  /** Whether the restored machine may write into the archive that it came from. */
  readonly archive: "fenced" | "open";
  /** base: from the backup alone, up to where it is consistent, while history waits; history: goes on from there. */
  readonly stage: "whole" | "base" | "history";
  /** What opens the archive: as it lies on the machine, or out of safe keeping. */
  readonly access: "machine" | "escrow";
}

export interface RestoreContext extends RepairContext {
  readonly rewound: (to: Rewind) => void;
  /** The machine serves as asked: what was brought to it, and how long each part took. */
  readonly restored: (what: Omit<EventData["restored"], "step">) => void;
}

/** The point that a restore was told to end at: it lies between two positions of that lineage, which may be the same. */
export interface Rewind {
  readonly lineage: string;
  readonly position: string;
  readonly upTo: string;
}

const isArchived = (component: Component): component is Component & Archived => "backUp" in component;

export function requireArchive(component: Component): Archived {
  if (!isArchived(component)) throw new Error(`${component.name} (${component.kind}) keeps no archive`);
  return component;
}

/** Capability: history goes to the archive all the time, which can go wrong and is watched. */
export interface Archiving {
  breakArchiving(how: ArchivingFault): Promise<Broken>;
  /** What an operations team would see now; null where nothing is archived. */
  lookAtArchive(): Promise<ArchiveLook | null>;
}

/**
 * lies: says that it has stored what it has not. fails: says that it failed. astray: into another component's place.
 * skewed: the clock of the machine is off by so much.
 */
export type ArchivingFault =
  | { readonly mode: "lies" }
  | { readonly mode: "fails" }
  | { readonly mode: "astray"; readonly into: string }
  | { readonly mode: "skewed"; readonly skewMs: number };

/** What a fault hands back; see Injection. */
export interface Broken {
  readonly effective: Bracket;
  effect(signal: AbortSignal): Promise<{ observed: boolean; proof: string }>;
  /** Idempotent. */
  heal(): Promise<void>;
}

export const isArchiving = (component: Component): component is Component & Archiving => "lookAtArchive" in component;

/** Capability: an archive is of no use without what machines carry to open it: addresses, keys, a passphrase. */
export interface Sealed {
  /** Takes it from one machine. */
  loseAccess(node: string): Promise<Broken>;
  /** Puts it into safe keeping, all of it or everything but the passphrase; resolves with what it was, in words. */
  escrow(material: "all" | "without-passphrase"): Promise<string>;
  /** Begins the archive anew under another passphrase, on every machine, with a backup; resolves with that in words. */
  rotateKey(): Promise<string>;
}

export const isSealed = (component: Component): component is Component & Sealed => "loseAccess" in component;

/** Capability: obeys what an operator tells it by mistake. */
export interface Mistakable {
  /** The point right before it is known to `restore` by `name`. */
  err(mistake: Mistake, name: string): Promise<Mistaken>;
}

/** drop-table, truncate: everything that was written · bad-update: all content that was there by then is changed. */
export const MISTAKES = ["drop-table", "truncate", "bad-update"] as const;
export type Mistake = (typeof MISTAKES)[number];

export interface Mistaken {
  readonly at: Bracket;
  /** From what was seen before and after it. */
  readonly observed: boolean;
  readonly proof: string;
}

export const isMistakable = (component: Component): component is Component & Mistakable => "err" in component;

/** Capability: what one machine still has can be brought back into the one that serves, row by row. */
export interface CopiesBack {
  /** What the serving node lacks or has otherwise is written; the rest of it stays. Resolves with the counts, in words. */
  copyBack(from: string, context: RepairContext): Promise<string>;
}

export const copiesBack = (component: Component): component is Component & CopiesBack => "copyBack" in component;

/** Capability: a machine that served before can follow the one that serves now, on what it still has. */
export interface Rejoinable {
  /** What only it has is kept as text first. `history`: what it lacks of the common history is fetched from the archive. */
  rejoin(node: string, options: { readonly history: "own" | "archive" }, context: RepairContext): Promise<void>;
}

export const isRejoinable = (component: Component): component is Component & Rejoinable => "rejoin" in component;

/** Capability: people can try a node by writing into it what no client of the drill sent. */
export interface Triable {
  /** Resolves when that many rows are committed and, where it keeps an archive, handed over to it. */
  tryOut(node: string, rows: number, signal: AbortSignal): Promise<string>;
}

export const isTriable = (component: Component): component is Component & Triable => "tryOut" in component;

/** Capability: nodes of the run's network can keep objects in buckets of their own here, as an archiver does. */
export interface Depot {
  /**
   * Makes the bucket unless it is there and says how nodes reach it. Kept in versions where the config says so. Needs the component
   * to be ready. Holds secrets: they go into a node's files alone.
   */
  depot(bucket: string): Promise<DepotAccess>;
  /** Everything under the prefix, in the order of the store. This and the rest go a way of their own that toxics never touch. */
  objects(bucket: string, prefix: string): Promise<{ key: string; bytes: number }[]>;
  /** Rejects when there is none. */
  getObject(bucket: string, key: string): Promise<Buffer>;
  putObject(bucket: string, key: string, body: Uint8Array): Promise<void>;
  /** Idempotent. Where versions are kept it stays behind as an older one. */
  removeObject(bucket: string, key: string): Promise<void>;
}

export interface DepotAccess {
  /** The client path as nodes of the run's network reach it. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Of the authority to trust; null without TLS. */
  readonly caPem: string | null;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly bucket: string;
  /** The product, where something hangs on it. */
  readonly provider: string;
}

export const isDepot = (component: Component): component is Component & Depot => "depot" in component;
