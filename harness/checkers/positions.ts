/**
 * The second estimate of the loss, from WAL positions alone and without a look at what was read back. Every acknowledged write
 * carries the WAL insert position that it saw inside its own transaction: its commit record stands there or later. The insert
 * position that any write sees which was sent after the acknowledgement stands behind that commit record. So each commit lies
 * between two positions, and the point where the old history ends decides which of them survived.
 */
import type { History, NodeFacts, Operation } from "../history.ts";
import { formatLsn, parseLsn } from "../lsn.ts";
import { lowerBound } from "./clients.ts";
import { outageOf } from "./outage.ts";
import { lastAck, perHistory, servingFacts, shortName, storesOf } from "./reading.ts";

/** Where the history that a store kept ends. */
type End =
  /** A promotion: the old timeline was left at `lsn`; later timelines are kept. */
  | { readonly by: "switch"; readonly lsn: bigint; readonly timeline: number; readonly newTimeline: number }
  /** Crash recovery of the same node: the last record that it replayed begins at `lsn`. */
  | { readonly by: "redo"; readonly lsn: bigint }
  /** Nothing can have been left behind: the server never went away, or shut down in order. */
  | { readonly by: "whole"; readonly why: string };

export type Fate = "kept" | "lost" | "undecided";

export interface Positions {
  readonly method: string;
  readonly lowest: number;
  readonly highest: number;
  fate(op: Operation): Fate;
  /** The point that decides, in words for one write. */
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
  const acknowledged = history.operations.filter((op) => op.outcome === "ok");
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
    method: [...ends]
      .map(([store, end]) => `${store}: WAL position of each acknowledgement against ${words(end)}`)
      .join("; "),
    lowest,
    highest: lowest + count("undecided"),
    fate: (op) => fates.get(op) ?? "undecided",
    point: (op) => words(ends.get(op.store) ?? { by: "whole", why: "nothing" }),
  };
});

/** Acknowledged WAL beyond the point that survived, in bytes, over all stores. 0 where no position is known. */
export function acknowledgedBeyond(history: History): number {
  let bytes = 0n;
  for (const store of storesOf(history)) {
    const end = endOf(history, store);
    if (typeof end === "string" || end.by === "whole") continue;
    const highest = highestAtStake(history, store, end);
    if (highest !== null && highest > end.lsn) bytes += highest - end.lsn;
  }
  return Number(bytes);
}

function highestAtStake(history: History, store: string, end: End): bigint | null {
  let highest: bigint | null = null;
  for (const op of history.operations) {
    if (op.store !== store || op.outcome !== "ok" || op.lsn === null || !atStake(history, op, end)) continue;
    if (highest === null || op.lsn > highest) highest = op.lsn;
  }
  return highest;
}

/** Where the history of a store ends, or why nobody can say. */
function endOf(history: History, store: string): End | string {
  const facts = servingFacts(history, store);
  if (!facts) return `nothing says which node of ${store} serves after the recovery`;
  const { values } = facts;
  const switchLsn = parseLsn(values["switch_lsn"] ?? "");
  const [left, now] = [Number(values["switch_from_timeline"]), Number(values["timeline"])];
  const promoted = history.operations.some((op) => op.outcome === "ok" && op.store === store && op.timeline === left);
  if (switchLsn !== null && promoted && now > left)
    return { by: "switch", lsn: switchLsn, timeline: left, newTimeline: now };
  if (
    history.operations.some(
      (op) => op.outcome === "ok" && op.store === store && op.timeline !== null && op.timeline < now,
    )
  ) {
    return `${facts.node} is on timeline ${now} and does not say where the one before it ended`;
  }
  if (stayed(history, facts)) return { by: "whole", why: `the server of ${facts.node}, which never went away` };
  if (values["clean_shutdown"] === "true") return { by: "whole", why: `an orderly shutdown of ${facts.node}` };
  const redo = parseLsn(values["recovery_end_lsn"] ?? "");
  return redo === null
    ? `${facts.node} does not say where its history before the fault ended`
    : { by: "redo", lsn: redo };
}

/** Whether the server that serves is the very process that served before the fault. */
function stayed(history: History, { node, component, values }: NodeFacts): boolean {
  if (values["same_postmaster"] !== undefined) return values["same_postmaster"] === "true";
  const before = history.facts.find((f) => f.at === "steady" && f.component === component && f.node === node);
  const start = values["postmaster_start"];
  return (
    start !== undefined &&
    before?.values["postmaster_start"] === start &&
    before.values["in_recovery"] === values["in_recovery"]
  );
}

/** Whether the write was acknowledged by the history that ended, and not by the one that went on. */
function atStake(history: History, op: Operation, end: End | undefined): boolean {
  if (end === undefined || end.by === "whole") return false;
  if (end.by === "switch") return op.timeline === null || op.timeline < end.newTimeline;
  return op.invokedMs <= (outageOf(history)?.fault.at.toMs ?? Infinity);
}

function fateOf(op: Operation, end: End | undefined, stake: boolean, commitBefore: bigint | null): Fate {
  if (end === undefined) return "undecided";
  if (!stake) return "kept";
  if (end.by === "whole" || op.lsn === null || (end.by === "switch" && op.timeline !== end.timeline))
    return "undecided";
  // A record that begins at the last replayed position was itself replayed; one that begins at a switch point was not.
  if (end.by === "switch" ? op.lsn >= end.lsn : op.lsn > end.lsn) return "lost";
  return commitBefore !== null && commitBefore <= end.lsn ? "kept" : "undecided";
}

/** For each write at stake the position before which its commit record ended; none when nothing was sent after it. */
function commitBounds(
  history: History,
  acknowledged: readonly Operation[],
  ends: ReadonlyMap<string, End>,
): Map<Operation, bigint> {
  const groups = Map.groupBy(
    acknowledged.filter((op) => op.lsn !== null && atStake(history, op, ends.get(op.store))),
    (op) => `${op.store.length}:${op.store} ${op.timeline} ${op.node}`,
  );
  const bounds = new Map<Operation, bigint>();
  for (const group of groups.values()) {
    const bySending = group.toSorted((a, b) => a.invokedMs - b.invokedMs);
    const sentMs = Float64Array.from(bySending.map((op) => op.invokedMs));
    const lowestFrom = Array.from({ length: bySending.length }, () => 0n);
    for (let i = bySending.length - 1; i >= 0; i--) {
      const [own, next] = [bySending[i]!.lsn!, lowestFrom[i + 1] ?? null];
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
  if (end.by === "switch")
    return `${formatLsn(end.lsn)}, where timeline ${end.timeline} was left for ${end.newTimeline}`;
  return end.by === "redo" ? `${formatLsn(end.lsn)}, the last record that crash recovery replayed` : end.why;
}

/** The node that acknowledged a store's writes until the fault, and the one that serves after it. */
export function servedBy(history: History, store: string): { before: string | null; after: string | null } {
  const faultMs = outageOf(history)?.fault.at.toMs ?? Infinity;
  const before = lastAck(history, store, (op) => (op.endedMs ?? Infinity) <= faultMs)?.node ?? null;
  const after = servingFacts(history, store)?.node ?? null;
  return { before: before && shortName(before), after: after && shortName(after) };
}
