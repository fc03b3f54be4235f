import { setTimeout as sleep } from "node:timers/promises";
import type { Component, Session, WriteRequest } from "../component.ts";
import { messageOf } from "../errors.ts";
import type { PlannedWorkload } from "../plan.ts";
import { nowNs } from "../time.ts";
import { makeRequest } from "./content.ts";
import type { OperationLog } from "./operation-log.ts";

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
  readonly #due: { seq: number; dueNs: bigint }[] = [];
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
    const sessions = await Promise.all(Array.from({ length: this.#plan.connections }, () => this.#component.connect(this.#plan.timeoutMs * 5)));
    for (const [conn, session] of sessions.entries()) this.#idle.push({ session, conn });
    this.#startNs = nowNs();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Ends the schedule, waits for the writes under way and closes the connections. Returns how many operations were due. */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const waiting of this.#due.splice(0)) this.#giveUp(waiting, "the workload was stopped before a connection was free");
    await Promise.all(this.#busy);
    this.#closing.abort();
    await Promise.allSettled(this.#connections);
    for (const { session } of this.#idle.splice(0)) session.close();
    return this.#issued;
  }

  #tick(): void {
    const now = nowNs();
    const dueBy = Math.floor(Number(now - this.#startNs) / this.#intervalNs);
    while (this.#issued <= dueBy) {
      const seq = this.#issued++;
      this.#due.push({ seq, dueNs: this.#startNs + BigInt(Math.round(seq * this.#intervalNs)) });
    }
    const patienceNs = BigInt(Math.round(this.#plan.timeoutMs * 1e6));
    while (this.#due[0] && now - this.#due[0].dueNs > patienceNs) this.#giveUp(this.#due.shift()!, `no connection was free within ${this.#plan.timeoutMs} ms`);
    this.#dispatch();
  }

  /** Sends what is due on the connections that are free; all of it is in the log before the first byte leaves. */
  #dispatch(): void {
    const pairs: { session: Session; conn: number; seq: number; dueNs: bigint; request: WriteRequest }[] = [];
    while (this.#due.length > 0 && this.#idle.length > 0) {
      const { seq, dueNs } = this.#due.shift()!;
      const { session, conn } = this.#idle.shift()!;
      if (session.broken) {
        this.#due.unshift({ seq, dueNs });
        this.#reconnect(session, conn);
        continue;
      }
      pairs.push({ session, conn, seq, dueNs, request: this.#request(seq) });
    }
    if (pairs.length === 0) return;
    const invokedNs = nowNs();
    const { name: workload, target: store } = this.#plan;
    const logged = this.#log.invoke(pairs.map(({ request, seq, dueNs, conn }) => ({ request, store, workload, seq, dueNs, conn, invokedNs })));
    for (const [i, { session, conn, request }] of pairs.entries()) {
      const done = session.write(request, this.#plan.timeoutMs).then((result) => {
        this.#log.end(logged[i]!, result, nowNs());
        this.#busy.delete(done);
        this.#release(session, conn);
      });
      this.#busy.add(done);
    }
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

  #giveUp({ seq, dueNs }: { seq: number; dueNs: bigint }, error: string): void {
    const { name: workload, target: store } = this.#plan;
    this.#log.giveUp({ request: this.#request(seq), store, workload, seq, dueNs, atNs: nowNs(), error });
  }

  #request(seq: number): WriteRequest {
    return makeRequest({ workload: this.#plan.name, seed: this.#seed, seq, transfers: this.#plan.transfers });
  }
}
