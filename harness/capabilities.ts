/** What some components can do and others cannot. Each is a small interface of its own and is asked for by its guard. */
import type { Bracket } from "./time.ts";
import type { Component } from "./component.ts";

/** Capability: a replica can be made the one that takes writes. */
export interface Promotable {
  /** Promotes the node and returns when it takes writes. `mark` gets the milestones as they happen. */
  promote(node: string, signal: AbortSignal, mark: (name: string, at: Bracket) => void): Promise<Bracket>;
}

export const isPromotable = (component: Component): component is Component & Promotable => "promote" in component;

/** Capability: numbers its rows itself, from counters that not every kind of replication carries. */
export interface KeepsSequences {
  /** Sets every counter on that node beyond the numbers that its rows have; resolves with what was set, in words. */
  syncSequences(node: string): Promise<string>;
}

export const keepsSequences = (component: Component): component is Component & KeepsSequences =>
  "syncSequences" in component;

/** What a release may add to a schema. */
export const SCHEMA_CHANGES = ["table", "column"] as const;
export type SchemaChange = (typeof SCHEMA_CHANGES)[number];

/** Capability: has a schema, which is changed by commands on the node that serves. */
export interface HasSchema {
  /** Resolves when it is done; with what it was, in words. */
  changeSchema(change: SchemaChange): Promise<string>;
}

export const hasSchema = (component: Component): component is Component & HasSchema => "changeSchema" in component;

/** Capability: writes many elements in one transaction. */
export interface TakesBatches {
  /** Elements that are no part of the ledger; resolves when they are committed, with what it was, in words. */
  batch(rows: number): Promise<string>;
}

export const takesBatches = (component: Component): component is Component & TakesBatches => "batch" in component;

/** Capability: a replica can be told to follow the node that serves now. */
export interface Followers {
  /** Resolves when the node has everything that the serving one had when it was asked; rejects when it does not follow. */
  follow(node: string, options: FollowOptions, signal: AbortSignal): Promise<void>;
}

export interface FollowOptions {
  readonly timeoutMs: number;
  /** kept: the place where it had stopped is known to the serving node, or it fails · new: it goes on from now, whatever it missed. */
  readonly place: "kept" | "new";
}

export const hasFollowers = (component: Component): component is Component & Followers => "follow" in component;

/** Capability: the store stands on several drives that can be broken one by one. */
export interface OnDrives {
  readonly drives: Drives;
}

export interface Drives {
  /** Always in the same order; a fault says how many. */
  readonly names: readonly string[];
  /** Takes drives away from under the running store; `lost`: with everything that is on them. */
  lose(names: readonly string[], disk: "kept" | "lost"): Promise<Bracket>;
  /** Of these, the ones that are not there, as seen on the machine and not as the store says. */
  missing(names: readonly string[]): Promise<string[]>;
  /** Gives back what was taken away and kept. Idempotent; leaves alone what is lost for good. */
  giveBack(names: readonly string[]): Promise<void>;
  /** Puts an empty drive where one is missing, and resolves when the store says that it has rebuilt everything on it. */
  replace(signal: AbortSignal, mark: (name: string, at: Bracket) => void): Promise<void>;
}

export const isOnDrives = (component: Component): component is Component & OnDrives =>
  "drives" in component && component.drives !== undefined;

/** Capability: the bytes of stored elements can be changed behind the store's back. */
export interface Corruptible {
  corrupt(options: CorruptOptions): Promise<Corruption>;
}

export interface CorruptOptions {
  readonly elements: number;
  /** On how many drives each of them is damaged. */
  readonly copies: number;
  /** data: its content · metadata: what the store keeps about it · whole: everything of it on that drive is removed. */
  readonly part: "data" | "metadata" | "whole";
}

export interface Corruption {
  readonly at: Bracket;
  /** A line for each change, from what was read before and after it. */
  readonly changes: readonly string[];
  /** What is not damaged as asked, in words; empty when everything is. */
  readonly unchanged: readonly string[];
  /** What the store hands out for the damaged elements now, against what was sent. */
  serve(): Promise<Served>;
  /** Of how many of the elements there still is something on drives that were not damaged. */
  remains?(): Promise<number>;
  undo(): Promise<void>;
}

/** How many elements came as they were sent, were refused with an error, were said not to exist, or came with other bytes. */
export interface Served {
  readonly right: number;
  readonly refused: number;
  readonly absent: number;
  readonly wrong: number;
  /** The first refusal or wrong answer, in words. */
  readonly detail: string;
}

export const isCorruptible = (component: Component): component is Component & Corruptible =>
  "corrupt" in component && component.corrupt !== undefined;

/** Capability: the store can search for damage and repair it. */
export interface Scrubbable {
  /** Resolves with what was found and repaired, in words, when the store says that it is done. */
  scrub(signal: AbortSignal): Promise<string>;
}

export const isScrubbable = (component: Component): component is Component & Scrubbable =>
  "scrub" in component && component.scrub !== undefined;

/** Capability: what an intruder with the application's own keys does to stored elements. */
export interface Intrudable {
  /** Deletes or overwrites the elements that were written first; resolves with how many it reached. */
  intrude(deed: "delete" | "overwrite", share: number, signal: AbortSignal): Promise<Intrusion>;
}

