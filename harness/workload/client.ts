import type { Component, Session, WriteRequest } from "../component.ts";
import { nowNs } from "../time.ts";
import type { LoggedOperation, OperationLog } from "./operation-log.ts";

/** One operation as it is due: what is written, and its line in the ledger for every store that it goes to, in that order. */
export interface DueOperation {
  readonly request: WriteRequest;
  readonly logged: readonly LoggedOperation[];
}

/**
 * One client with a connection to every store of its workload. It carries one operation at a time, to the stores in turn: where one
 * does not acknowledge, the later ones are sent nothing, so that none of them can know what the first has not confirmed.
 */
export class Client {
  readonly #components: readonly Component[];
  readonly #sessions: Session[];
  readonly #conn: number;
  readonly #log: OperationLog;

  private constructor(components: readonly Component[], sessions: Session[], conn: number, log: OperationLog) {
    this.#components = components;
    this.#sessions = sessions;
    this.#conn = conn;
    this.#log = log;
  }

  /** Rejects when a connection cannot be had at all. */
  static async open(
    components: readonly Component[],
    conn: number,
    log: OperationLog,
    timeoutMs: number,
  ): Promise<Client> {
    const sessions = await Promise.all(components.map((component) => component.connect(timeoutMs)));
    return new Client(components, sessions, conn, log);
  }

  get broken(): boolean {
    return this.#sessions.some((session) => session.broken);
  }

  /** Ends every line of the operation. Never rejects. */
  async carry({ request, logged }: DueOperation, timeoutMs: number): Promise<void> {
    for (const [i, operation] of logged.entries()) {
      operation.conn = this.#conn;
      operation.invokedNs = nowNs();
      const result = await this.#sessions[i]!.write(request, timeoutMs);
      this.#log.end(operation, result, nowNs());
      if (result.outcome === "ok") continue;
      for (const later of logged.slice(i + 1))
        this.#log.giveUp(later, `not sent: ${operation.store} did not acknowledge it`, nowNs());
      return;
    }
  }

  /** Opens again what is broken, and only that. Rejects when it cannot be had within the time. */
  async mend(timeoutMs: number): Promise<void> {
    for (const [i, session] of this.#sessions.entries()) {
      if (!session.broken) continue;
      session.close();
      this.#sessions[i] = await this.#components[i]!.connect(timeoutMs);
    }
  }

  close(): void {
    for (const session of this.#sessions) session.close();
  }
}
