import { closeSync, fsyncSync, openSync, writeFileSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { WriteRequest, WriteResult } from "../component.ts";
import type { Outcome } from "../history.ts";

/** One operation while the run goes on; the raw files get it as a line. Instants are monotonic nanoseconds. */
export interface LoggedOperation {
  readonly op: string;
  readonly store: string;
  readonly workload: string;
  readonly seq: number;
  readonly kind: "insert" | "transfer";
  readonly sha256: string;
  dueNs: bigint;
  /** The connection that it was sent on; null until then. */
  conn: number | null;
  invokedNs: bigint;
  endedNs: bigint | null;
  outcome: Outcome;
  error: string | null;
  node: string | null;
  lineage: string | null;
  position: string | null;
  version: string | null;
}

export interface DueWrite {
  readonly request: WriteRequest;
  readonly store: string;
  readonly workload: string;
  readonly seq: number;
  readonly dueNs: bigint;
}

/**
 * The ledger of operations, on disk outside every container. A write is in the open file before it is sent, so that whatever kills
 * this process, no acknowledged write is unknown. `fold` turns it into raw/operations.jsonl, one line an operation.
 */
export class OperationLog {
  readonly operations: LoggedOperation[] = [];
  readonly #open: string;
  readonly #final: string;
  readonly #fd: number;
  #ended: string[] = [];

  constructor(rawDir: string) {
    this.#open = path.join(rawDir, "operations.open.jsonl");
    this.#final = path.join(rawDir, "operations.jsonl");
    this.#fd = openSync(this.#open, "ax");
  }

  /** Records writes that have become due, before any of them is sent, in one system call; returns when the kernel has them. */
  record(due: readonly DueWrite[]): LoggedOperation[] {
    const logged = due.map((write) => this.#add(write));
    this.#write(
      logged.map((o) => `{"op":"${o.op}","store":"${o.store}","sha256":"${o.sha256}","dueNs":"${o.dueNs}"}\n`),
    );
    return logged;
  }

  /** A write that was never sent is certainly not executed. */
  giveUp(operation: LoggedOperation, error: string, atNs: bigint): void {
    operation.invokedNs = atNs;
    this.end(operation, { outcome: "fail", error }, atNs);
  }

  end(operation: LoggedOperation, result: WriteResult, endedNs: bigint): void {
    operation.endedNs = endedNs;
    operation.outcome = result.outcome;
    operation.error = result.outcome === "ok" ? null : result.error;
    if (result.outcome === "ok")
      Object.assign(operation, {
        node: result.node,
        lineage: result.lineage,
        position: result.position,
        version: result.version ?? null,
      });
    this.#ended.push(
      `{"op":"${operation.op}","store":"${operation.store}","invokedNs":"${operation.invokedNs}","endedNs":"${endedNs}","outcome":"${result.outcome}"}\n`,
    );
    if (this.#ended.length >= 64) this.#write([]);
  }

  /** Better knowledge of when it all was, for operations that another process issued. */
  retime(operation: LoggedOperation, at: Pick<LoggedOperation, "dueNs" | "invokedNs" | "endedNs">): void {
    Object.assign(operation, at);
  }

  /** Everything known so far reaches the disk itself. */
  flush(): void {
    this.#write([]);
    fsyncSync(this.#fd);
  }

  /** Writes raw/operations.jsonl in the order of sequence and removes the open file. Operations without an end are indeterminate. */
  async fold(): Promise<void> {
    this.flush();
    const fd = openSync(this.#final, "ax");
    for (let at = 0; at < this.operations.length; at += 5_000)
      writeFileSync(
        fd,
        this.operations
          .slice(at, at + 5_000)
          .map(line)
          .join(""),
      );
    fsyncSync(fd);
    closeSync(fd);
    closeSync(this.#fd);
    await rm(this.#open);
  }

  #add({ request, ...due }: DueWrite): LoggedOperation {
    const logged: LoggedOperation = {
      ...due,
      op: request.op,
      sha256: request.sha256,
      kind: request.transfer ? "transfer" : "insert",
      conn: null,
      invokedNs: due.dueNs,
      endedNs: null,
      outcome: "info",
      error: "the run ended before an answer came",
      node: null,
      lineage: null,
      position: null,
      version: null,
    };
    this.operations.push(logged);
    return logged;
  }

  #write(lines: readonly string[]): void {
    const text = this.#ended.join("") + lines.join("");
    this.#ended = [];
    if (text) writeSync(this.#fd, text);
  }
}

const line = (o: LoggedOperation): string => {
  const { dueNs, invokedNs, endedNs, ...plain } = o;
  return `${JSON.stringify({ ...plain, dueNs: String(dueNs), invokedNs: String(invokedNs), endedNs: endedNs === null ? null : String(endedNs) })}\n`;
};
