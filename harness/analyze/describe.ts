/** The parts of a report that describe what was drilled rather than judge it. */
import { detectionsOf } from "../checkers/detection.ts";
import { roundMs } from "../checkers/findings.ts";
import { outageOf } from "../checkers/outage.ts";
import { eventsOf } from "../checkers/reading.ts";
import { componentKind } from "../components.ts";
import type { History } from "../history.ts";
import type { PlannedStart, PlannedStep } from "../plan.ts";
import type { Report } from "../report.ts";
import { counted } from "../text.ts";

/** As they stood just before the fault that counts, else in the steady state. */
export function settingsOf(history: History): Report["settings"] {
  const faultMs = outageOf(history)?.fault.at.toMs ?? Infinity;
  const before = history.facts.filter(
    (facts) => facts.at !== "recovered" && facts.ms <= faultMs && facts.values["unreachable"] === undefined,
  );
  const latest = new Map(before.map((facts) => [facts.node, facts]));
  const kinds = new Map(history.plan.components.map(({ name, kind }) => [name, componentKind(kind)]));
  return [...latest.values()].flatMap(({ component, node, values }) =>
    Object.entries(kinds.get(component)?.settings ?? {}).flatMap(([name, matters]) => {
      const value = values[name];
      return value === undefined ? [] : [{ node, name, value: value === "" ? "(empty)" : value, matters }];
    }),
  );
}

/** Every node of the plan with the image that it ran on, and what else ran beside them. */
export function topologyOf({ plan, images }: History): Report["topology"] {
  const imageOf = (node: string, component: string): string =>
    images.find((image) => image.component === node)?.name ??
    images.find((image) => image.component === component)?.name ??
    "unknown";
  const nodes = plan.components.flatMap(({ name, kind, config, nodes: planned }) => {
    const roles = rolesOf(kind, config);
    return planned.map((node) => ({
      node,
      role: roles.get(node.slice(name.length + 1)) ?? kind,
      image: imageOf(node, name),
    }));
  });
  const known = new Set(plan.components.flatMap(({ name, nodes: planned }) => [name, ...planned]));
  const others = images
    .filter((image) => !known.has(image.component))
    .map(({ component, name }) => ({
      node: component,
      role: component === "clients" ? "client path" : "beside the stack",
      image: name,
    }));
  return [...nodes, ...others];
}

/** The config comes out of a pack and may be anything; what its kind does not accept has no roles. */
function rolesOf(kind: string, config: unknown): ReadonlyMap<string, string> {
  const component = componentKind(kind);
  const read = component?.config.safeParse(config);
  return new Map(read?.success ? component?.nodes(read.data).map((node) => [node.name, node.role]) : []);
}

export function stepsOf(history: History): Report["steps"] {
  const begun = new Set(eventsOf(history, "step-started").map(({ data }) => data.step));
  const human = new Set(
    eventsOf(history, "recovery-started")
      .filter(({ data }) => data.human)
      .map(({ data }) => data.step),
  );
  return history.plan.steps.map((step) => ({
    name: step.name,
    ...doesOf(step, history.plan.steps),
    started: `${startOf(step.start)}${begun.has(step.name) ? "" : "; never started"}`,
    human: human.has(step.name),
  }));
}

function doesOf(step: PlannedStep, steps: readonly PlannedStep[]): { does: string; target: string } {
  if (step.does !== "heal") return { does: `${step.does} ${step.kind}`, target: step.target };
  const healed = steps.find((other) => other.name === step.fault);
  return { does: `heal ${step.fault}`, target: healed && "target" in healed ? healed.target : "" };
}

function startOf(start: PlannedStart): string {
  if (start.by === "trigger") return `on ${start.on}`;
  if (start.by === "detector")
    return `by the detector of ${start.probe}: ${counted(start.fails, "failed probe")}, ${roundMs(start.everyMs)} apart`;
  return `${roundMs(start.afterMs)} after the step before it${start.jitterMs > 0 ? `, jitter ${roundMs(start.jitterMs)}` : ""}`;
}

/** What happened, in one sentence and without a judgement. */
export function sentenceOf(history: History): string {
  const { plan } = history;
  const load =
    plan.workload
      .map((w) => `${counted(w.ratePerSecond, "write")} a second ran against ${w.targets.join(", ")}`)
      .join(" and ") || "nothing was written";
  const detected = new Set(detectionsOf(history).map((detection) => detection.step));
  const acts = stepsOf(history)
    .filter((step) => !step.started.endsWith("never started"))
    .map(
      ({ name, does, target, human }) =>
        `${does.replace(/^(fault|recover|routine) /, "")} of ${target}${human ? " as planned by a person" : detected.has(name) ? " by a detector" : ""}`,
    );
  return `While ${load}: ${acts.join(", then ") || "no step was started"}.`;
}
