import { z } from "zod";
import type { Outcome } from "../history.ts";
import { Defects } from "../history/defects.ts";
import { makeRequest } from "./content.ts";
import { monotonicOf, type WallLook } from "./wall-clock.ts";

/** The stores that an order goes to, as the service names them. */
export const PARTS = ["db", "cache", "audit"] as const;
export type Part = (typeof PARTS)[number];

/** One order at one store. Instants are monotonic nanoseconds, and so wide that the true ones lie within. */
export interface OrderOperation {
  readonly op: string;
  /** The component that was written to. */
  readonly store: string;
  readonly workload: string;
  readonly seq: number;
  readonly kind: "insert";
  readonly sha256: string;
  /** When the schedule wanted it. With dropped orders in between: not before this. */
  readonly dueNs: bigint;
  readonly invokedNs: bigint;
  readonly endedNs: bigint | null;
  readonly outcome: Outcome;
  readonly error: string | null;
  /** What the store said with its acknowledgement (node, timeline, lsn; replicas; versionId, etag). */
  readonly proof: Readonly<Record<string, string | number | null>>;
  /** k6's number of the client that sent it; null where the service did not send it on to this store. */
  readonly conn: number | null;
}

/** One order as whoever sent it saw it: a single request. */
export interface OrderRequest {
  readonly op: string;
  readonly seq: number;
  readonly dueNs: bigint;
  readonly invokedNs: bigint;
  /** When its end was noticed, an answer or the end of the client's patience; null when nobody saw it. */
  readonly endedNs: bigint | null;
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  readonly error: string | null;
}

/** Hears of the orders as they come. Instants are k6's own, ms of the wall clock. */
export interface OrderListener {
  sent(order: {
    readonly op: string;
    readonly seq: number;
    readonly sha256: string;
    readonly conn: number;
    readonly dueMs: number;
    readonly wallMs: number;
  }): void;
  /** Only of an order that was said to be sent. */
  ended(order: {
    readonly op: string;
    readonly wallMs: number;
    readonly answers: Readonly<Record<Part, Answer>>;
  }): void;
}

export interface OrderHistory {
  /** By number, and by store within an order. */
  readonly operations: readonly OrderOperation[];
  readonly orders: number;
  /** By number. */
  readonly requests: readonly OrderRequest[];
  /** Orders that k6 could not begin on schedule; null when it did not live to say so. */
  readonly dropped: number | null;
  /** What k6 said beside the record: its warnings, the first few. */
  readonly notes: readonly string[];
  /** The widest that an instant is uncertain. */
  readonly clockErrorNs: bigint;
  /** Whatever makes the record incomplete or contradictory. Any entry makes the verdict unknown. */
  readonly defects: readonly string[];
}

export interface OrderSource {
  readonly workload: string;
  readonly seed: number;
  readonly stores: Readonly<Record<Part, string>>;
}

const text = z.string().max(10_000);
const instant = z.int().min(0);
const answer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("ok") }).catchall(z.union([text, z.number(), z.null()])),
  z.object({ outcome: z.enum(["fail", "info"]), error: text, sent: z.literal(false).exactOptional() }),
]);
const line = z.discriminatedUnion("k6", [
  z.object({
    k6: z.literal("sent"),
    op: text,
    seq: z.int().min(0),
    sha256: text,
    vu: z.int().min(0),
    dueMs: z.number().min(0),
    wallMs: instant,
  }),
  z.object({
    k6: z.literal("ended"),
    op: text,
    wallMs: instant,
    status: z.int(),
    outcome: z.enum(["ok", "fail", "info"]),
    error: text.nullable(),
    stores: z.object({ db: answer, cache: answer, audit: answer }).nullable(),
  }),
  z.object({ k6: z.literal("end"), completed: z.int().min(0), dropped: z.int().min(0) }),
]);
type Line = z.output<typeof line>;
type Sent = Extract<Line, { k6: "sent" }>;
type Ended = Extract<Line, { k6: "ended" }>;
export type Answer = z.output<typeof answer>;