export interface Intrusion {
  readonly at: Bracket;
  readonly reached: number;
  /** What a reader who knows nothing of versions gets for them now. */
  serve(): Promise<Served>;
}

export const isIntrudable = (component: Component): component is Component & Intrudable => "intrude" in component;

/** Capability: the store deletes by rules of its own. */
export interface Expiring {
  /** Sets a rule that deletes what is older than so many days, and has it run at once, a day of it as a second. */
  expire(days: number): Promise<Expiry>;
}

export interface Expiry {
  readonly at: Bracket;
  /** How many acknowledged elements the rule had to reach. */
  readonly due: number;
  /** What a reader gets for them now. */
  serve(): Promise<Served>;
  /** Takes the rule away; what it deleted stays deleted. */
  undo(): Promise<void>;
}

export const isExpiring = (component: Component): component is Component & Expiring =>
  "expire" in component && component.expire !== undefined;

/** Capability: stored elements are locked, and every way around the lock can be tried. */
export interface Lockable {
  /** Tries each way on elements of its own and tells what came of it, judged by what is there afterwards. */
  tamper(attempted: (attempt: Attempt) => void, signal: AbortSignal): Promise<Bracket>;
}

export interface Attempt {
  readonly attempt: string;
  readonly refused: boolean;
  readonly detail: string;
}

export const isLockable = (component: Component): component is Component & Lockable => "tamper" in component;

/** Capability: earlier versions of elements are kept. */
export interface Versioned {
  /** Brings every element back to what it was at that wall clock (ms since the epoch); resolves with what was done, in words. */
  restoreAsOf(wallMs: number, signal: AbortSignal): Promise<string>;
}

export const isVersioned = (component: Component): component is Component & Versioned => "restoreAsOf" in component;

/** The elements of a store, one by one, in the words that all stores share. */
export interface Elements {
  /** Of every element that is there now. */
  ids(): Promise<string[]>;
  /** What the client had sent; null when the element is not there. */
  read(op: string): Promise<string | null>;
  /** Takes the element away. Where the store keeps versions it stays behind as an older one. Idempotent. */
  remove(op: string): Promise<void>;
  /** Writes the element unless there is one, which stays as it is; false then. */
  write(op: string, payload: string): Promise<boolean>;
}

/** Capability: what is in the store can be compared with another store and made to agree with it. */
export interface Reconcilable {
  readonly elements: Elements;
}

export const isReconcilable = (component: Component): component is Component & Reconcilable => "elements" in component;

/** Capability: a manager of its own notices a loss and moves the service to another node. */
export interface FailsOver {
  /** Resolves when the manager names another node than the one that clients are led to, and that node agrees. */
  awaitFailover(timeoutMs: number, signal: AbortSignal): Promise<Failover>;
}

export interface Failover {
  readonly node: string;
  /** Between the last look that still showed the old node and the one that showed this. */
  readonly at: Bracket;
  /**
   * What the manager noted on its way, from its own log and on its own clock: when it had `detected` the loss, and so on.
   * `sinceMs`: wall clock, ms since the epoch; what is older belongs to another outage.
   */
  milestones(sinceMs: number): Promise<{ name: string; at: Bracket }[]>;
}

export const failsOver = (component: Component): component is Component & FailsOver => "awaitFailover" in component;

/** Capability: can tell a node that serves from one whose server gave up after the machine had started. */
export interface Settles {
  /** Resolves when the node serves; rejects, with its last words, when its server ended instead. */
  settled(node: string, signal: AbortSignal): Promise<void>;
}

export const settles = (component: Component): component is Component & Settles => "settled" in component;

/** Capability: obeys a command that deletes everything in it. */
export interface Erasable {
  /** Elements in the store just before and just after. */
  erase(): Promise<{ at: Bracket; before: number; after: number }>;
}

export const isErasable = (component: Component): component is Component & Erasable => "erase" in component;

/** Capability: has a memory limit that somebody else's data can use up. */
export interface Fillable {
  /**
   * Writes elements that are no part of the ledger until the store refuses one or deletes others to take it; `at` is when that was
   * seen first. `release` deletes them again and is idempotent.
   */
  fill(signal: AbortSignal): Promise<{ at: Bracket; refused: boolean; detail: string; release: () => Promise<void> }>;
}

export const isFillable = (component: Component): component is Component & Fillable => "fill" in component;

/** Capability: procedures on a node's files, by the names in the kind's `repairs`. */
export interface Repairable {
  repair(node: string, method: string, context: RepairContext): Promise<void>;
}

export interface RepairContext {
  readonly signal: AbortSignal;
  readonly mark: (name: string, at: Bracket) => void;
  readonly keep: (name: string, content: string) => Promise<void>;
}

export const isRepairable = (component: Component): component is Component & Repairable => "repair" in component;

/** Capability: an application may use the store, as something of this sort (`rows`, `entries`, `objects`; see ComponentKind.offers). */
export interface Serviceable {
  /**
   * Where it is reached over the client path and with which user and password, in the words of fixtures/workloads/order-service.
   * Holds secrets: it goes to the application and into nothing that is kept. Throws where an application could not keep to what
   * the scenario asks of a writer.
   */
  serviceAccess(): Readonly<Record<string, string | number>>;
}

export const isServiceable = (component: Component): component is Component & Serviceable =>
  "serviceAccess" in component;
