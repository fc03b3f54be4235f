import { setTimeout as sleep } from "node:timers/promises";
import { ARCHIVING_ALARM } from "../archive-alarms.ts";
import type { Component } from "../component.ts";
import { isArchiving, isInspectable } from "../archive.ts";
import { messageOf } from "../errors.ts";
import { openStack, type Stack } from "../engine/stack.ts";
import type { EventData, NodeFacts, Phase } from "../history.ts";
import type { Plan } from "../plan.ts";
import type { Listener } from "../progress.ts";
import { type Bracket, bracket, nowNs } from "../time.ts";
import { untilAborted, within } from "../wait.ts";
import type { Sample } from "../workload/probes.ts";
import { unsureOf } from "../workload/unsure.ts";
import { ArchiveWatch } from "./archive-watch.ts";
import { lookAtClocks } from "./clocks.ts";
import { disksOf, targetsNeeding } from "./host-needs.ts";
import { Load } from "./load.ts";
import { raiseAll } from "./raise.ts";
import { seededRandom } from "./random.ts";
import type { Record } from "./record.ts";
import { Settling } from "./settling.ts";
import { Steps, type Journal, type StepContext } from "./steps.ts";

const POLL_MS = 10;
/** What the record may still gather after an abort, before the stack goes. */
const LAST_WORDS_MS = 3_000;
const HEAL_MS = 15_000;

export interface PlanRun {
  readonly run: string;
  readonly plan: Plan;
  readonly record: Record;
  readonly journal: Journal;
  /** Puts the journal on the disk itself. */
  readonly flushJournal: () => void;
  /** Image references by the name that a component gave; `proxy` among them. */
  readonly images: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  readonly listen: Listener;
}

export interface PlanEnd {
  /** What ended the run before its time; null when every phase was gone through. */
  readonly error: unknown;
  /** Removes the stack; resolves with what could not be undone or removed, in words. Must be called. */
  takeDown(): Promise<string[]>;
}

/**
 * The effectful bracket: stack up, steady state, steps, settle, read everything back. It does nothing but act and append to the
 * record; what came of it is judged later, from disk. Never rejects: an end before time is in the journal and in `error`.
 */
export async function runPlan(options: PlanRun): Promise<PlanEnd> {
  const drill = new Drill(options);
  let error: unknown = null;
  try {
    await drill.run();
  } catch (thrown) {
    error = thrown;
    await drill.lastWords();
  }
  await drill.heal();
  options.journal(
    "run-ended",
    error === null ? { outcome: "completed" } : { outcome: "aborted", error: messageOf(error) },
  );
  return { error, takeDown: () => drill.takeDown() };
}

class Drill {
  readonly #o: PlanRun;
  readonly #undo = new AsyncDisposableStack();
  readonly #unclean: string[] = [];
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #components = new Map<string, Component>();
  #told = { acknowledged: 0, atMs: performance.now() };
  #stack: Stack | undefined;
  #load: Load | undefined;
  #faults: Steps | undefined;
  #settling: Settling | undefined;
  #watches: ArchiveWatch[] = [];
  #faultNs = 0n;

  constructor(options: PlanRun) {
    this.#o = options;
    this.#signal = AbortSignal.any([options.signal, this.#abort.signal]);
  }

