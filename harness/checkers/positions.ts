/**
 * The second estimate of the loss, without a look at what was read back. Every acknowledged write carries the position that its
 * store's history (WAL, replication stream) had while it ran: its own record stands there or later. The position that any write
 * sees which was sent after the acknowledgement stands behind that record. So each write lies between two positions, and the point
 * where the old history ends decides which of them survived. A store without positions lists what it has a second time by another
 * way, and what is not in that inventory is lost.
 */
import type { History, NodeFacts, Operation } from "../history.ts";
import { lineageWords, parsePosition } from "../position.ts";
import { lowerBound } from "./clients.ts";
import { outageOf } from "./outage.ts";
import { lastAck, perHistory, servingFacts, shortName, storesOf, wasReconciled } from "./reading.ts";

/** Where the history that a store kept ends. */
type End =
  /** A promotion or more: each old lineage was left at a position; what the node that serves took into the new one is kept. */
  | {
      readonly by: "switch";
      readonly left: readonly Left[];
      /** Whether these are all; then what went into any other lineage, or into one of the same name elsewhere, is not in this history. */
      readonly whole: boolean;
      readonly newLineage: string;
      readonly node: string;
    }
  /** Crash recovery of the same node: the last record that it replayed begins at this position. */
  | { readonly by: "replay"; readonly at: bigint; readonly said: string }
  /** The store's own second list of what it has. */
  | { readonly by: "inventory"; readonly has: (op: Operation) => boolean; readonly what: string }
  /** Nothing can have been left behind: the server never went away, or shut down in order. */
  | { readonly by: "whole"; readonly why: string };

interface Left {
  readonly lineage: string;
  readonly at: bigint;
  readonly said: string;
}

export type Fate = "kept" | "lost" | "undecided";

export interface Positions {
  readonly method: string;
  readonly lowest: number;
  readonly highest: number;
  fate(op: Operation): Fate;
  /** Whether the write's record is known to have ended before a position of its own lineage. */
  endsBefore(op: Operation, at: bigint): boolean;
  /** The point that decides for the store of a write, in words. */
  point(op: Operation): string;
}

/** Null, with the reason, when some store says nothing of where its history ends. */
export const positionsOf = perHistory((history): Positions | { readonly missing: string } => {
  const ends = new Map<string, End>();
  for (const store of storesOf(history)) {
    const end = endOf(history, store);
    if (typeof end === "string") return { missing: end };
    ends.set(store, end);
  }
  const points = new Map([...ends].map(([store, end]) => [store, words(end)]));
  const acknowledged = history.operations.filter((op) => op.outcome === "ok" && !wasReconciled(history, op));
  const commits = commitBounds(history, acknowledged, ends);
  const fates = new Map(
    acknowledged.map((op) => [
      op,
      fateOf(op, ends.get(op.store), atStake(history, op, ends.get(op.store)), commits.get(op) ?? null),
    ]),
  );
  const count = (fate: Fate): number => acknowledged.filter((op) => fates.get(op) === fate).length;
  const lowest = count("lost");
  return {
    method: [...ends].map(([store, end]) => `${store}: ${methodWords(end)}`).join("; "),
    lowest,
    highest: lowest + count("undecided"),
    fate: (op) => fates.get(op) ?? "undecided",
    endsBefore: (op, at) => (commits.get(op) ?? at + 1n) <= at,
    point: ({ store }) => points.get(store) ?? "nothing",
  };
});

/** Acknowledged history (WAL, replication stream) beyond the point that survived, in bytes, over all stores. 0 where no position is known. */
export function acknowledgedBeyond(history: History): number {
  let bytes = 0n;
  for (const store of storesOf(history)) {
    const end = endOf(history, store);
    if (typeof end === "string" || end.by === "whole" || end.by === "inventory") continue;
    for (const [lineage, at] of end.by === "replay" ? [[null, end.at] as const] : end.left.map(leftAt)) {
      const highest = highestAtStake(history, store, end, lineage);
      if (highest !== null && highest > at) bytes += highest - at;
    }
  }
  return Number(bytes);
}

