import { setTimeout as sleep } from "node:timers/promises";
import type { Component, InsideSpan, WriteRequest } from "../component.ts";
import { messageOf } from "../errors.ts";
import type { FaultTarget, Injection } from "../fault.ts";
import { faultKind } from "../faults.ts";
import type { EventData } from "../history.ts";
import type { PlannedStep } from "../plan.ts";
import { recoveryKind } from "../recoveries.ts";
import { routineKind } from "../routines.ts";
import { nowNs, type Bracket } from "../time.ts";
import { untilAborted } from "../wait.ts";
import type { Detector } from "../workload/probes.ts";

export type Journal = <K extends keyof EventData>(kind: K, data: EventData[K], ns?: bigint) => void;

export interface StepContext {
  readonly components: ReadonlyMap<string, Component>;
  readonly detectors: ReadonlyMap<string, Detector>;
  readonly signal: AbortSignal;
  /** 0 to 1, from the run's seed. */
  readonly random: () => number;
  readonly journal: Journal;
  readonly keep: (step: string, name: string, content: string) => Promise<void>;
  /** What clients sent to a component and never learned the end of. */
  readonly unsure: (component: string) => readonly WriteRequest[];
  /** Runs just before a fault: the settings that decide durability, and the ledger on disk. */
  readonly beforeFault: () => Promise<void>;
  readonly mark: (name: string, at: Bracket, detail: string) => void;
}

/** What the steps leave behind: proofs still being gathered, and everything that has to be healed. */
export class Steps {
  readonly #context: StepContext;
  readonly #injections = new Map<string, { injection: Injection; target: string; healed: boolean }>();
  readonly #proofs: Promise<void>[] = [];
  /** By component. */
  readonly #beforeFaultMs = new Map<string, number>();
  readonly #beforeAnyFaultMs = new Map<string, number>();

  constructor(context: StepContext) {
    this.#context = context;
  }

  async run(step: PlannedStep): Promise<void> {
    const inside = await this.#awaitStart(step);
    this.#context.signal.throwIfAborted();
    if (step.does === "fault") await this.#inject(step, inside);
    else if (step.does === "heal") await this.#heal(step.fault);
    else if (step.does === "routine") await this.#routine(step);
    else await this.#recover(step);
  }

