import type { Plan, PlannedProbe, PlannedStep, PlannedWorkload } from "../plan.ts";
import type { Policy } from "./policy.ts";
import type { Scenario, StepEntry } from "./scenario.ts";

export interface PlanInput {
  readonly file: string;
  readonly sha256: string;
  readonly policy: Policy;
  readonly overrides: readonly string[];
  /** 32 bits. */
  readonly seed: number;
}

/** Writes a scenario out as a plan: names in full, milliseconds, every default. The same input gives the same plan. */
export function planScenario(scenario: Scenario, { file, sha256, policy, overrides, seed }: PlanInput): Plan {
  const { id, title, covers, controls, objectives, steadyState, expectLoss, expectMutated, expectDuplicated } =
    scenario;
  const { expectPhantom } = scenario;
  return {
    schema: "blackstart/plan/v1",
    scenario: { id, title, file, sha256, covers, controls },
    overrides: [...overrides],
    seed,
    policy: { id: policy.id, sha256: policy.sha256 },
    objectives: {
      recoveryTimeMs: objectives.recoveryTime ?? policy.objectives.recoveryTimeMs,
      lostWrites: objectives.lostWrites ?? policy.objectives.lostWrites,
      detectionMs: objectives.detection ?? policy.objectives.detectionMs,
    },
    components: scenario.stack.map(({ name, kind, choices: [choice], config, nodes }) => ({
      name,
      kind: kind.kind,
      ...(choice?.name && { choice: choice.name }),
      config,
      nodes: nodes.map((node) => `${name}.${node.name}`),
    })),
    workload: plannedWorkload(scenario),
    probes: plannedProbes(scenario),
    steadyState: { holdMs: steadyState.hold, errors: steadyState.errors, timeoutMs: steadyState.timeout },
    steps: scenario.steps.map(plannedStep),
    settleMs: scenario.settle,
    verify: scenario.verify,
    outcome: scenario.outcome ?? null,
    expect: {
      verdict: scenario.expect,
      ...(expectLoss && { lost: expectLoss as NonNullable<Plan["expect"]["lost"]> }),
      ...(expectMutated && { mutated: expectMutated as NonNullable<Plan["expect"]["mutated"]> }),
      ...(expectDuplicated && { duplicated: expectDuplicated as NonNullable<Plan["expect"]["duplicated"]> }),
      ...(expectPhantom && { phantom: expectPhantom as NonNullable<Plan["expect"]["phantom"]> }),
      failed: scenario.expect === "pass" ? [] : (scenario.expectFailed ?? ["no-lost-writes"]),
    },
  };
}

/** Gives each thing without a name one that is free: `ledger`, `ledger-2`. */
function named<T extends { readonly name?: string | undefined }>(
  things: readonly T[],
  wanted: (thing: T) => string,
): string[] {
  const taken = new Set(things.map((thing) => thing.name));
  return things.map((thing) => {
    if (thing.name !== undefined) return thing.name;
    let free = wanted(thing);
    for (let n = 2; taken.has(free); n++) free = `${wanted(thing)}-${n}`;
    taken.add(free);
    return free;
  });
}

/** Share of a ledger's writes that move money, where the store keeps balances. */
const DEFAULT_TRANSFERS = 0.2;

function plannedWorkload({ stack, workload }: Scenario): PlannedWorkload[] {
  const names = named(workload, (w) => w.kind.kind);
  return workload.map(({ kind, config }, i) => {
    const targets = kind.targets(config);
    const kinds = stack.filter(({ name }) => targets.includes(name)).map((entry) => entry.kind);
    const keepsBalances = kinds.every(({ checks }) => checks.includes("balances"));
    return {
      name: names[i]!,
      kind: kind.kind,
      targets,
      ratePerSecond: config.rate,
      connections: config.connections,
      transfers: config.transfers ?? (keepsBalances && targets.length === 1 ? DEFAULT_TRANSFERS : 0),
      ...(config.payload !== undefined && { payloadBytes: config.payload }),
      ...(config.keys === "one" && { oneKey: true as const }),
      timeoutMs: config.timeout,
    };
  });
}

/** As the scenario says, or a write and a read probe for each component that a workload writes to. */
function plannedProbes({ probes, workload }: Scenario): PlannedProbe[] {
  if (!probes) {
    const targets = [...new Set(workload.flatMap((w) => w.kind.targets(w.config)))];
    return targets.flatMap((target) =>
      (["write", "read"] as const).map((mode) => ({
        name: `${target}.${mode}`,
        target,
        mode,
        everyMs: 100,
        timeoutMs: 500,
        critical: true,
      })),
    );
  }
  const names = named(probes, (p) => `${p.target}.${p.mode}`);
  return probes.map(({ target, mode, every, timeout, critical }, i) => ({
    name: names[i]!,
    target,
    mode,
    everyMs: every,
    timeoutMs: timeout,
    critical,
  }));
}

function plannedStep(step: StepEntry): PlannedStep {
  const { name, start } = step;
  if (step.does === "heal") return { name, start, does: "heal", fault: step.fault };
  const act = { name, start, kind: step.kind.name, target: step.target, params: step.params };
  if (step.does === "fault") return { ...act, does: step.does };
  const { does, expect, because } = step;
  return { ...act, does, expect, ...(because !== undefined && { because }) };
}