const leftAt = ({ lineage, at }: Left) => [lineage, at] as const;

function highestAtStake(history: History, store: string, end: End, lineage: string | null): bigint | null {
  let highest: bigint | null = null;
  for (const op of history.operations) {
    if (op.store !== store || op.outcome !== "ok" || !atStake(history, op, end)) continue;
    if (lineage !== null && op.lineage !== lineage) continue;
    const position = positionOf(op);
    if (position !== null && (highest === null || position > highest)) highest = position;
  }
  return highest;
}

/** Where the history of a store ends, or why nobody can say. */
function endOf(history: History, store: string): End | string {
  const facts = servingFacts(history, store);
  if (!facts) return `nothing says which node of ${store} serves after the recovery`;
  const { values } = facts;
  const now = values["lineage"] ?? "";
  const left = lineagesLeft(values).filter(({ lineage }) => lineage !== now);
  const acknowledged = history.operations.filter((op) => op.outcome === "ok" && op.store === store);
  if (acknowledged.some((op) => left.some(({ lineage }) => lineage === op.lineage)))
    return { by: "switch", left, whole: values["ancestry"] !== undefined, newLineage: now, node: facts.node };
  const what = values["inventory"];
  if (what !== undefined) return { by: "inventory", has: inventoryOf(history, store), what };
  if (acknowledged.some((op) => op.lineage !== null && op.lineage !== now)) {
    return `${facts.node} is on ${now === "" ? "an unknown history" : lineageWords(now)} and does not say where the one before it ended`;
  }
  if (stayed(history, facts)) return { by: "whole", why: `the server of ${facts.node}, which never went away` };
  if (values["clean_shutdown"] === "true") return { by: "whole", why: `an orderly shutdown of ${facts.node}` };
  const replayed = values["recovery_end_position"] ?? "";
  const end = parsePosition(replayed);
  return end === null
    ? `${facts.node} does not say where its history before the fault ended`
    : { by: "replay", at: end, said: replayed };
}

/** Where the histories before this one were left, the last one last; only that one where the node says no more. */
export function lineagesLeft(values: NodeFacts["values"]): Left[] {
  const { switch_position = "", switch_from_lineage = "", ancestry } = values;
  return (ancestry ?? `${switch_from_lineage} ${switch_position}`).split(", ").flatMap((one) => {
    const [lineage = "", said = ""] = one.split(" ");
    const at = parsePosition(said);
    return at === null ? [] : [{ lineage, at, said }];
  });
}

/** Whether the store lists a write: in the very version that it acknowledged, where it gave it one. */
function inventoryOf(history: History, store: string): (op: Operation) => boolean {
  const ops = new Set<string>();
  const versions = new Set<string>();
  for (const { store: of, op, version } of history.inventory) {
    if (of !== store) continue;
    ops.add(op);
    if (version !== null) versions.add(`${version} ${op}`);
  }
  return ({ op, version }) => (version === null ? ops.has(op) : versions.has(`${version} ${op}`));
}

/** In the history of its store while it ran; null for a store without positions. */
export const positionOf = ({ position }: Operation): bigint | null =>
  position === null ? null : parsePosition(position);

/** Whether the server that serves is the very process that served before the fault. */
function stayed(history: History, { node, component, values }: NodeFacts): boolean {
  const before = history.facts.find((f) => f.at === "steady" && f.component === component && f.node === node);
  const start = values["process_start"];
  return (
    start !== undefined &&
    before?.values["process_start"] === start &&
    before.values["in_recovery"] === values["in_recovery"]
  );
}

