import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Component, Session, WriteRequest, WriteResult } from "../component.ts";
import type { PlannedWorkload } from "../plan.ts";
import { OperationLog } from "./operation-log.ts";

/** A store in memory that answers as the test says; `seen` is everything that reached it, in order. */
export class FakeStore {
  readonly name: string;
  readonly seen: string[] = [];
  connections = 0;
  answer: (request: WriteRequest) => WriteResult | Promise<WriteResult> = () => ok(this.name);
  /** Whether connecting works. */
  open = true;
  readonly #sessions = new Set<{ broken: boolean }>();

  constructor(name: string) {
    this.name = name;
  }

  get component(): Component {
    return { name: this.name, connect: () => this.#connect() } as unknown as Component;
  }

  /** Breaks every connection that is open. */
  cut(): void {
    for (const session of this.#sessions) session.broken = true;
  }

  async #connect(): Promise<Session> {
    if (!this.open) throw new Error(`${this.name} is down`);
    this.connections++;
    const session = {
      broken: false,
      write: async (request: WriteRequest): Promise<WriteResult> => {
        this.seen.push(request.op);
        const result = await this.answer(request);
        if (result.outcome === "info") session.broken = true;
        return result;
      },
      probe: async () => undefined,
      close: () => void this.#sessions.delete(session),
    };
    this.#sessions.add(session);
    return session;
  }
}

export const ok = (node: string): WriteResult => ({ outcome: "ok", node, lineage: "1", position: null });

export const plannedOrders = (targets: string[], changes: Partial<PlannedWorkload> = {}): PlannedWorkload => ({
  name: "orders",
  kind: "orders",
  targets,
  ratePerSecond: 500,
  connections: 2,
  transfers: 0,
  timeoutMs: 50,
  ...changes,
});

export function newLog(): { log: OperationLog; open: () => string; folded: () => Promise<Record<string, unknown>[]> } {
  const dir = mkdtempSync(path.join(tmpdir(), "blackstart-workload-"));
  const log = new OperationLog(dir);
  return {
    log,
    open: () => readFileSync(path.join(dir, "operations.open.jsonl"), "utf8"),
    async folded() {
      await log.fold();
      const text = readFileSync(path.join(dir, "operations.jsonl"), "utf8");
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}
