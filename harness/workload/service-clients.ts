import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Component } from "../component.ts";
import { isServiceable } from "../capabilities.ts";
import type { Program } from "../node.ts";
import { nowNs } from "../time.ts";
import { within } from "../wait.ts";
import type { Clients, ClientsContext } from "./clients.ts";
import { K6_ENV, K6_STOPPED, k6Argv } from "./k6-command.ts";
import { type Answer, K6Samples, type OrderListener, type Part, PARTS, wasSent } from "./k6-samples.ts";
import type { LoggedOperation } from "./operation-log.ts";
import { OrderService } from "./order-service.ts";
import { RequestLog } from "./request-log.ts";
import { resultOf } from "./service-proof.ts";
import { monotonicOf } from "./wall-clock.ts";

const SCRIPT = path.join(import.meta.dirname, "../../fixtures/workloads/orders.ts");
/** Longer than any drill takes: k6 is told to stop. */
const DURATION_MS = 24 * 3_600_000;
const FIRST_ORDER_TIMEOUT_MS = 60_000;
/** Beyond the users' own patience, which k6 grants to what is under way. */
const STOP_TIMEOUT_MS = 15_000;
const LOOK_EVERY_MS = 1_000;
/** The service's patience with one store as a share of its users', who hear its answer only if two in turn leave something over. */
const SERVICE_SHARE = 0.4;

/**
 * Users who send orders to the order service. k6 says each order before it sends it; what it says is on disk before it counts, and
 * stands in the ledger of operations at once, so that whoever watches the drill sees it live. The instants are refined at the end,
 * when the clock has been looked at from both sides.
 */
export class ServiceClients implements Clients {
  readonly #context: ClientsContext;
  readonly #stores: Readonly<Record<Part, Component>>;
  readonly #requests: RequestLog;
  readonly #samples: K6Samples;
  readonly #logged = new Map<string, Readonly<Record<Part, LoggedOperation>>>();
  #timer: NodeJS.Timeout | undefined;
  #starting: Promise<void> = Promise.resolve();
  #service: OrderService | undefined;
  #program: Program | undefined;
  #firstSent: () => void = () => undefined;
  #orderEnded: (operation: LoggedOperation) => void = () => undefined;
  #stopped: Promise<number> | undefined;

