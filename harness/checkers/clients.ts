import type { History, Operation } from "../history.ts";
import type { PlannedWorkload } from "../plan.ts";
import { eventsOf, perHistory, phaseOf, steadyWindow } from "./reading.ts";

/** One thing that a client asked of a store: a write of the ledger, or a probe. */
export interface Attempt {
  /** Its workload or probe, for counting against the plan. */
  readonly source: string;
  readonly store: string;
  readonly mode: "write" | "read";
  /** Whether it counts towards recovery: every write of the ledger, and critical probes. */
  readonly critical: boolean;
  /** When it was asked: a write when it was sent, a write never sent and a probe when it was due. */
  readonly askedMs: number;
  /** False for a write for which no connection became free. */
  readonly sent: boolean;
  /** When its end was noticed; Infinity when it never was. */
  readonly endedMs: number;
  readonly ok: boolean;
}

/** How often a source of attempts asks; what counts as "served" is measured against it. */
export interface Source {
  readonly name: string;
  readonly store: string;
  readonly everyMs: number;
}

/** A wheel of 1 ms turns the writers' schedule; a look at the record allows for a few turns. */
const SCHEDULE_SLACK_MS = 10;

/** Everything that counts towards recovery, with its planned interval. */
export const criticalSources = ({ plan }: History): Source[] => [
  ...plan.workload.flatMap(({ name, targets, ratePerSecond }) =>
    targets.map((store) => ({ name, store, everyMs: 1_000 / ratePerSecond })),
  ),
  ...plan.probes.filter((p) => p.critical).map(({ name, target, everyMs }) => ({ name, store: target, everyMs })),
];

/**
 * Until when clients went on asking: the schedule is open-loop, so it ended where nothing was due any more. `workload-stopped` is
 * written after the writes under way have ended, which in an outage is much later.
 */
export const askedUntilMs = perHistory((history): number => {
  const slack = Math.max(0, ...history.plan.workload.map((w) => 1_000 / w.ratePerSecond)) + SCHEDULE_SLACK_MS;
  const dueMs = history.operations.reduce((last, op) => Math.max(last, op.dueMs), -Infinity);
  const asked = dueMs === -Infinity ? history.probes.reduce((last, p) => Math.max(last, p.dueMs), 0) : dueMs;
  const stoppedMs = eventsOf(history, "workload-stopped")[0]?.ms ?? Infinity;
  return Math.min(stoppedMs, asked + slack + history.host.eventLoopStallMs, brokenOffMs(history, dueMs));
});

/**
 * When the earliest request was sent whose client was taken away with the end of the load, before its patience was over: what it
 * would have come to says nothing, so that nothing is judged from there on.
 */
function brokenOffMs({ plan, operations }: History, lastDueMs: number): number {
  const patience = new Map(plan.workload.map(({ name, timeoutMs }) => [name, timeoutMs]));
  return operations
    .filter((op) => op.endedMs === null && lastDueMs - op.dueMs < (patience.get(op.workload) ?? 0))
    .reduce((first, op) => Math.min(first, op.invokedMs - 1e-6), Infinity);
}

/** All attempts of clients in the order in which they were asked. What a detector asked is not among them. */
export const attempts = perHistory((history): readonly Attempt[] => {
  const workloads = new Map(history.plan.workload.map((w) => [w.name, w]));
  const probes = new Map(history.plan.probes.map((p) => [p.name, p]));
  const all: Attempt[] = [];
  for (const op of history.operations) {
    const workload = workloads.get(op.workload);
    if (workload && !droppedAtStop(op, workload.timeoutMs) && !neverReached(op, workload)) all.push(attemptOf(op));
  }
  for (const { probe: name, dueMs, endedMs, ok } of history.probes) {
    const probe = probes.get(name);
    if (!probe) continue;
    const { target: store, mode, critical } = probe;
    all.push({ source: name, store, mode, critical, askedMs: dueMs, sent: true, endedMs, ok });
  }
  const untilMs = askedUntilMs(history);
  return all
    .filter((attempt) => attempt.askedMs <= untilMs)
    .toSorted((a, b) => a.askedMs - b.askedMs || a.endedMs - b.endedMs);
});

/** A write that was never sent has no connection. */
const neverSent = (op: Operation): boolean => op.outcome === "fail" && op.conn === null;

/** Given up before the client's patience was over: only because the workload was stopped, which says nothing about the store. */
const droppedAtStop = (op: Operation, patienceMs: number): boolean =>
  neverSent(op) && (op.endedMs ?? op.invokedMs) - op.dueMs < patienceMs;

/**
 * Of an operation that goes to several stores and broke off, or was never begun, nothing was asked of the later ones: it counts
 * against the store where it ended, and one that was never begun against the first.
 */
const neverReached = (op: Operation, { targets }: PlannedWorkload): boolean => neverSent(op) && op.store !== targets[0];

const attemptOf = (op: Operation): Attempt => ({
  source: op.workload,
  store: op.store,
  mode: "write",
  critical: true,
  askedMs: neverSent(op) ? op.dueMs : op.invokedMs,
  sent: !neverSent(op),
  endedMs: op.endedMs ?? Infinity,
  ok: op.outcome === "ok",
});

/** Numbers of normal service, from the steady window. Latency counts from when a write was due. */
export interface Baseline {
  readonly throughputPerSecond: number;
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
  readonly slowestMs: number;
}

export const baselineOf = perHistory((history): Baseline | null => {
  const window = steadyWindow(history);
  if (!window || window.toMs <= window.fromMs) return null;
  const latencies = history.operations
    .filter(
      (op) =>
        op.outcome === "ok" && (op.endedMs ?? Infinity) > window.fromMs && (op.endedMs ?? Infinity) <= window.toMs,
    )
    .map((op) => (op.endedMs ?? 0) - op.dueMs);
  if (latencies.length === 0) return null;
  const sorted = Float64Array.from(latencies).toSorted();
  return {
    throughputPerSecond: (1_000 * sorted.length) / (window.toMs - window.fromMs),
    latencyP50Ms: nearestRank(sorted, 0.5),
    latencyP99Ms: nearestRank(sorted, 0.99),
    slowestMs: nearestRank(sorted, 1),
  };
});

/** Percentile by nearest rank of values in ascending order; never an interpolated value that nobody measured. */
export const nearestRank = (sorted: Float64Array, share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;

/** Failures that were noticed after the system was called steady and before the instant. */
export const failuresBefore = (history: History, beforeMs: number): number => {
  const steadyMs = phaseOf(history, "steady")?.endedMs ?? Infinity;
  return attempts(history).filter((a) => a.critical && !a.ok && a.endedMs > steadyMs && a.endedMs < beforeMs).length;
};

/** Index of the first value that is at least `bound` in an ascending list. */
export function lowerBound(sorted: Float64Array, bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? Infinity) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
