import type { Component, Session } from "../component.ts";
import { messageOf } from "../errors.ts";
import type { PlannedProbe } from "../plan.ts";
import { nowNs } from "../time.ts";

/** One look at the client path. Instants are monotonic nanoseconds. */
export interface Sample {
  readonly probe: string;
  readonly dueNs: bigint;
  readonly endedNs: bigint;
  readonly ok: boolean;
  readonly error: string | null;
}

/**
 * An open-loop probe over one connection of its own: sample k is due at start + k * every, and its patience counts from then, also
 * when the sample before it still hangs. Reconnecting is part of the next sample.
 */
export class Prober {
  readonly #plan: Pick<PlannedProbe, "name" | "mode" | "everyMs" | "timeoutMs">;
  readonly #component: Component;
  readonly #seen: (sample: Sample) => void;
  #session: Session | undefined;
  #timer: NodeJS.Timeout | undefined;
  #startNs = 0n;
  #count = 0;
  #previous: Promise<void> = Promise.resolve();

  constructor(
    plan: Pick<PlannedProbe, "name" | "mode" | "everyMs" | "timeoutMs">,
    component: Component,
    seen: (sample: Sample) => void,
  ) {
    this.#plan = plan;
    this.#component = component;
    this.#seen = seen;
  }

  start(): void {
    this.#startNs = nowNs();
    this.#arm();
  }

  /** Ends the schedule and waits for the samples under way. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#previous;
    this.#session?.close();
  }

  #arm(): void {
    const dueNs = this.#startNs + BigInt(Math.round(this.#count++ * this.#plan.everyMs * 1e6));
    this.#timer = setTimeout(
      () => {
        this.#previous = this.#previous.then(() => this.#sample(dueNs));
        this.#arm();
      },
      Math.max(0, Number(dueNs - nowNs()) / 1e6),
    );
  }

  async #sample(dueNs: bigint): Promise<void> {
    const leftMs = () => this.#plan.timeoutMs - Number(nowNs() - dueNs) / 1e6;
    try {
      if (leftMs() <= 0) throw new Error("the sample before it took all its time");
      if (!this.#session || this.#session.broken) this.#session = await this.#component.connect(leftMs());
      await this.#session.probe(this.#plan.mode, Math.max(1, leftMs()));
      this.#seen({ probe: this.#plan.name, dueNs, endedNs: nowNs(), ok: true, error: null });
    } catch (thrown) {
      this.#session?.close();
      this.#session = undefined;
      this.#seen({ probe: this.#plan.name, dueNs, endedNs: nowNs(), ok: false, error: messageOf(thrown) });
    }
  }
}

/** Decides from consecutive failures of a probe, and only once it is armed: what failed before the fault is not this outage. */
export class Detector {
  readonly #fails: number;
  #run = 0;
  #armed = false;
  #fired: ((sample: Sample) => void) | undefined;

  constructor(fails: number) {
    this.#fails = fails;
  }

  see(sample: Sample): void {
    this.#run = sample.ok ? 0 : this.#run + 1;
    if (this.#armed && this.#run >= this.#fails) this.#fired?.(sample);
  }

  /** Resolves with the sample that completed the run of failures. */
  async fired(signal: AbortSignal): Promise<Sample> {
    this.#armed = true;
    this.#run = 0;
    return new Promise((resolve, reject) => {
      this.#fired = resolve;
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  }
}