const PREFIX = '{"k6":';
const NOTES_KEPT = 20;
const MAX_LINE_CHARS = 100_000;
const NO_ANSWER: Exclude<Answer, { outcome: "ok" }> = { outcome: "info", error: "k6 ended before an answer came" };

/** Reads what fixtures/workloads/orders.ts says on stdout, as it comes. Pure: the caller brings the text and the looks at the clock. */
export class K6Samples {
  readonly #source: OrderSource;
  readonly #listener: OrderListener | undefined;
  readonly #sent = new Map<string, Sent>();
  readonly #ended = new Map<string, Ended>();
  readonly #notes: string[] = [];
  readonly #defects = new Defects();
  #end: { completed: number; dropped: number } | undefined;
  #rest = "";

  constructor(source: OrderSource, listener?: OrderListener) {
    this.#source = source;
    this.#listener = listener;
  }

  /** Any piece of the output, cut anywhere between two characters. */
  add(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const one of lines) this.#read(one);
  }

  /** `looks` in the order of time, at least one before the first order and one after the last. */
  finish(looks: readonly WallLook[]): OrderHistory {
    this.#checkOrders();
    this.#checkEnd();
    let clockErrorNs = 0n;
    const operations: OrderOperation[] = [];
    const requests: OrderRequest[] = [];
    for (const sent of [...this.#sent.values()].toSorted((a, b) => a.seq - b.seq)) {
      const timed = this.#timed(sent, looks);
      if (timed === null) {
        this.#defects.add("clock", "nobody looked at the clock that k6 tells the time by");
        break;
      }
      if (timed.errorNs > clockErrorNs) clockErrorNs = timed.errorNs;
      requests.push(this.#request(sent, timed));
      for (const part of PARTS) operations.push(this.#operation(sent, part, timed));
    }
    const dropped = this.#end?.dropped ?? null;
    const defects = this.#defects.list();
    return { operations, orders: this.#sent.size, requests, dropped, notes: this.#notes, clockErrorNs, defects };
  }

  #read(one: string): void {
    if (!one.startsWith(PREFIX)) return this.#note(one);
    const read = one.length > MAX_LINE_CHARS ? null : parse(one);
    if (read === null) return this.#defects.add("line", `a line of k6 cannot be used: ${one.slice(0, 120)}`);
    if (this.#end) return this.#defects.add("end", "k6 went on after its last line");
    if (read.k6 === "sent") this.#once(this.#sent, read);
    else if (read.k6 === "ended") this.#once(this.#ended, read);
    else this.#end = read;
  }

  /** The first line counts; a second one contradicts it. */
  #once<T extends Sent | Ended>(seen: Map<string, T>, read: T): void {
    if (seen.has(read.op))
      return this.#defects.add("twice", `order ${read.op} ${read.k6 === "sent" ? "was sent" : "ended"} twice`);
    seen.set(read.op, read);
    if (read.k6 === "sent") this.#listener?.sent({ ...read, conn: read.vu });
    else if (this.#sent.has(read.op)) this.#listener?.ended({ ...read, answers: answersOf(read) });
  }

  #note(one: string): void {
    if (one.trim() !== "" && this.#notes.length < NOTES_KEPT && !this.#notes.includes(one)) this.#notes.push(one);
  }

  #checkOrders(): void {
    const { workload, seed } = this.#source;
    const numbers = new Set<number>();
    let due = 0;
    for (const { op, seq, sha256 } of this.#sent.values()) {
      numbers.add(seq);
      due = Math.max(due, seq + 1);
      const made = makeRequest({ workload, seed, seq, transfers: 0 });
      if (op !== made.op || sha256 !== made.sha256)
        this.#defects.add("foreign order", `order ${op} is not number ${seq} of ${workload} with seed ${seed}`);
    }
    if (numbers.size < due)
      this.#defects.add("gap", `${due - numbers.size} of ${due} orders are missing from k6's lines`);
    for (const op of this.#ended.keys())
      if (!this.#sent.has(op)) this.#defects.add("never sent", `order ${op} ended and was never sent`);
  }

  #checkEnd(): void {
    if (this.#rest !== "") this.#defects.add("end", "the last line of k6 was cut off");
    if (!this.#end) return this.#defects.add("end", "k6 ended without its last line, so nobody knows what it dropped");
    const { completed, dropped } = this.#end;
    const recorded = this.#ended.size;
    if (dropped > 0)
      this.#defects.add("dropped", `k6 dropped ${dropped} orders: no client was free when they were due`);
    // Fewer are no contradiction: a k6 that is told to stop throws away counts that were on their way.
    if (completed > recorded)
      this.#defects.add("count", `k6 completed ${completed} orders, the end of ${recorded} is recorded`);
  }

  /** Widened to both sides. Due and sent are told by one clock, so what lies between them is kept. */
  #timed(sent: Sent, looks: readonly WallLook[]): Timed | null {
    const invoked = monotonicOf(looks, sent.wallMs);
    if (invoked === null) return null;
    const wall = this.#ended.get(sent.op)?.wallMs;
    const ended = wall === undefined ? null : monotonicOf(looks, Math.max(wall, sent.wallMs));
    const lateNs = BigInt(Math.round(Math.max(0, sent.wallMs - sent.dueMs) * 1e6));
    const widths = [invoked, ended].map((at) => (at ? at.toNs - at.fromNs : 0n));
    return {
      dueNs: invoked.fromNs - lateNs,
      invokedNs: invoked.fromNs,
      endedNs: ended?.toNs ?? null,
      errorNs: widths.reduce((a, b) => (b > a ? b : a)),
    };
  }

  #request({ op, seq }: Sent, { dueNs, invokedNs, endedNs }: Timed): OrderRequest {
    const { status, error } = this.#ended.get(op) ?? { status: 0, error: NO_ANSWER.error };
    return { op, seq, dueNs, invokedNs, endedNs, status, error };
  }

  #operation(sent: Sent, part: Part, { dueNs, invokedNs, endedNs }: Timed): OrderOperation {
    const { op, seq, sha256, vu: conn } = sent;
    const { workload, stores } = this.#source;
    const ended = this.#ended.get(op);
    const answered = ended ? answerOf(ended, part) : NO_ANSWER;
    const at = { dueNs, invokedNs, endedNs, conn: wasSent(answered) ? conn : null };
    return { op, store: stores[part], workload, seq, kind: "insert", sha256, ...split(answered), ...at };
  }
}

interface Timed {
  readonly dueNs: bigint;
  readonly invokedNs: bigint;
  readonly endedNs: bigint | null;
  readonly errorNs: bigint;
}

/** What the store said. Where the service said nothing of it, what the order as a whole came to; that is never an acknowledgement. */
function answerOf({ stores, outcome, error, status }: Ended, part: Part): Answer {
  if (stores) return stores[part];
  return {
    outcome: outcome === "fail" ? "fail" : "info",
    error: error ?? `status ${status} without the stores' answers`,
  };
}

const answersOf = (ended: Ended): Record<Part, Answer> => ({
  db: answerOf(ended, "db"),
  cache: answerOf(ended, "cache"),
  audit: answerOf(ended, "audit"),
});

/** Whether the service sent the order on to the store. */
export const wasSent = (answered: Answer): boolean => answered.outcome === "ok" || answered.sent !== false;

function split(answer: Answer): Pick<OrderOperation, "outcome" | "error" | "proof"> {
  if (answer.outcome !== "ok") return { outcome: answer.outcome, error: answer.error, proof: {} };
  const { outcome, ...proof } = answer;
  return { outcome, error: null, proof };
}

function parse(one: string): Line | null {
  try {
    return line.parse(JSON.parse(one));
  } catch {
    return null;
  }
}
