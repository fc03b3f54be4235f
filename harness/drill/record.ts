import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { once } from "node:events";
import path from "node:path";
import type { ReadBackSink } from "../component.ts";
import type { EngineEvent, HostFacts, ImageFacts, NodeFacts } from "../history.ts";
import { OperationLog } from "../workload/operation-log.ts";
import type { Sample } from "../workload/probes.ts";

/** The raw half of a pack while the drill runs: one append-only file a kind of fact, instants in monotonic nanoseconds. */
export class Record implements ReadBackSink {
  readonly rawDir: string;
  readonly operations: OperationLog;
  /** Elements that could not be read back, by store, with the first reason; the drill says so in its journal. */
  readonly unread = new Map<string, { count: number; op: string; why: string }>();
  readonly #files = new Map<string, WriteStream>();

  constructor(packDir: string) {
    this.rawDir = path.join(packDir, "raw");
    mkdirSync(path.join(this.rawDir, "logs"), { recursive: true });
    this.operations = new OperationLog(this.rawDir);
    for (const name of ["probes", "recovered", "accounts", "inventory", "facts", "engine-events"])
      this.#files.set(name, createWriteStream(path.join(this.rawDir, `${name}.jsonl`), { flags: "ax" }));
  }

  sample({ dueNs, endedNs, ...sample }: Sample): void {
    this.#append("probes", { ...sample, dueNs: String(dueNs), endedNs: String(endedNs) });
  }

  engineEvent({ wallNs, ...event }: EngineEvent): void {
    this.#append("engine-events", { ...event, wallNs: String(wallNs) });
  }

  facts(facts: Omit<NodeFacts, "ms">, ns: bigint): void {
    this.#append("facts", { ...facts, ns: String(ns) });
  }

  *attempted(store: string): Iterable<string> {
    for (const operation of this.operations.operations) if (operation.store === store) yield operation.op;
  }

  element(element: Parameters<ReadBackSink["element"]>[0]): void {
    this.#append("recovered", element);
  }

  account(account: Parameters<ReadBackSink["account"]>[0]): void {
    this.#append("accounts", account);
  }

  listed(element: Parameters<ReadBackSink["listed"]>[0]): void {
    this.#append("inventory", element);
  }

  unreadable({ store, op, why }: Parameters<ReadBackSink["unreadable"]>[0]): void {
    const known = this.unread.get(store) ?? { count: 0, op, why };
    known.count++;
    this.unread.set(store, known);
  }

  async log(node: string, text: string): Promise<void> {
    await writeFile(path.join(this.rawDir, "logs", `${node}.log`), text);
  }

  async output(step: string, name: string, content: string): Promise<void> {
    mkdirSync(path.join(this.rawDir, "output"), { recursive: true });
    await writeFile(path.join(this.rawDir, "output", `${step}-${name}`), content);
  }

  async host(host: HostFacts, images: readonly ImageFacts[]): Promise<void> {
    await Promise.all([this.#json("host.json", host), this.#json("images.json", images)]);
  }

  /** Folds the operations and closes every file; the record is complete when it resolves. */
  async close(): Promise<void> {
    await this.operations.fold();
    await Promise.all(
      [...this.#files.values()].map(async (file) => {
        file.end();
        await once(file, "finish");
      }),
    );
  }

  async #json(name: string, value: unknown): Promise<void> {
    await writeFile(path.join(this.rawDir, name), `${JSON.stringify(value, null, 2)}\n`);
  }

  #append(name: string, value: unknown): void {
    this.#files.get(name)?.write(`${JSON.stringify(value)}\n`);
  }
}
