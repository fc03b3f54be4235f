import { createHash } from "node:crypto";
import type { EventData, History, JournalEvent, Operation, Phase } from "../history.ts";
import { Defects } from "./defects.ts";

/** The phases without which a completed run proves nothing. `down` may come after the last entry of the journal. */
const PHASES: readonly Phase[] = ["stack", "steady", "steps", "settle", "read-back"];

/** What is wrong between the parts of a record that are each well formed: gaps, duplicates, things that do not fit together. */
export function structuralDefects(history: Omit<History, "defects">): string[] {
  const defects = new Defects();
  checkPlan(history, defects);
  checkEnd(history.events, defects);
  checkTimes(history, defects);
  checkOperations(history, defects);
  checkProbes(history, defects);
  return defects.list();
}

function checkPlan({ plan, scenarioText, events }: Omit<History, "defects">, defects: Defects): void {
  const digest = createHash("sha256").update(scenarioText).digest("hex");
  if (digest !== plan.scenario.sha256) {
    defects.add("scenario", `raw/scenario.yaml has sha256 ${digest}, the plan was made from ${plan.scenario.sha256}`);
  }
  const first = events[0];
  if (first?.kind !== "run-started") return defects.add("journal", "the journal does not begin with run-started");
  const { scenario, seed } = first.data;
  if (scenario !== plan.scenario.id || seed !== plan.seed) {
    defects.add(
      "plan",
      `the journal began scenario ${scenario} with seed ${seed}, the plan is of ${plan.scenario.id} with seed ${plan.seed}`,
    );
  }
}

/** How the run ended. An aborted run says so once; only a completed one owes every phase. */
function checkEnd(events: readonly JournalEvent[], defects: Defects): void {
  const ends = events.filter((event) => event.kind === "run-ended");
  const end = ends[0];
  if (!end) return defects.add("end", "the run was cut off: it has no end in the journal");
  if (ends.length > 1) defects.add("end", `the journal ends ${ends.length} times`);
  if (end.data.outcome === "aborted") {
    return defects.add("end", `the run was aborted${end.data.error ? `: ${end.data.error}` : ""}`);
  }
  for (const phase of PHASES) {
    for (const kind of ["phase-started", "phase-ended"] as const) {
      const count = events.filter((event) => event.kind === kind && event.data.phase === phase).length;
      if (count !== 1)
        defects.add("phases", `the journal has ${count === 0 ? "no" : count} ${kind} for the phase ${phase}`);
    }
  }
}

function checkTimes({ events, originNs }: Omit<History, "defects">, defects: Defects): void {
  let before = events[0]?.ms ?? 0;
  for (const event of events) {
    if (event.ms < before)
      defects.add("time", `journal entry ${event.seq} (${event.kind}) is earlier than the one before it`);
    before = event.ms;
    for (const { fromNs, toNs } of spansIn(event)) {
      const [from, to] = [BigInt(fromNs), BigInt(toNs)];
      if (from > to)
        defects.add("bracket", `journal entry ${event.seq} (${event.kind}) has a bracket that ends before it begins`);
      if (Number(to - originNs) / 1e6 > event.ms + 1e-6) {
        defects.add("bracket", `journal entry ${event.seq} (${event.kind}) speaks of an instant after itself`);
      }
    }
  }
}

function spansIn({ data }: JournalEvent): { fromNs: string; toNs: string }[] {
  if (!("toNs" in data)) return [];
  const own = "fromNs" in data ? data : { fromNs: data.toNs, toNs: data.toNs };
  return "stores" in data ? [own, ...data.stores] : [own];
}

function checkOperations(history: Omit<History, "defects">, defects: Defects): void {
  const { plan, events, operations } = history;
  const targets = new Map(plan.workload.map((workload) => [workload.name, workload.targets]));
  const seen = new Set<string>();
  for (const op of operations) {
    const key = `${op.store.length}:${op.store}${op.op}`;
    if (seen.has(key)) defects.add("duplicate operation", `operation ${op.op} is recorded twice`);
    seen.add(key);
    if (!targets.get(op.workload)?.includes(op.store)) {
      defects.add(
        "foreign operation",
        `operation ${op.op} belongs to ${op.workload} on ${op.store}, which is not in the plan`,
      );
    }
    if (op.endedMs !== null && op.endedMs < op.invokedMs)
      defects.add("backwards", `operation ${op.op} ended before it was sent`);
  }
  for (const { name, targets: stores } of plan.workload)
    for (const store of stores) checkSequence(name, store, operations, defects);
  checkCount(events, operations.length, defects);
}

/** 0, 1, 2 … each exactly once, in any order. */
function checkSequence(workload: string, store: string, operations: readonly Operation[], defects: Defects): void {
  const numbers = operations.filter((op) => op.workload === workload && op.store === store).map((op) => op.seq);
  let next = 0;
  for (const seq of Float64Array.from(numbers).toSorted()) {
    if (seq < next) defects.add("sequence", `number ${seq} of ${workload} is recorded twice`);
    else if (seq === next + 1) defects.add("sequence", `${workload} has a gap: number ${next} is missing`);
    else if (seq > next) defects.add("sequence", `${workload} has a gap: numbers ${next} to ${seq - 1} are missing`);
    next = Math.max(next, seq + 1);
  }
}

function checkCount(events: readonly JournalEvent[], recorded: number, defects: Defects): void {
  const stops = events.filter(
    (event): event is JournalEvent & { data: EventData["workload-stopped"] } => event.kind === "workload-stopped",
  );
  const stop = stops[0];
  const completed = events.some((event) => event.kind === "run-ended" && event.data.outcome === "completed");
  if (stops.length > 1) defects.add("count", `the workload was stopped ${stops.length} times`);
  else if (!stop && completed) defects.add("count", "the journal has no workload-stopped");
  else if (stop && stop.data.operations !== recorded) {
    defects.add("count", `the workload issued ${stop.data.operations} operations, ${recorded} are recorded`);
  }
}

function checkProbes({ plan, probes }: Omit<History, "defects">, defects: Defects): void {
  const known = new Set([...plan.probes.map((p) => p.name), ...plan.steps.map((s) => `detector:${s.name}`)]);
  for (const sample of probes) {
    if (!known.has(sample.probe)) defects.add("foreign probe", `probe ${sample.probe} is not in the plan`);
  }
}
