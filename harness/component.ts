import type { z } from "zod";
import type {
  BackupTaken,
  ClockBracket,
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
