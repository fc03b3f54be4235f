import type { Plan, PlannedStart, PlannedStep } from "../plan.ts";
import { durationText } from "../scenario/units.ts";

/** A plan for people: what would stand, who would write, and what would happen in which order. */
export function planText(plan: Plan): string {
  const { scenario, objectives, policy } = plan;
  return [
    `${scenario.id}: ${scenario.title}`,
    "",
    row("file", `${scenario.file}, sha256 ${scenario.sha256}`),
    row("covers", scenario.covers.join(", ") || "nothing of the catalogue"),
    row(
      "objectives",
      `writes again within ${durationText(objectives.recoveryTimeMs)}, noticed within ${durationText(objectives.detectionMs)}, at most ${objectives.lostWrites} acknowledged writes lost (policy ${policy.id})`,
    ),
    row("seed", String(plan.seed)),
    ...plan.overrides.map((override) => row("overridden", override)),
    ...plan.components.map((c) =>
      row("stack", `${c.name} (${c.kind}${c.choice ? `, ${c.choice}` : ""}): ${c.nodes.join(", ")}`),
    ),
    ...plan.workload.map((w) =>
      row(
        "workload",
        `${w.name}: ${w.ratePerSecond}/s to ${w.targets.join(", ")} over ${w.connections} connections, ${Math.round(w.transfers * 100)} % transfers, each given up after ${durationText(w.timeoutMs)}`,
      ),
    ),
    ...plan.probes.map((p) =>
      row(
        "probe",
        `${p.name}: a ${p.mode} every ${durationText(p.everyMs)}, timeout ${durationText(p.timeoutMs)}${p.critical ? "" : ", not critical"}`,
      ),
    ),
    "",
    "What would happen",
    ...happenings(plan).map((line, i) => `${String(i + 1).padStart(3)}  ${line}`),
    "",
    "Nothing was started.",
  ].join("\n");
}

const row = (label: string, text: string): string => `${label.padEnd(12)}${text}`;

function happenings({ steadyState, steps, settleMs, verify, expect }: Plan): string[] {
  const errors = steadyState.errors === 0 ? "no error" : `at most ${steadyState.errors} errors`;
  return [
    "the intent is signed",
    "stack up, workload and probes start",
    `steady state: ${errors} for ${durationText(steadyState.holdMs)}, given up after ${durationText(steadyState.timeoutMs)}`,
    ...steps.map((step) => `${startText(step.start)}: ${deedText(step)}`),
    `settle: every critical probe succeeds for ${durationText(settleMs)}`,
    `everything is read back; judged by ${verify.join(", ")}`,
    "stack down",
    expectText(expect),
  ];
}

function startText(start: PlannedStart): string {
  switch (start.by) {
    case "time":
      return `${durationText(start.afterMs)}${start.jitterMs > 0 ? ` and up to ${durationText(start.jitterMs)}` : ""} later`;
    case "trigger":
      return `at the next ${start.on}`;
    case "detector":
      return `when ${start.probe} failed ${start.fails} times in a row (every ${durationText(start.everyMs)}, timeout ${durationText(start.timeoutMs)})`;
  }
}

function deedText(step: PlannedStep): string {
  if (step.does === "heal") return `heal ${step.fault}`;
  const params = Object.entries(step.params).map(
    ([key, value]) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return `${step.does} ${step.kind} on ${step.target}${params.length > 0 ? ` (${params.join(", ")})` : ""}`;
}

function expectText({ verdict, lost }: Plan["expect"]): string {
  if (verdict === "pass" || !lost) return "expected verdict: pass";
  const shape = lost.shape ? ` as a ${lost.shape}` : "";
  const count = lost.max === undefined ? `at least ${lost.min}` : `${lost.min} to ${lost.max}`;
  return `expected verdict: fail, with ${count} acknowledged writes lost${shape}`;
}