  async run(): Promise<void> {
    const { plan } = this.#o;
    await this.#phase("stack", () => this.#raise());
    await this.#phase("steady", () => this.#reachSteadyState());
    const steps = this.#steps();
    this.#watchArchives();
    await this.#phase("steps", async () => {
      for (const step of plan.steps) await steps.run(step);
    });
    await this.#phase("settle", () => this.#settle(steps));
    await this.#phase("read-back", () => this.#readBack());
  }

  /** What can still be said after an abort, within a budget: the ends of writes under way and the servers' logs. */
  async lastWords(): Promise<void> {
    const words = Promise.allSettled([this.#stopWatches(), this.#load?.stop(), this.#collectLogs()]);
    await Promise.race([words, sleep(LAST_WORDS_MS)]);
  }

  /** Undoes every fault, within a time of its own; what is left of one goes with the stack. */
  async heal(): Promise<void> {
    const steps = this.#faults;
    if (!steps) return;
    this.#abort.abort(new Error("the drill has ended")); // a proof that is still looked for ends at once: none may come after the journal is closed
    const tried = <T>(act: Promise<T>, words: string): Promise<T | void> =>
      within(HEAL_MS, act, words).catch((thrown: unknown) => void this.#unclean.push(messageOf(thrown)));
    await tried(steps.proven(), "the proofs of the faults did not end");
    this.#unclean.push(...((await tried(steps.healAll(), "the faults were not healed")) ?? []));
  }

  async takeDown(): Promise<string[]> {
    try {
      await this.#undo.disposeAsync();
    } catch (thrown) {
      this.#unclean.push(messageOf(thrown));
    }
    return [...this.#unclean, ...(this.#stack?.unclean ?? [])];
  }

  async #raise(): Promise<void> {
    const { plan, run, record, images } = this.#o;
    const signal = this.#signal;
    this.#stack = await openStack({
      run,
      seed: plan.seed,
      signal,
      images,
      cuts: targetsNeeding(plan, "netns-drop"),
      powerCuts: disksOf(plan),
      powerImage: images.get("power") ?? "power",
      proxyImage: images.get("proxy") ?? "proxy",
      paths: plan.components.reduce((sum, component) => sum + 1 + component.nodes.length, 0),
      witness: (event) => record.engineEvent(event),
      lostEngine: (why) => this.#abort.abort(new Error(`the container engine went away: ${why}`)),
    });
    this.#undo.use(this.#stack);
    const { context } = this.#stack;
    const booted = (component: Component) => {
      this.#components.set(component.name, component);
      this.#undo.defer(() => component.close());
    };
    await raiseAll(plan.components, context, signal, booted, (backup) => this.#o.journal("backup-taken", backup));
    await this.#stack.syncDisks();
  }

  async #reachSteadyState(): Promise<void> {
    const { plan, record } = this.#o;
    const { holdMs, errors, timeoutMs } = plan.steadyState;
    await this.#clocks("steady");
    const shared = {
      log: record.operations,
      rawDir: record.rawDir,
      startProgram: this.#stack!.startProgram,
      lost: (why: string) => this.#abort.abort(new Error(`the clients were lost: ${why}`)),
    };
    this.#load = new Load(plan, this.#components, shared, (sample) => this.#seen(sample));
    this.#undo.defer(async () => void (await this.#load?.stop()));
    await untilAborted(this.#load.start(), this.#signal);
    this.#settling = new Settling(record.operations.operations, nowNs(), errors);
    if (!(await this.#served(holdMs, timeoutMs)))
      throw new Error(
        `no steady state within ${timeoutMs} ms: clients were never served for ${holdMs} ms without more than ${errors} errors`,
      );
    await this.#facts("steady");
  }

  #steps(): Steps {
    const { plan, record, journal } = this.#o;
    const steps = new Steps({
      components: this.#components,
      detectors: this.#load!.detectors,
      signal: this.#signal,
      random: seededRandom(plan.seed),
      journal,
      keep: (step, name, content) => record.output(step, name, content),
      unsure: (component) => unsureOf(plan.workload, plan.seed, record.operations.operations, component),
      beforeFault: async () => {
        record.operations.flush();
        this.#o.flushJournal();
        await Promise.all([this.#facts("fault"), this.#clocks("fault")]);
      },
      mark: this.#mark,
    });
    this.#faults = steps;
    return steps;
  }

  readonly #mark: StepContext["mark"] = (name, at, detail) => {
    if (name === "effective") this.#faultIs(at);
    const after = (ns: bigint) => Number(ns - this.#faultNs) / 1e6;
    this.#o.listen({
      kind: "mark",
      label: `${name}: ${detail}`,
      at: { lowerMs: after(at.fromNs), upperMs: after(at.toNs) },
    });
  };

  /** Where the verdict asks for it; each look is a question to the server and a list of the store. */
  #watchArchives(): void {
    const { plan, journal } = this.#o;
    if (!plan.verify.includes(ARCHIVING_ALARM)) return;
    for (const component of this.#components.values())
      if (isArchiving(component))
        this.#watches.push(new ArchiveWatch(component.name, component, { journal, mark: this.#mark }));
  }

  /** From here on, what clients suffer counts against the settle time. */
  #faultIs(at: Bracket): void {
    this.#faultNs = at.toNs;
    this.#settling = new Settling(this.#o.record.operations.operations, at.toNs);
  }

  /**
   * Goes on until clients were served for the whole settle time, or until no pass is possible any more. It begins with the end of the
   * last step, which may have moved clients just then.
   */
  async #settle(steps: Steps): Promise<void> {
    const { plan, journal, record } = this.#o;
    this.#settling = new Settling(record.operations.operations, nowNs());
    const patienceMs = plan.objectives.recoveryTimeMs + plan.settleMs;
    if (!(await this.#served(plan.settleMs, patienceMs)))
      journal("note", {
        text: `clients were not served for ${plan.settleMs} ms without a break within ${patienceMs} ms`,
      });
    await steps.proven();
    await this.#stopWatches();
    journal("workload-stopped", { operations: await this.#load!.stop() });
  }

  async #stopWatches(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  async #readBack(): Promise<void> {
    const { record } = this.#o;
    try {
      await this.#readEverything();
    } finally {
      if (!this.#signal.aborted) await this.#inspect();
    }
    for (const [store, { count, op, why }] of record.unread)
      this.#o.journal("note", {
        text: `${count} elements of ${store} could not be read back; the first, ${op}: ${why}`,
      });
  }

  async #readEverything(): Promise<void> {
    // All of them end before anything goes on, also when one fails: what comes next may stop a server under the others.
    const everything = Promise.allSettled([
      ...[...this.#components.values()].map((component) => this.#readBackOf(component)),
      this.#facts("recovered"),
      this.#redundancy(),
      this.#clocks("recovered"),
      this.#collectLogs(),
    ]);
    const failed = (await untilAborted(everything, this.#signal)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  async #readBackOf(component: Component): Promise<void> {
    const { at } = await bracket(() => component.readBack(this.#o.record));
    this.#o.journal("read-back", { component: component.name, fromNs: String(at.fromNs), toNs: String(at.toNs) });
  }

  /** The detectors, once they can change nothing that is judged: some stop a server. Where the read-back failed they may say why. */
  async #inspect(): Promise<void> {
    const { journal, listen } = this.#o;
    const inspections = [...this.#components.values()].filter(isInspectable).map(async (component) => {
      const told = component.inspect(({ detector, noticed, detail, at }) => {
        const span = { fromNs: String(at.fromNs), toNs: String(at.toNs) };
        journal("detector-ran", { component: component.name, detector, noticed, detail, ...span });
        if (noticed === "yes") listen({ kind: "note", text: `${detector} noticed: ${detail}` });
      }, this.#signal);
      await untilAborted(told, this.#signal);
    });
    await Promise.all(inspections);
  }

  async #redundancy(): Promise<void> {
    for (const component of this.#components.values()) {
      const { restored, detail } = await component.redundancy();
      this.#o.journal("redundancy", { state: restored ? "restored" : "not-restored", detail });
    }
  }

  async #served(holdMs: number, patienceMs: number): Promise<boolean> {
    const endMs = performance.now() + patienceMs;
    let toldMs = 0;
    while (!this.#settling!.served(holdMs)) {
      if (performance.now() > endMs) return false;
      await sleep(POLL_MS, undefined, { signal: this.#signal });
      if (performance.now() - toldMs > 200) toldMs = this.#tellCounters();
    }
    return true;
  }

  #tellCounters(): number {
    const counts = { ok: 0, fail: 0, info: 0 };
    for (const { outcome, endedNs } of this.#o.record.operations.operations) if (endedNs !== null) counts[outcome]++;
    const now = performance.now();
    const perSecond = ((counts.ok - this.#told.acknowledged) / (now - this.#told.atMs)) * 1_000;
    this.#told = { acknowledged: counts.ok, atMs: now };
    this.#o.listen({
      kind: "counters",
      acknowledged: counts.ok,
      failed: counts.fail,
      indeterminate: counts.info,
      perSecond,
    });
    return now;
  }

  #seen(sample: Sample): void {
    this.#o.record.sample(sample);
    this.#settling?.see(sample);
  }

  async #facts(at: NodeFacts["at"]): Promise<void> {
    const all = await Promise.all([...this.#components.values()].map((component) => component.facts(at)));
    for (const facts of all.flat()) this.#o.record.facts(facts, nowNs());
  }

  async #clocks(label: string): Promise<void> {
    this.#o.journal("clock-bracket", await lookAtClocks(label, this.#components.values()));
  }

  async #collectLogs(): Promise<void> {
    await Promise.all(
      [...(this.#stack?.nodes.values() ?? [])].map(async (node) => this.#o.record.log(node.name, await node.logs())),
    );
  }

  async #phase(phase: Phase, act: () => Promise<void>): Promise<void> {
    const { journal, listen } = this.#o;
    this.#signal.throwIfAborted();
    journal("phase-started", { phase });
    listen({ kind: "phase-started", phase });
    const ended: EventData["phase-ended"] = { phase };
    try {
      await act();
      this.#signal.throwIfAborted();
    } catch (thrown) {
      ended.error = messageOf(thrown);
      throw thrown;
    } finally {
      journal("phase-ended", ended);
      listen({ kind: "phase-ended", ...ended });
    }
  }
}
