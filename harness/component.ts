import type { z } from "zod";
import type {
  ArchiveLook,
  BackupTaken,
  ClockBracket,
  EventData,
  ListedElement,
  NodeFacts,
  RecoveredAccount,
  RecoveredElement,
} from "./history.ts";
import type { ClientPath, Node } from "./node.ts";
import type { Bracket } from "./time.ts";

/** Plain data about a node that a component will need, so that validating a scenario loads no container code. */
export interface NodeSpec {
  /** Name within the component: `primary`, or the standby's own. */
  readonly name: string;
  readonly role: string;
  /** A name under fixtures/images, or an image reference of the user's own. */
  readonly image: string;
}

/** A kind of component as the registry knows it: its schema, its nodes, and how to load the code that boots it. */
export interface ComponentKind<Config = unknown> {
  readonly kind: string;
  readonly summary: string;
  /** Everything in the YAML beside `kind`. */
  readonly config: z.ZodType<Config>;
  nodes(config: Config): NodeSpec[];
  /**
   * Where a config leaves open which product stands behind it: the configs that it may stand for, the preferred one first. A drill
   * takes the first that can do what its steps need and whose images can be had; the plan says which.
   */
  choices?(config: Config): { readonly name: string; readonly config: Config }[];
  /** What this config can do beyond the least that every component does; faults and recoveries name what they need. */
  capabilities?(config: Config): readonly string[];
  /**
   * Other components of the stack that this config makes use of while it boots. Those that it names are ready first, so no chain of
   * them may come back to where it began.
   */
  uses?(config: Config): readonly Use[];
  /** What the plan cannot promise, each with the path inside the config that it hangs on. */
  problems(config: Config): { path: (string | number)[]; message: string; hint?: string }[];
  /** Names that `at: { on: … }` may use on this kind. */
  readonly triggers: readonly string[];
  /** Checkers that have something to judge when this kind is in the stack. */
  readonly checks: readonly string[];
  readonly workloads: readonly string[];
  /** What an application finds in it, for workloads that go through one: `rows`, `entries` or `objects`. */
  readonly offers?: string;
  readonly recoveries: readonly string[];
  /** Procedures on a node's files that `recover: repair` may name. */
  repairs?(config: Config): readonly string[];
  /** What a fault may look for on a node's disk, and what each word stands for; see place.ts. */
  readonly places?: Readonly<Record<string, string>>;
  /** Facts that decide whether an acknowledged write survives, and what hangs on each; the report prints them. */
  readonly settings: Readonly<Record<string, string>>;
  load(): Promise<{ boot: Boot<Config> }>;
}

/** One component made use of by another. */
export interface Use {
  /** Where the config says so. */
  readonly path: readonly (string | number)[];
  /** The name of the other. */
  readonly component: string;
  /** What it must keep; see ComponentKind.offers. */
  readonly offers: string;
  /** What it must be able to do, in a word of its capabilities. */
  readonly capability?: string;
}

/** What the drill hands to a component that boots. */
export interface StackContext {
  readonly run: string;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Starts a node on the run's network. `files` are copied in before it starts; secrets travel there, never in argv or environment. */
  startNode(spec: NodeStart): Promise<Node>;
  /** Address that a node of this run will have, also before it is started; of `clients`, where client paths are reached. */
  readonly addressOf: (node: string) => string;
  /**
   * Opens the component's client path, which leads to `first` for now, and for every node that has a port a path of the harness's
   * own that toxics never touch (a cut of the node cuts it too). `ports` by full node name.
   */
  openPaths(component: string, ports: ReadonlyMap<string, number>, first: string): Promise<ComponentPaths>;
  /**
   * The component of that name, once it is ready. Rejects when it does not come up. To be asked only for what the kind's `uses` names:
   * of those it is known that nobody waits in a circle.
   */
  component(name: string): Promise<Component>;
  /** For the record: every backup, also those that are taken before anybody writes. */
  readonly backupTaken: (backup: BackupTaken) => void;
}

export interface NodeStart {
  readonly name: string;
  readonly image: string;
  readonly argv: readonly string[];
  readonly files: readonly { path: string; content: string; mode: number }[];
  readonly env: Readonly<Record<string, string>>;
  /** Directory inside the node that survives kill and start; a volume of the run. */
  readonly disk: string;
  readonly memoryBytes?: number;
}

export interface ComponentPaths {
  readonly clients: ClientPath;
  /**
   * The client path as nodes of the run's network reach it, with everything that befalls it: toxics, re-pointing, cuts of the node
   * behind it. To its nodes such traffic comes from `clients`.
   */
  readonly inside: { readonly host: string; readonly port: number };
  /** Host port of each node's own administrative path, by full node name. */
  readonly admin: ReadonlyMap<string, number>;
}

/** `password` is drawn at random unless one is given, which only the compose file for use by hand does. */
export type Boot<Config> = (
  name: string,
  config: Config,
  context: StackContext,
  password?: string,
) => Promise<Component>;

