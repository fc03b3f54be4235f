/** Small looks into a History that several checkers share. All instants are milliseconds after the run's origin. */
import type { History, JournalEvent, NodeFacts, Operation, Phase } from "../history.ts";
import { msAfter } from "../time.ts";

/** Something happened between these two instants. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Worked out once a history, however many checkers ask. */
export function perHistory<T>(read: (history: History) => T): (history: History) => T {
  const known = new WeakMap<History, { value: T }>();
  return (history) => {
    const found = known.get(history) ?? { value: read(history) };
    known.set(history, found);
    return found.value;
  };
}

type EventOf<K extends JournalEvent["kind"]> = Extract<JournalEvent, { kind: K }>;

export const eventsOf = <K extends JournalEvent["kind"]>(history: History, kind: K): EventOf<K>[] =>
  history.events.filter((event): event is EventOf<K> => event.kind === kind);

/** An instant inside the data of an event. */
export const atMs = ({ originNs }: History, ns: string): number => msAfter(originNs, BigInt(ns));

export const spanOf = (history: History, at: { fromNs: string; toNs: string }): Span => ({
  fromMs: atMs(history, at.fromNs),
  toMs: atMs(history, at.toNs),
});

/** When a phase began and ended; null when it did not begin. `endedMs` is null when it did not end. */
export function phaseOf(
  history: History,
  phase: Phase,
): { startedMs: number; endedMs: number | null; error: string | null } | null {
  const started = eventsOf(history, "phase-started").find((event) => event.data.phase === phase);
  if (!started) return null;
  const ended = eventsOf(history, "phase-ended").find((event) => event.data.phase === phase);
  return { startedMs: started.ms, endedMs: ended?.ms ?? null, error: ended?.data.error ?? null };
}

/** Whether everything was read back: without that, an absent write proves nothing. */
export function wasReadBack(history: History): boolean {
  const phase = phaseOf(history, "read-back");
  return phase !== null && phase.endedMs !== null && phase.error === null;
}

/** `db.standby` -> `standby`: what a server calls itself, and what synchronous_standby_names lists. */
export const shortName = (node: string): string => node.slice(node.lastIndexOf(".") + 1);

/** Every component that a workload writes to, in the order of the plan. */
export const storesOf = ({ plan }: History): string[] => [
  ...new Set(plan.workload.flatMap((workload) => workload.targets)),
];

/** The last steady window: the `hold` before the phase `steady` ended. Figures of normal service are taken from it. */
export function steadyWindow(history: History): Span | null {
  const steady = phaseOf(history, "steady");
  if (!steady || steady.endedMs === null) return null;
  return { fromMs: Math.max(steady.startedMs, steady.endedMs - history.plan.steadyState.holdMs), toMs: steady.endedMs };
}

/** The last acknowledged write of a store that `matches`; by the time of its acknowledgement. */
export function lastAck(
  history: History,
  store: string,
  matches: (op: Operation) => boolean = () => true,
): Operation | null {
  let last: Operation | null = null;
  for (const op of history.operations) {
    if (op.outcome === "ok" && op.store === store && matches(op) && (op.endedMs ?? 0) >= (last?.endedMs ?? -Infinity))
      last = op;
  }
  return last;
}

const only = (facts: readonly NodeFacts[]): NodeFacts | null => (facts.length === 1 ? (facts[0] ?? null) : null);

/**
 * What the node that serves a store after the recovery says of itself. Where several nodes spoke it is the one that clients are
 * led to, then the only one that takes writes, then the one that acknowledged last.
 */
export function servingFacts(history: History, store: string): NodeFacts | null {
  const spoke = history.facts.filter(
    (f) => f.at === "recovered" && f.component === store && f.values["unreachable"] === undefined,
  );
  const acknowledger = lastAck(history, store)?.node ?? "";
  return (
    only(spoke) ??
    only(spoke.filter((f) => f.values["serves"] === "true")) ??
    only(spoke.filter((f) => f.values["in_recovery"] === "false")) ??
    only(spoke.filter((f) => shortName(f.node) === shortName(acknowledger)))
  );
}

/** A write belongs to its store: the same id in another store is a phantom there. The length keeps the two names apart. */
export const keyOf = ({ store, op }: { store: string; op: string }): string => `${store.length}:${store}${op}`;

/** The elements that stood in bytes which faults changed, or in one piece with them, each with the step that did it. */
export const struckOf = perHistory(
  (history) =>
    new Map(
      eventsOf(history, "struck").flatMap(({ data: { step, store, damaged, beside } }) =>
        [...damaged, ...beside].map((op) => [keyOf({ store, op }), step]),
      ),
    ),
);

/** What reconciliations did on purpose, by store and operation. */
export const reconciledOf = perHistory(
  (history) => new Map(eventsOf(history, "reconciled").map(({ data }) => [keyOf(data), data.action])),
);

/** Whether a reconciliation took the write away or wrote it again: then no position says anything of it. */
export const wasReconciled = (history: History, op: Operation): boolean => reconciledOf(history).has(keyOf(op));
