import type { Component } from "../component.ts";
import type { Plan } from "../plan.ts";
import { type Clients, type ClientsContext, clientsOf } from "../workload/clients.ts";
import { Detector, Prober, type Sample } from "../workload/probes.ts";

/** Everything that plays the clients: workloads, probes, and the probes that detectors look through. */
export class Load {
  readonly detectors = new Map<string, Detector>();
  readonly #clients: Clients[];
  readonly #probers: Prober[];
  #stopped = false;

  constructor(
    plan: Plan,
    components: ReadonlyMap<string, Component>,
    shared: Omit<ClientsContext, "plan" | "targets" | "seed">,
    seen: (sample: Sample) => void,
  ) {
    const target = (name: string): Component => {
      const component = components.get(name);
      if (!component) throw new Error(`no component is called ${name}`);
      return component;
    };
    this.#clients = plan.workload.map((workload) =>
      clientsOf({ plan: workload, targets: workload.targets.map(target), seed: plan.seed, ...shared }),
    );
    this.#probers = plan.probes.map((probe) => new Prober(probe, target(probe.target), seen));
    for (const { name, start } of plan.steps) {
      if (start.by !== "detector") continue;
      const detector = new Detector(start.fails);
      this.detectors.set(name, detector);
      const probe = {
        name: `detector:${name}`,
        mode: "write" as const,
        everyMs: start.everyMs,
        timeoutMs: start.timeoutMs,
      };
      this.#probers.push(
        new Prober(probe, target(start.probe), (sample) => {
          seen(sample);
          detector.see(sample);
        }),
      );
    }
  }

  async start(): Promise<void> {
    await Promise.all(this.#clients.map((clients) => clients.start()));
    if (this.#stopped) return;
    for (const prober of this.#probers) prober.start();
  }

  /** Stops sending and waits for what is under way. Returns how many operations are recorded. Idempotent. */
  async stop(): Promise<number> {
    this.#stopped = true;
    const [counts] = await Promise.all([
      Promise.all(this.#clients.map((clients) => clients.stop())),
      Promise.all(this.#probers.map((prober) => prober.stop())),
    ]);
    return counts.reduce((sum, count) => sum + count, 0);
  }
}