  constructor(context: ClientsContext) {
    const { plan, targets, seed, rawDir } = context;
    const [db, cache, audit] = targets;
    if (!db || !cache || !audit) throw new Error(`${plan.name} needs three stores, not ${targets.length}`);
    this.#context = context;
    this.#stores = { db, cache, audit };
    const stores = { db: db.name, cache: cache.name, audit: audit.name };
    this.#requests = new RequestLog(rawDir, plan.name);
    this.#samples = new K6Samples({ workload: plan.name, seed, stores }, this.#listener());
  }

  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { plan, seed, startProgram } = this.#context;
    this.#requests.look();
    this.#timer = setInterval(() => this.#requests.look(), LOOK_EVERY_MS);
    const [script, service] = await Promise.all([readFile(SCRIPT, "utf8"), OrderService.start(this.#config())]);
    this.#service = service;
    if (this.#stopped) return;
    void service.ended.then((words) => this.#over(`the order service: ${words}`));
    const sent = new Promise<void>((resolve) => (this.#firstSent = resolve));
    const { name: workload, ratePerSecond, timeoutMs } = plan;
    const load = { port: service.port, ratePerSecond, durationMs: DURATION_MS, timeoutMs, seed, workload };
    const program = await startProgram({
      name: workload,
      image: "k6",
      argv: k6Argv(load),
      env: K6_ENV,
      stdin: script,
      output: (text) => this.#hear(text),
    });
    this.#program = program;
    const gone = program.ended.then(({ code, errors }) => {
      const words = `k6 of ${workload} ended with code ${code}${errors && `: ${errors}`}`;
      this.#over(words);
      throw new Error(words);
    });
    gone.catch(() => undefined);
    await within(FIRST_ORDER_TIMEOUT_MS, Promise.race([sent, gone]), `${workload} sent no order`);
  }

  stop(): Promise<number> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** What was heard last is what was on its way when k6 was told to stop. */
  async #stop(): Promise<number> {
    this.#firstSent(); // nobody waits for it any more
    await this.#starting.catch(() => undefined);
    await this.#oneMore();
    await this.#endProgram();
    clearInterval(this.#timer);
    this.#requests.look();
    const { operations } = this.#samples.finish(this.#requests.looks);
    for (const { op, store, dueNs, invokedNs, endedNs } of operations) {
      const part = PARTS.find((name) => this.#stores[name].name === store)!;
      this.#context.log.retime(this.#logged.get(op)![part], { dueNs, invokedNs, endedNs });
    }
    await this.#service?.stop();
    this.#requests.close();
    return operations.length;
  }

  /**
   * An order that is sent from now on, to its end. k6 breaks off what is under way when it is told to stop, and nobody learns the
   * end of that; so it lies beyond what the drill waited for. The users' patience bounds the wait.
   */
  async #oneMore(): Promise<void> {
    if (!this.#program) return;
    const sinceNs = nowNs();
    const ended = new Promise<void>((resolve) => {
      this.#orderEnded = (operation) => {
        if (operation.invokedNs > sinceNs) resolve();
      };
    });
    const { timeoutMs, ratePerSecond, name } = this.#context.plan;
    const boundMs = 2 * timeoutMs + 1_000 / ratePerSecond;
    await within(boundMs, Promise.race([ended, this.#program.ended]), `${name} sent nothing`).catch(() => undefined); // the record shows it
  }

  async #endProgram(): Promise<void> {
    if (!this.#program) return;
    const program = this.#program;
    await program.signal("SIGINT").catch(() => undefined); // it has ended already; its output says how far it came
    const { timeoutMs, name } = this.#context.plan;
    try {
      const { code } = await within(timeoutMs + STOP_TIMEOUT_MS, program.ended, `k6 of ${name} did not stop`);
      if (code !== K6_STOPPED) this.#context.lost(`k6 of ${name} was told to stop and ended with code ${code}`);
    } catch {
      await program.signal("SIGKILL").catch(() => undefined); // its last line is missing then, which is a defect of the record
      await within(STOP_TIMEOUT_MS, program.ended, `k6 of ${name} did not end`).catch(() => undefined); // nor is more to be had
    }
  }

  #config(): Parameters<typeof OrderService.start>[0] {
    const access = (part: Part) => {
      const component = this.#stores[part];
      if (!isServiceable(component)) throw new Error(`${component.name} cannot be used by an application`);
      return component.serviceAccess();
    };
    const { timeoutMs, connections } = this.#context.plan;
    const patienceMs = Math.floor(timeoutMs * SERVICE_SHARE);
    return { db: access("db"), cache: access("cache"), audit: access("audit"), patienceMs, connections };
  }

  /** On disk first. */
  #hear(text: string): void {
    this.#requests.append(text);
    this.#samples.add(text);
  }

  #over(why: string): void {
    if (!this.#stopped) this.#context.lost(why);
  }

  #listener(): OrderListener {
    return {
      sent: ({ op, seq, sha256, conn, dueMs, wallMs }) => {
        const { log, plan } = this.#context;
        const invokedNs = this.#at(wallMs).fromNs;
        const dueNs = invokedNs - BigInt(Math.round(Math.max(0, wallMs - dueMs) * 1e6));
        const request = { op, sha256, payload: "", transfer: null };
        const due = PARTS.map((p) => ({ request, store: this.#stores[p].name, workload: plan.name, seq, dueNs }));
        const logged = log.record(due);
        for (const operation of logged) Object.assign(operation, { conn, invokedNs });
        const [db, cache, audit] = logged;
        this.#logged.set(op, { db: db!, cache: cache!, audit: audit! });
        this.#firstSent();
      },
      ended: ({ op, wallMs, answers }) => {
        const { toNs } = this.#at(wallMs);
        const logged = this.#logged.get(op)!;
        for (const part of PARTS) this.#end(logged[part], answers[part], toNs);
        this.#orderEnded(logged.db);
      },
    };
  }

  #end(operation: LoggedOperation, answer: Answer, endedNs: bigint): void {
    if (!wasSent(answer)) operation.conn = null;
    this.#context.log.end(operation, resultOf(operation.store, answer), endedNs);
  }

  #at(wallMs: number): { fromNs: bigint; toNs: bigint } {
    return monotonicOf(this.#requests.looks, wallMs)!; // looked at before k6 was started
  }
}
