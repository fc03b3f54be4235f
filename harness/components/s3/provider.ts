import type { ComponentPaths, NodeSpec, StackContext } from "../../component.ts";
import type { CorruptOptions, Drives } from "../../capabilities.ts";
import type { NodeFacts } from "../../history.ts";
import type { Node } from "../../node.ts";
import type { Bracket } from "../../time.ts";
import type { ServerCertificate } from "../certificate.ts";
import type { Endpoint } from "./client.ts";
import type { ConfigProblem, ProviderName, S3Config } from "./config.ts";

/**
 * A product that can stand behind the kind `s3`. This half is data, so that validating loads no code that acts; the half that boots
 * stands behind `load` (providers/<name>/boot.ts). A new one is a file in providers/, one line in providers.ts and its name in config.ts.
 */
export interface Provider {
  readonly name: ProviderName;
  /** Our own image of it. */
  readonly image: string;
  /** What it can do with the right config. */
  readonly can: readonly Capability[];
  /** Codes of errors after which it is known never to show the write, although their status (5xx) would leave it open. */
  readonly refusals: readonly string[];
  /** Node names that all providers share where they mean the same: `server` for the one that clients reach, or `server1` …, or `site-a`, `site-b`. */
  nodes(config: S3Config): NodeSpec[];
  /** What this product does not do of it; problems of the config in itself are told apart (config.ts). */
  problems(config: S3Config): ConfigProblem[];
  load(): Promise<{ start: StartStore }>;
}

/**
 * drives: can be broken one by one · rot: the bytes of an object can be found on its disks and changed · metadata rot: those of
 * what it keeps about an object too · quorum: on several nodes · versioning, lock, replication: as configured · power: its data can
 * lie on a disk whose power is cut · scrub: finds rot by itself when asked · lifecycle: expires objects by rule · tls: speaks to its
 * clients over TLS alone · signature-v2: takes requests signed by the old scheme.
 */
const CAPABILITIES = [
  "drives",
  "rot",
  "metadata rot",
  "quorum",
  "versioning",
  "lock",
  "replication",
  "power",
  "scrub",
  "lifecycle",
  "signature-v2",
  "tls",
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** Of the harness's own user, who may do everything. They travel in files. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Booting {
  /** Of the component. */
  readonly name: string;
  readonly config: S3Config;
  readonly context: StackContext;
  readonly credentials: Credentials;
  /** What every node shows to its clients; null where they speak without TLS. */
  readonly certificate: ServerCertificate | null;
  /** What is spoken at a port of this machine that leads to a node. */
  readonly endpoint: (port: number) => Endpoint;
}

/** Starts every node and opens the paths; it need not serve yet when this resolves. */
export type StartStore = (booting: Booting) => Promise<Store>;

/** A product that runs. What S3 itself can say or do is asked over S3 by the component; this is the rest. */
export interface Store {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly paths: ComponentPaths;
  /** Full names of the nodes that speak S3, the one that clients begin with first. Each has an administrative path. */
  readonly doors: readonly string[];
  /** The first door of each site; buckets are made on each. */
  readonly sites: readonly string[];
  /** After the buckets are there, before anybody writes: replication, users, rules. */
  settle?(signal: AbortSignal): Promise<void>;
  /**
   * What the product says of a node: `version`, `health` and whatever decides durability (the names are in kind.ts under settings).
   * Rejects when the node does not answer within the time.
   */
  facts(node: Node, at: NodeFacts["at"], timeoutMs: number): Promise<Record<string, string>>;
  /** Whether everything that the layout asked for is there and whole, in words. */
  redundancy(): Promise<{ restored: boolean; detail: string }>;
  readonly drives?: Drives;
  /** Damages objects of the ledger's bucket on their disks; the keys are those of S3. */
  damage?(keys: readonly string[], options: CorruptOptions): Promise<Damage>;
  /** Searches for damage and repairs it; resolves with what was found, in words. */
  scrub?(signal: AbortSignal): Promise<string>;
  /** Has the rules of the bucket run once, now, a day of theirs as a second; resolves when they are through. */
  runRules?(): Promise<void>;
  close?(): Promise<void>;
}

/** See Corruption in component.ts. */
export interface Damage {
  readonly at: Bracket;
  readonly changes: readonly string[];
  readonly unchanged: readonly string[];
  remains?(): Promise<number>;
  undo(): Promise<void>;
}
