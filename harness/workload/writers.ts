import { setTimeout as sleep } from "node:timers/promises";
import type { Component } from "../component.ts";
import { messageOf } from "../errors.ts";
import type { PlannedWorkload } from "../plan.ts";
import { nowNs } from "../time.ts";
import { Client, type DueOperation } from "./client.ts";
import { makeRequest } from "./content.ts";
import type { DueWrite, OperationLog } from "./operation-log.ts";

const TICK_MS = 1;
const RECONNECT_AFTER_MS = 20;

/**
 * Open-loop writers: operation k is due at start + k / rate whatever the stores do, so an outage cannot hide itself by slowing its
 * clients down (G. Tene, "coordinated omission"). One that finds no free client waits and counts from when it was due; past the
 * client's patience it is given up unsent, which is certainly not executed.
 */
export class Writers {
  readonly #plan: PlannedWorkload;
  readonly #targets: readonly Component[];
  readonly #log: OperationLog;
  readonly #seed: number;
  readonly #intervalNs: number;
  readonly #idle: Client[] = [];
  readonly #due: DueOperation[] = [];
  readonly #busy = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #startNs = 0n;
  #issued = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #mending: Promise<void>[] = [];

  constructor(plan: PlannedWorkload, targets: readonly Component[], log: OperationLog, seed: number) {
    this.#plan = plan;
    this.#targets = targets;
    this.#log = log;
    this.#seed = seed;
    this.#intervalNs = 1e9 / plan.ratePerSecond;
  }

  /** Opens every client, then starts the schedule. Rejects when a connection cannot be had at all. */
  async start(): Promise<void> {
    const { connections, timeoutMs } = this.#plan;
    const clients = Array.from({ length: connections }, (_, conn) =>
      Client.open(this.#targets, conn, this.#log, timeoutMs * 5),
    );
    const opened = await Promise.all(clients);
    if (this.#stopped) return opened.forEach((client) => client.close()); // nobody waits for it any more, and the log is closed soon
    this.#idle.push(...opened);
    this.#startNs = nowNs();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Ends the schedule, waits for what is under way and closes the clients. Returns how many operations are recorded. */
  async stop(): Promise<number> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const due of this.#due.splice(0)) this.#giveUp(due, "the workload was stopped before a connection was free");
    await Promise.all(this.#busy);
    this.#closing.abort();
    await Promise.allSettled(this.#mending);
    for (const client of this.#idle.splice(0)) client.close();
    return this.#issued * this.#targets.length;
  }

  /** Everything that has become due is in the log before any of it is sent. */
  #tick(): void {
    const now = nowNs();
    const dueBy = Math.floor(Number(now - this.#startNs) / this.#intervalNs);
    const { name: workload, timeoutMs } = this.#plan;
    const fresh: DueWrite[] = [];
    for (; this.#issued <= dueBy; this.#issued++) {
      const seq = this.#issued;
      const request = makeRequest({ ...this.#plan, workload, seed: this.#seed, seq });
      const dueNs = this.#startNs + BigInt(Math.round(seq * this.#intervalNs));
      for (const { name: store } of this.#targets) fresh.push({ request, store, workload, seq, dueNs });
    }
    if (fresh.length > 0) this.#record(fresh);
    const patienceNs = BigInt(Math.round(timeoutMs * 1e6));
    while (this.#due[0] && now - this.#due[0].logged[0]!.dueNs > patienceNs)
      this.#giveUp(this.#due.shift()!, `no connection was free within ${timeoutMs} ms`);
    this.#dispatch();
  }

  #record(fresh: readonly DueWrite[]): void {
    const logged = this.#log.record(fresh);
    const stores = this.#targets.length;
    for (let at = 0; at < fresh.length; at += stores)
      this.#due.push({ request: fresh[at]!.request, logged: logged.slice(at, at + stores) });
  }

  #giveUp({ logged }: DueOperation, why: string): void {
    const now = nowNs();
    for (const operation of logged) this.#log.giveUp(operation, why, now);
  }

  /** Sends what is due with the clients that are free. */
  #dispatch(): void {
    while (this.#due.length > 0 && this.#idle.length > 0) {
      const client = this.#idle.shift()!;
      if (client.broken) this.#mend(client);
      else this.#send(client, this.#due.shift()!);
    }
  }

  #send(client: Client, due: DueOperation): void {
    const done = client.carry(due, this.#plan.timeoutMs).then(() => {
      this.#busy.delete(done);
      this.#release(client);
    });
    this.#busy.add(done);
  }

  #release(client: Client): void {
    if (client.broken) this.#mend(client);
    else {
      this.#idle.push(client);
      if (this.#timer && this.#due.length > 0) this.#dispatch();
    }
  }

  #mend(client: Client): void {
    if (!this.#timer) return client.close();
    const mending = this.#mendPatiently(client).finally(() => {
      this.#mending = this.#mending.filter((m) => m !== mending);
    });
    this.#mending.push(mending);
  }

  async #mendPatiently(client: Client): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await client.mend(this.#plan.timeoutMs);
        if (!this.#timer) break;
        return this.#release(client);
      } catch {
        await sleep(RECONNECT_AFTER_MS, undefined, { signal: this.#closing.signal }).catch(messageOf); // a store is down: that is what is being measured
      }
    }
    client.close();
  }
}