  /** Every proof that is still being gathered. */
  async proven(): Promise<void> {
    await Promise.all(this.#proofs);
  }

  /** Undoes every fault, newest first; returns what could not be undone, in words. */
  async healAll(): Promise<string[]> {
    const failed: string[] = [];
    for (const name of [...this.#injections.keys()].toReversed()) {
      try {
        await this.#heal(name);
      } catch (thrown) {
        failed.push(`${name}: ${messageOf(thrown)}`);
      }
    }
    return failed;
  }

  /** Resolves when the step is due; with a way to prove that it fell into the span that it waited for, where there is one. */
  async #awaitStart({ name, start, ...step }: PlannedStep): Promise<InsideSpan | undefined> {
    const { signal, journal, random, detectors, components, mark } = this.#context;
    let inside: InsideSpan | undefined;
    if (start.by === "time") await sleep(start.afterMs + start.jitterMs * random(), undefined, { signal });
    else if (start.by === "trigger") {
      const target = "target" in step ? step.target : "";
      const component = components.get(componentOf(target));
      inside = (await component?.awaitTrigger(start.on, signal, target)) ?? undefined;
    } else {
      const sample = await detectors.get(name)!.fired(signal);
      journal("detected", { step: name, probe: start.probe, fails: start.fails, toNs: String(sample.endedNs) });
      mark("detected", { fromNs: sample.endedNs, toNs: sample.endedNs }, `${start.fails} failures of ${start.probe}`);
    }
    journal("step-started", { step: name });
    return inside;
  }

  async #inject(step: PlannedStep & { does: "fault" }, inside: InsideSpan | undefined): Promise<void> {
    const { journal, signal, beforeFault, mark, keep } = this.#context;
    await beforeFault();
    const wallMs = Date.now();
    const injection = await faultKind(step.kind)!.inject(this.#target(step.target), step.params, {
      signal,
      step: step.name,
      attempted: (attempt) => journal("attempt", { step: step.name, ...attempt }),
      struck: (elements) => journal("struck", { step: step.name, store: componentOf(step.target), ...elements }),
      keep: (name, content) => keep(step.name, name, content),
    });
    this.#beforeFaultMs.set(componentOf(step.target), wallMs);
    this.#beforeAnyFaultMs.set(
      componentOf(step.target),
      this.#beforeAnyFaultMs.get(componentOf(step.target)) ?? wallMs,
    );
    this.#injections.set(step.name, { injection, target: step.target, healed: false });
    const { fromNs, toNs } = injection.effective;
    journal("fault-effective", {
      step: step.name,
      fault: step.kind,
      target: step.target,
      fromNs: String(fromNs),
      toNs: String(toNs),
    });
    mark("effective", injection.effective, `${step.kind} of ${step.target}`);
    this.#proofs.push(this.#prove(step, injection, inside));
  }

  /** A fault that had to fall into a span of time and missed it is not the fault that was planned. */
  async #prove(
    { name, kind, target }: PlannedStep & { does: "fault" },
    injection: Injection,
    inside: InsideSpan | undefined,
  ): Promise<void> {
    const unseen = (thrown: unknown) => ({
      observed: false,
      proof: `the effect could not be observed: ${messageOf(thrown)}`,
    });
    const [effect, span] = await Promise.all([
      injection.effect(this.#context.signal).catch(unseen),
      inside?.(injection.effective).catch(unseen),
    ]);
    const observed = effect.observed && span?.observed !== false;
    const proof = span ? `${effect.proof}; ${span.proof}` : effect.proof;
    this.#context.journal("fault-proven", { step: name, fault: kind, target, observed, proof });
  }

  async #heal(name: string): Promise<void> {
    const entry = this.#injections.get(name);
    if (!entry || entry.healed) return;
    await entry.injection.heal();
    entry.healed = true;
    this.#context.journal("fault-healed", { step: name, target: entry.target });
  }

  async #recover(step: PlannedStep & { does: "recover" }): Promise<void> {
    const { journal, signal, keep, mark, components, unsure } = this.#context;
    const recovery = recoveryKind(step.kind)!;
    const decidedNs = nowNs();
    const human = step.start.by === "time" && !recovery.byItself;
    journal("recovery-started", { step: step.name, recovery: step.kind, target: step.target, human }, decidedNs);
    mark("decided", { fromNs: decidedNs, toNs: decidedNs }, `${step.kind} of ${step.target}`);
    try {
      const recovered = recovery.recover(this.#target(step.target), step.params, {
        signal,
        stack: components,
        beforeFaultMs: this.#beforeFaultMs.get(componentOf(step.target)) ?? null,
        beforeAnyFaultMs: this.#beforeAnyFaultMs.get(componentOf(step.target)) ?? null,
        unsure,
        rewound: (to) => journal("rewound", { step: step.name, ...to }),
        restored: (what) => journal("restored", { step: step.name, ...what }),
        reconciled: (element) => journal("reconciled", { step: step.name, ...element }),
        mark: (name, at) => {
          journal("recovery-mark", { step: step.name, mark: name, fromNs: String(at.fromNs), toNs: String(at.toNs) });
          mark(name, at, step.target);
        },
        keep: (name, content) => keep(step.name, name, content),
      });
      await untilAborted(recovered, signal);
      journal("recovery-ended", { step: step.name, ok: true });
    } catch (thrown) {
      signal.throwIfAborted();
      journal("recovery-ended", { step: step.name, ok: false, error: messageOf(thrown) });
    }
  }

  async #routine({ name, kind, target, params }: PlannedStep & { does: "routine" }): Promise<void> {
    const { journal, signal, keep } = this.#context;
    const fromNs = nowNs();
    const end = (ok: boolean, detail: string): void =>
      journal("routine-ended", {
        step: name,
        routine: kind,
        target,
        ok,
        detail,
        fromNs: String(fromNs),
        toNs: String(nowNs()),
      });
    try {
      const keepIt = (file: string, content: string) => keep(name, file, content);
      const done = routineKind(kind)!.run(this.#target(target), params, { signal, step: name, keep: keepIt });
      end(true, await untilAborted(done, signal));
    } catch (thrown) {
      signal.throwIfAborted();
      end(false, messageOf(thrown));
    }
  }

  #target(name: string): FaultTarget {
    const component = this.#context.components.get(componentOf(name));
    if (!component) throw new Error(`no component is called ${componentOf(name)}`);
    return { component, node: component.nodes.get(name) ?? null };
  }
}

const componentOf = (target: string): string => target.split(".")[0] ?? "";