/** Whether the write was acknowledged by the history that ended, and not by the one that went on. */
function atStake(history: History, op: Operation, end: End | undefined): boolean {
  if (end === undefined || end.by === "whole") return false;
  if (end.by === "inventory") return true;
  if (end.by === "switch") return op.lineage !== end.newLineage || (end.whole && isOfAnother(op, end.node));
  return op.invokedMs <= (outageOf(history)?.fault.at.toMs ?? Infinity);
}

/** A lineage's number is used again where nobody knew of the first that had it: the node tells them apart. */
const isOfAnother = ({ node }: Operation, serving: string): boolean =>
  node !== null && shortName(node) !== shortName(serving);

function fateOf(op: Operation, end: End | undefined, stake: boolean, commitBefore: bigint | null): Fate {
  if (end === undefined) return "undecided";
  if (!stake) return "kept";
  if (end.by === "inventory") return end.has(op) ? "kept" : "lost";
  const position = positionOf(op);
  if (end.by === "whole" || position === null) return "undecided";
  const at = end.by === "replay" ? end.at : end.left.find(({ lineage }) => lineage === op.lineage)?.at;
  if (at === undefined) return end.by === "switch" && end.whole ? "lost" : "undecided";
  // A record that begins at the last replayed position was itself replayed; one that begins at a switch point was not.
  if (end.by === "switch" ? position >= at : position > at) return "lost";
  return commitBefore !== null && commitBefore <= at ? "kept" : "undecided";
}

/** For each write at stake the position before which its commit record ended; none when nothing was sent after it. */
function commitBounds(
  history: History,
  acknowledged: readonly Operation[],
  ends: ReadonlyMap<string, End>,
): Map<Operation, bigint> {
  const groups = Map.groupBy(
    acknowledged.filter((op) => op.position !== null && atStake(history, op, ends.get(op.store))),
    (op) => `${op.store.length}:${op.store} ${op.lineage} ${op.node}`,
  );
  const bounds = new Map<Operation, bigint>();
  for (const group of groups.values()) {
    const bySending = group.toSorted((a, b) => a.invokedMs - b.invokedMs);
    const sentMs = Float64Array.from(bySending.map((op) => op.invokedMs));
    const lowestFrom = Array.from({ length: bySending.length }, () => 0n);
    for (let i = bySending.length - 1; i >= 0; i--) {
      const [own, next] = [positionOf(bySending[i]!)!, lowestFrom[i + 1] ?? null];
      lowestFrom[i] = next !== null && next < own ? next : own;
    }
    for (const op of group) {
      let next = lowerBound(sentMs, op.endedMs ?? Infinity);
      while (sentMs[next] === op.endedMs) next++; // sent in the very instant of the acknowledgement proves no order
      const bound = lowestFrom[next];
      if (bound !== undefined) bounds.set(op, bound);
    }
  }
  return bounds;
}

function words(end: End): string {
  if (end.by === "switch") {
    const names = [...end.left.slice(1).map(({ lineage }) => lineage), end.newLineage];
    return end.left
      .map(({ said, lineage }, i) => `${said}, where ${lineageWords(lineage)} was left for ${lineageWords(names[i]!)}`)
      .join(", and ");
  }
  if (end.by === "inventory") return end.what;
  return end.by === "replay" ? `${end.said}, the last record that crash recovery replayed` : end.why;
}

const methodWords = (end: End): string =>
  end.by === "inventory"
    ? `every acknowledgement against ${end.what}`
    : `position of each acknowledgement against ${words(end)}`;

/** The node that acknowledged a store's writes until the fault, and the one that serves after it. */
export function servedBy(history: History, store: string): { before: string | null; after: string | null } {
  const faultMs = outageOf(history)?.fault.at.toMs ?? Infinity;
  const before = lastAck(history, store, (op) => (op.endedMs ?? Infinity) <= faultMs)?.node ?? null;
  const after = servingFacts(history, store)?.node ?? null;
  return { before: before && shortName(before), after: after && shortName(after) };
}
