import type { Bracket } from "./time.ts";

/** Which packets of a node are dropped. `peers` are node names or `clients`; "all" drops everything but loopback. */
export interface Cut {
  readonly direction: "both" | "in" | "out";
  readonly peers: "all" | readonly string[];
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a machine lost its power. */
export interface PowerCut {
  /** When its filesystem was shut down without a flush. */
  readonly at: Bracket;
  /** What the kernel answered to a write right after: the proof that the disk is dark. */
  readonly refusal: string;
}

/** One machine of the stack. Its client address never changes while the drill runs, whatever happens to it. */
export interface Node {
  /** Full name, `db.primary`. */
  readonly name: string;
  /** Address inside the run's network; fixed for the run. */
  readonly address: string;
  state(): Promise<"running" | "paused" | "stopped">;
  /** Sends the signal to the node's first process and returns when the engine has seen the process end. */
  kill(signal: "SIGKILL" | "SIGTERM" | "SIGINT" | "SIGQUIT"): Promise<Bracket>;
  start(): Promise<void>;
  pause(): Promise<Bracket>;
  resume(): Promise<void>;
  /** Runs a program in the node; its argument list must not carry secrets. Rejects only when it could not be run at all. */
  exec(
    argv: readonly string[],
    options: { timeoutMs: number; stdin?: string; env?: Record<string, string> },
  ): Promise<ExecResult>;
  /** Where its disk is mounted, in the node as for `onDisk`. */
  readonly disk: string;
  /** Runs a program that works on the node's disk: in the node while it runs, else beside it. Arguments must not carry secrets. */
  onDisk(argv: readonly string[], options: { timeoutMs: number; stdin?: string }): Promise<ExecResult>;
  /** Drops packets in the node's own network namespace, silently. Effective when it resolves, within the bracket. */
  cut(cut: Cut): Promise<Bracket>;
  /** Takes one cut back and leaves the others. Idempotent, also when the node is gone. */
  join(cut: Cut): Promise<void>;
  /** Packets dropped by cuts so far; the proof that a cut bites. */
  droppedPackets(): Promise<number>;
  /**
   * Takes the power: what was not synced to the disk is gone, and then the process. Resolves when the machine is off and can be
   * started again. Rejects where no step of the plan had announced it, for the disk is then no disk of its own.
   */
  cutPower(): Promise<PowerCut>;
  /** The disk of a lost machine is lost too: removes the node and its volumes. It cannot be started again. */
  discard(): Promise<void>;
  /** Everything the node's first process has printed. */
  logs(): Promise<string>;
  /** Resolves when the log gets a line that matches, from now on. */
  awaitLog(pattern: RegExp, signal: AbortSignal): Promise<void>;
}

/** The one address that clients of a component know. It is itself never faulted by losing a node behind it. */
export interface ClientPath {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** The node that it leads to now. */
  readonly leadsTo: string;
  /** The "address moves" step: from now on new connections reach this node, and those to the old one are closed. */
  repoint(node: string): Promise<Bracket>;
  /** Adds a Toxiproxy toxic to the path; the returned function takes it away and is idempotent. */
  poison(toxic: Toxic): Promise<{ at: Bracket; cure: () => Promise<void> }>;
}

export interface Toxic {
  readonly type: "latency" | "bandwidth" | "reset_peer";
  readonly stream: "upstream" | "downstream";
  readonly attributes: Readonly<Record<string, number>>;
}

/** A program beside the stack, such as one that makes load. It has this machine's network and no right or disk of its own. */
export interface ProgramStart {
  /** What it is called in messages and among the run's containers. */
  readonly name: string;
  /** A name under fixtures/images. */
  readonly image: string;
  /** Must not carry secrets; nor must `env`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** Gets what it prints on standard output, as it comes, cut anywhere between two characters. */
  readonly output: (text: string) => void;
}

export interface Program {
  readonly signal: (signal: "SIGINT" | "SIGKILL") => Promise<void>;
  /** Resolves when it has ended and all of its output was handed out: its exit code, and the last it said on standard error. */
  readonly ended: Promise<{ readonly code: number; readonly errors: string }>;
}

export type StartProgram = (spec: ProgramStart) => Promise<Program>;
