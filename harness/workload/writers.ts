import { setTimeout as sleep } from "node:timers/promises";
import type { Component, Session, WriteRequest } from "../component.ts";
import { messageOf } from "../errors.ts";
import type { PlannedWorkload } from "../plan.ts";
import { nowNs } from "../time.ts";
import { makeRequest } from "./content.ts";
import type { DueWrite, LoggedOperation, OperationLog } from "./operation-log.ts";

const TICK_MS = 1;
const RECONNECT_AFTER_MS = 20;

/**
 * Open-loop writers: write k is due at start + k / rate whatever the store does, so an outage cannot hide itself by slowing its
 * clients down (G. Tene, "coordinated omission"). A write that finds no free connection waits and counts from when it was due; past
 * the client's patience it is given up unsent, which is certainly not executed.
 */
export class Writers {
  readonly #plan: PlannedWorkload;
  readonly #component: Component;
  readonly #log: OperationLog;
  readonly #seed: number;
  readonly #intervalNs: number;
  readonly #idle: { session: Session; conn: number }[] = [];
  readonly #due: { request: WriteRequest; logged: LoggedOperation }[] = [];
  readonly #busy = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #startNs = 0n;
  #issued = 0;
  #timer: NodeJS.Timeout | undefined;
  #connections: Promise<void>[] = [];

  constructor(plan: PlannedWorkload, component: Component, log: OperationLog, seed: number) {
    this.#plan = plan;
    this.#component = component;
    this.#log = log;
    this.#seed = seed;
    this.#intervalNs = 1e9 / plan.ratePerSecond;
  }

  /** Opens every connection, then starts the schedule. Rejects when a connection cannot be had at all. */
  async start(): Promise<void> {
    const sessions = await Promise.all(
      Array.from({ length: this.#plan.connections }, () => this.#component.connect(this.#plan.timeoutMs * 5)),
    );
    for (const [conn, session] of sessions.entries()) this.#idle.push({ session, conn });
    this.#startNs = nowNs();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Ends the schedule, waits for the writes under way and closes the connections. Returns how many operations were due. */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const { logged } of this.#due.splice(0))
      this.#log.giveUp(logged, "the workload was stopped before a connection was free", nowNs());
    await Promise.all(this.#busy);
    this.#closing.abort();
    await Promise.allSettled(this.#connections);
    for (const { session } of this.#idle.splice(0)) session.close();
    return this.#issued;
  }

  /** Everything that has become due is in the log before any of it is sent. */
  #tick(): void {
    const now = nowNs();
    const dueBy = Math.floor(Number(now - this.#startNs) / this.#intervalNs);
    const { name: workload, transfers, timeoutMs } = this.#plan;
    const store = this.#component.name;
    const fresh: DueWrite[] = [];
    for (; this.#issued <= dueBy; this.#issued++) {
      const seq = this.#issued;
      const request = makeRequest({ workload, seed: this.#seed, seq, transfers });
      fresh.push({ request, store, workload, seq, dueNs: this.#startNs + BigInt(Math.round(seq * this.#intervalNs)) });
    }
    if (fresh.length > 0)
      for (const [i, logged] of this.#log.record(fresh).entries())
        this.#due.push({ request: fresh[i]!.request, logged });
    const patienceNs = BigInt(Math.round(timeoutMs * 1e6));
    while (this.#due[0] && now - this.#due[0].logged.dueNs > patienceNs)
      this.#log.giveUp(this.#due.shift()!.logged, `no connection was free within ${timeoutMs} ms`, now);
    this.#dispatch();
  }

  /** Sends what is due on the connections that are free. */
  #dispatch(): void {
    while (this.#due.length > 0 && this.#idle.length > 0) {
      const { session, conn } = this.#idle.shift()!;
      if (session.broken) this.#reconnect(session, conn);
      else this.#send(session, conn, this.#due.shift()!);
    }
  }

  #send(session: Session, conn: number, { request, logged }: { request: WriteRequest; logged: LoggedOperation }): void {
    logged.conn = conn;
    logged.invokedNs = nowNs();
    const done = session.write(request, this.#plan.timeoutMs).then((result) => {
      this.#log.end(logged, result, nowNs());
      this.#busy.delete(done);
      this.#release(session, conn);
    });
    this.#busy.add(done);
  }

  #release(session: Session, conn: number): void {
    if (session.broken) this.#reconnect(session, conn);
    else {
      this.#idle.push({ session, conn });
      if (this.#timer && this.#due.length > 0) this.#dispatch();
    }
  }

  #reconnect(broken: Session, conn: number): void {
    broken.close();
    if (!this.#timer) return;
    const connection = this.#connectAgain(conn).finally(() => {
      this.#connections = this.#connections.filter((c) => c !== connection);
    });
    this.#connections.push(connection);
  }

  async #connectAgain(conn: number): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        const session = await this.#component.connect(this.#plan.timeoutMs);
        if (!this.#timer) return session.close();
        return this.#release(session, conn);
      } catch {
        await sleep(RECONNECT_AFTER_MS, undefined, { signal: this.#closing.signal }).catch(messageOf); // the store is down: that is what is being measured
      }
    }
  }
}
