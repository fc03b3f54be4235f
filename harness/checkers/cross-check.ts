import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { humanMs } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { toMonotonic } from "./clocks.ts";
import { finding } from "./findings.ts";
import { type EffectiveFault, effectiveFaults } from "./outage.ts";
import { eventsOf, phaseOf, shortName, type Span } from "./reading.ts";

/** How far an independent instant may lie outside of where our own marks put it. */
const TOLERANCE_MS = 10;
/** Log lines carry milliseconds, cut and not rounded. */
const LOG_TICK_MS = 1;
const ENDS_OF_A_NODE = ["kill", "die", "pause"];

/** An instant that somebody else recorded, and where our marks say that it must lie. */
interface Comparison {
  readonly what: string;
  readonly seen: Span;
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** Our marks against what the container engine and the servers themselves wrote down. Only a contradiction counts against a run. */
function check(history: History): Finding {
  const say = finding("cross-check", ["raw/events.jsonl", "raw/engine-events.jsonl", "raw/logs"]);
  const comparisons = [...engineComparisons(history), ...logComparisons(history)];
  const wrong = comparisons.filter((c) => outsideByMs(c) > TOLERANCE_MS);
  if (wrong.length > 0) return say("unknown", wrong.map(contradiction).join("; "));
  if (comparisons.length === 0)
    return say("pass", "neither the engine nor a server recorded an instant that our marks could be compared with");
  const said = [...Map.groupBy(comparisons, (c) => c.what)].map(([what, of]) =>
    of.length > 1 ? `${what} (${of.length})` : what,
  );
  return say("pass", `within ${TOLERANCE_MS} ms of our marks: ${said.join(", ")}`);
}

/** By how much an instant certainly lies outside, at its most favourable; 0 inside. */
const outsideByMs = ({ seen, earliestMs, latestMs }: Comparison): number =>
  Math.max(0, earliestMs - seen.toMs, seen.fromMs - latestMs);

function contradiction(c: Comparison): string {
  const early = c.seen.toMs < c.earliestMs;
  return `${c.what} was ${humanMs(outsideByMs(c))} ${early ? "before our marks allow: the clock starts too late" : "after our marks allow"}`;
}

/** The end of a faulted node as the engine saw it: not before the fault was effective, and not after its effect was proven. */
function engineComparisons(history: History): Comparison[] {
  return effectiveFaults(history).flatMap((fault) => {
    const provenMs = eventsOf(history, "fault-proven").find(({ data }) => data.step === fault.step)?.ms ?? Infinity;
    const sinceMs = sinceWhen(history, fault);
    const mine = history.engineEvents.filter(
      (event) => event.node === fault.target && ENDS_OF_A_NODE.includes(event.action),
    );
    const seen = mine.flatMap(({ action, wallNs }) => {
      const at = toMonotonic(history, Number(wallNs) / 1e6, null, 0);
      return at !== null && at.toMs > sinceMs ? [{ what: `the engine's ${action} of ${fault.target}`, seen: at }] : [];
    });
    const firstOfEach = [...Map.groupBy(seen, (event) => event.what).values()].map((of) =>
      of.reduce((a, b) => (b.seen.fromMs < a.seen.fromMs ? b : a)),
    );
    return firstOfEach
      .filter((event) => event.seen.fromMs <= nextFaultOf(history, fault))
      .map((event) => ({ ...event, earliestMs: fault.at.fromMs, latestMs: provenMs }));
  });
}

/** What a node suffered before the steady state, or by an earlier fault of its own, is not this fault. */
function sinceWhen(history: History, fault: EffectiveFault): number {
  const steadyMs = phaseOf(history, "steady")?.startedMs ?? -Infinity;
  const earlier = effectiveFaults(history).filter((f) => f.target === fault.target && f.at.fromMs < fault.at.fromMs);
  const provenMs = earlier.map(
    (f) => eventsOf(history, "fault-proven").find(({ data }) => data.step === f.step)?.ms ?? f.at.toMs,
  );
  return Math.max(steadyMs, ...provenMs);
}

/** A node that only a later fault or a fence ended says nothing about this one. */
function nextFaultOf(history: History, fault: EffectiveFault): number {
  const later = effectiveFaults(history).find((f) => f.at.fromMs > fault.at.fromMs && f.target === fault.target);
  const fenced = eventsOf(history, "recovery-started").find(({ ms }) => ms > fault.at.fromMs);
  const inspectedMs = phaseOf(history, "read-back")?.startedMs ?? Infinity; // a detector may stop the server that it looks at
  return Math.min(later?.at.fromMs ?? Infinity, fenced?.ms ?? Infinity, inspectedMs);
}

/** Lines of a server that can only come after the decision to recover, and those that come before it serves a write. */
const LINES = [
  { phrase: "received promote request", beforeServing: true },
  { phrase: "selected new timeline ID", beforeServing: true },
  { phrase: "archive recovery complete", beforeServing: true },
  // A promoted standby already has its clients and may serve a write before its postmaster writes this line.
  { phrase: "database system is ready to accept connections", beforeServing: false },
] as const;

function logComparisons(history: History): Comparison[] {
  const steadyMs = phaseOf(history, "steady")?.startedMs ?? -Infinity;
  const decisions = Map.groupBy(eventsOf(history, "recovery-started"), ({ data }) => data.target);
  return [...decisions].flatMap(([target, started]) => {
    const log =
      Object.entries(history.logs).find(([node]) => node === target || shortName(node) === shortName(target))?.[1] ??
      "";
    return LINES.flatMap(({ phrase, beforeServing }) =>
      instantsOf(log, phrase).flatMap((wallMs) => {
        const seen = toMonotonic(history, wallMs, target, LOG_TICK_MS);
        if (seen === null || seen.toMs < steadyMs) return [];
        const decided = started.filter(({ ms }) => ms <= seen.toMs + TOLERANCE_MS).at(-1) ?? started[0]!;
        const latestMs = beforeServing ? firstWriteOf(history, target, decided.ms) : Infinity;
        return [{ what: `"${phrase}" in the log of ${target}`, seen, earliestMs: decided.ms, latestMs }];
      }),
    );
  });
}

/** The first write that this node itself acknowledged: an old primary that was not fenced goes on acknowledging, too. */
function firstWriteOf(history: History, node: string, decidedMs: number): number {
  return history.operations.reduce(
    (first, o) =>
      o.outcome === "ok" &&
      o.node !== null &&
      shortName(o.node) === shortName(node) &&
      o.endedMs !== null &&
      o.invokedMs >= decidedMs
        ? Math.min(first, o.endedMs)
        : first,
    Infinity,
  );
}

/** Instants, in milliseconds since the epoch, of the lines with a phrase; log_line_prefix is '%m [%p] ' and the log speaks UTC. */
function instantsOf(log: string, phrase: string): number[] {
  const lines = log.matchAll(
    new RegExp(
      `^(\\d{4}-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d\\.\\d{3}) (?:UTC|GMT) \\[\\d+\\] LOG: {1,2}${phrase}`,
      "gm",
    ),
  );
  return [...lines].map(([, day, time]) => Date.parse(`${day}T${time}Z`)).filter(Number.isFinite);
}

export const crossCheck: Checker = {
  name: "cross-check",
  summary: "Our marks against the engine's events and the servers' own logs",
  always: true,
  check,
};
