/** Small changes of a golden history: one event, one fact, at the place where a drill would have put it. */
import type { EventData, JournalEvent, NodeFacts } from "../history.ts";
import { type DraftHistory, EPOCH_MS } from "./golden.ts";

/** Replaces the data of the n-th event of a kind. */
export function setEvent<K extends keyof EventData>(
  history: DraftHistory,
  kind: K,
  data: Partial<EventData[K]>,
  n = 0,
): void {
  const event = history.events.filter((e) => e.kind === kind)[n];
  if (!event) throw new Error(`the history has no ${kind} number ${n}`);
  (event as { data: unknown }).data = { ...event.data, ...data };
}

/** Takes every event of a kind away, as if it had never been written: no number is missing. */
export const dropEvents = (history: DraftHistory, kind: keyof EventData): void => {
  history.events = history.events.filter((event) => event.kind !== kind).map((event, seq) => ({ ...event, seq }));
};

/** Everything was to be read back, and that broke off. */
export const breakReadBack = (history: DraftHistory): void => {
  const of = history.events.filter((event) => event.kind === "phase-ended");
  const at = of.findIndex((event) => event.data.phase === "read-back");
  setEvent(history, "phase-ended", { error: "no connection" }, at);
};

/** Adds an event where its time puts it. */
export function addEvent<K extends keyof EventData>(
  history: DraftHistory,
  ms: number,
  kind: K,
  data: EventData[K],
): void {
  const event = { seq: 0, ms, wall: new Date(EPOCH_MS + ms).toISOString(), kind, data } as unknown as JournalEvent;
  history.events = [...history.events, event].toSorted((a, b) => a.ms - b.ms).map((e, seq) => ({ ...e, seq }));
}

/** Values of one node's facts, changed. */
export function setFacts(
  history: DraftHistory,
  at: NodeFacts["at"],
  node: string,
  values: Record<string, string | undefined>,
): void {
  history.facts = history.facts.map((facts) => {
    if (facts.at !== at || facts.node !== node) return facts;
    const merged = Object.entries({ ...facts.values, ...values }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    return { ...facts, values: Object.fromEntries(merged) };
  });
}