/** A booted component: the drill's hands and eyes on it. */
export interface Component {
  readonly name: string;
  readonly kind: string;
  /** By full name, `db.primary`. */
  readonly nodes: ReadonlyMap<string, Node>;
  readonly clients: ClientPath;
  /** Resolves when every replica is attached as configured. */
  ready(signal: AbortSignal): Promise<void>;
  /** Makes the tables, buckets or keys that the workloads write to. */
  prepare(): Promise<void>;
  /** A connection over the client path. Rejects when it cannot be had within the time. */
  connect(timeoutMs: number): Promise<Session>;
  /** Settings, positions and states that decide durability; each node that answers within the time. */
  facts(at: NodeFacts["at"]): Promise<Omit<NodeFacts, "ms">[]>;
  /** The clocks of the nodes that answer. */
  clocks(): Promise<ClockBracket["stores"]>;
  /** Everything that is in the store that serves now, row by row, content included. */
  readBack(sink: ReadBackSink): Promise<void>;
  /** Whether every replica that the scenario asked for is attached now, in words. */
  redundancy(): Promise<{ restored: boolean; detail: string }>;
  /**
   * Resolves at the next event of that name, on the node if one is given. Where the event is a span of time it resolves inside of
   * it, with a way to find out afterwards whether what was done then lay inside as well.
   */
  awaitTrigger(trigger: string, signal: AbortSignal, node?: string): Promise<InsideSpan | void>;
  close(): Promise<void>;
}

/** Whether something that happened between two instants lay inside the span that a trigger began with, from what was observed. */
export type InsideSpan = (at: Bracket) => Promise<{ observed: boolean; proof: string }>;

export interface ReadBackSink {
  /** Every operation that was sent to the store, so that one that is not listed can be looked for by its name. */
  attempted(store: string): Iterable<string>;
  element(element: RecoveredElement): void;
  account(account: RecoveredAccount): void;
  /** One line of the second list of a store without positions; facts say under `inventory` how it was made. */
  listed(element: ListedElement): void;
  /** An element that the store has or should have and does not hand out: it does not count as present. */
  unreadable(element: { readonly store: string; readonly op: string; readonly why: string }): void;
}

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

/** Capability: backups and an archive are kept elsewhere, and a machine can be made anew from them. */
export interface Archived {
  /** Takes a backup; rejects when the archiver says that it failed. */
  backUp(level: "full" | "incremental", signal: AbortSignal): Promise<{ label: string; detail: string }>;
  /** Notes where history stands now, under a name that `restore` may end at; resolves with it in words. */
  markPoint(name: string, signal: AbortSignal): Promise<string>;
  /** Deletes all backups but the newest `keep`, and history; resolves with what it deleted, in words. */
  expire(options: { keep: number; history: "oldest" | "newest" }): Promise<string>;
  /** Fills the machine from the archive and starts it; resolves when it serves as asked. */
  restore(node: string, options: RestoreOptions, context: RestoreContext): Promise<void>;
  /** Hands over the history that the archive does not have yet, and resolves when it has it; in words. */
  archiveNow(signal: AbortSignal): Promise<string>;
  /** Changes what the archiver stored behind its back. */
  damageArchive(damage: ArchiveDamage): Promise<ArchiveDamaged>;
  /** On that machine the archiver's program ends with this exit code when asked for one segment. */
  breakFetch(node: string, failure: { readonly where: ArchivePlace; readonly exit: number }): Promise<BrokenFetch>;
}

export interface BrokenFetch {
  readonly at: Bracket;
  readonly segment: string;
  /** With which code the program ends now when asked for it. */
  exit(): Promise<number>;
  undo(): Promise<void>;
}

/** What an archiver stores: pieces of history, what tells its branches apart, and of each backup its data, its list and its mark. */
export const ARCHIVE_PARTS = ["segment", "history", "base", "manifest", "label"] as const;
export type ArchivePart = (typeof ARCHIVE_PARTS)[number];
export const ARCHIVE_PLACES = ["first", "middle", "last"] as const;
export type ArchivePlace = (typeof ARCHIVE_PLACES)[number];
export const ARCHIVE_DAMAGES = ["flip", "truncate", "empty", "zero-tail", "wrong-content", "delete", "swap"] as const;

export interface ArchiveDamage {
  readonly part: ArchivePart;
  /** Among the segments from the newest backup's start on; among all backups or branches, oldest first, for the rest. */
  readonly where: ArchivePlace;
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

export const isArchived = (component: Component): component is Component & Archived =>
  "restore" in component && "backUp" in component && component.restore !== undefined;

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

/** Capability: nodes of the run's network can keep objects in buckets of their own here, as an archiver does. */
export interface Depot {
  /**
   * Makes the bucket unless it is there and says how nodes reach it. Kept in versions where the config says so; `locked`: under the
   * config's lock too, counted in whole days. Needs the component to be ready. Holds secrets: they go into a node's files alone.
   */
  depot(bucket: string, options?: { readonly locked: boolean }): Promise<DepotAccess>;
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

/** What a write came to. `info` when nobody can know. */
export type WriteResult =
  | {
      readonly outcome: "ok";
      readonly node: string | null;
      readonly lineage: string | null;
      readonly position: string | null;
      readonly version?: string;
    }
  | {
      readonly outcome: "fail" | "info";
      readonly error: string;
      /** It was refused because an element of that id is there, and a second is not allowed. */
      readonly alreadyThere?: true;
    };

export interface WriteRequest {
  readonly op: string;
  /** The element that it is written to, where that is not one of its own. */
  readonly element?: string;
  readonly sha256: string;
  readonly payload: string;
  readonly transfer: { from: number; to: number; amount: number } | null;
}

/** One client connection. After `broken` it only needs closing. */
export interface Session {
  readonly broken: boolean;
  /** Never rejects: a failure is a result. After `timeoutMs` without an answer the result is `info` and the session is broken. */
  write(request: WriteRequest, timeoutMs: number): Promise<WriteResult>;
  /** Reads or writes one small thing that is no part of the ledger. Rejects when it fails or takes longer. */
  probe(mode: "read" | "write", timeoutMs: number): Promise<void>;
  close(): void;
}
