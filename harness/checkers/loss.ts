import type { History, Operation, RecoveredElement } from "../history.ts";
import type { Loss } from "../report.ts";
import { parsePosition } from "../position.ts";
import { outageOf } from "./outage.ts";
import { acknowledgedBeyond, positionsOf } from "./positions.ts";
import { eventsOf, keyOf, perHistory, reconciledOf, storesOf, wasReadBack } from "./reading.ts";

/**
 * The ledger of operations against everything that was read back. Each count is of operations, not of rows:
 * lost: acknowledged and absent · phantom: present and never attempted · resurrected: present though certainly not executed ·
 * duplicated: present more than once · mutated: present with other content than was sent · stale: present in an older content
 * than the newest acknowledged. A ledger row is written once under an id of its own, so nothing in it can be stale; the count
 * is for stores whose elements are overwritten, and is 0 here. Indeterminate writes are legal either way and counted apart.
 */
export interface LossReading {
  /** In the order of their acknowledgement. */
  readonly lostOperations: readonly Operation[];
  readonly loss: Loss;
  readonly phantom: number;
  readonly resurrected: number;
  readonly duplicated: number;
  readonly mutated: number;
  readonly stale: number;
  /** Of the lost: given up on purpose, by a reconciliation or by a restore that was told to end before them. */
  readonly discarded: number;
  readonly indeterminate: { readonly present: number; readonly absent: number };
}

/** Null when the read-back did not end: then an absent write proves nothing. */
export const lossOf = perHistory((history): LossReading | null => {
  if (!wasReadBack(history)) return null;
  const present = elementsByOperation(history.recovered);
  const lostOperations = history.operations
    .filter((op) => op.outcome === "ok" && !present.has(keyOf(op)))
    .toSorted((a, b) => (a.endedMs ?? 0) - (b.endedMs ?? 0));
  const attempted = new Map(history.operations.map((op) => [keyOf(op), op]));
  const counts = { phantom: 0, resurrected: 0, duplicated: 0, mutated: 0, stale: 0 };
  for (const [key, elements] of present) {
    const op = attempted.get(key);
    if (!op) counts.phantom++;
    else if (op.outcome === "fail") counts.resurrected++;
    else if (elements.some((element) => element.sha256 !== op.sha256)) counts.mutated++;
    if (op && elements.length > 1) counts.duplicated++;
  }
  const unsure = history.operations.filter((op) => op.outcome === "info");
  const unsurePresent = unsure.filter((op) => present.has(keyOf(op))).length;
  return {
    lostOperations,
    loss: describeLoss(history, lostOperations, present),
    ...counts,
    discarded: lostOperations.filter((op) => isDiscarded(history, op)).length,
    indeterminate: { present: unsurePresent, absent: unsure.length - unsurePresent },
  };
});

function isDiscarded(history: History, op: Operation): boolean {
  if (reconciledOf(history).get(keyOf(op)) === "discarded") return true;
  const positions = positionsOf(history);
  return eventsOf(history, "rewound").some(({ data: { store, lineage, position } }) => {
    const at = parsePosition(position);
    if (at === null || op.store !== store || op.lineage !== lineage) return false;
    return "missing" in positions ? (parsePosition(op.position ?? "") ?? -1n) >= at : !positions.endsBefore(op, at);
  });
}

type Elements = ReadonlyMap<string, readonly RecoveredElement[]>;

function elementsByOperation(recovered: readonly RecoveredElement[]): Elements {
  const present = new Map<string, RecoveredElement[]>();
  for (const element of recovered) {
    const copies = present.get(keyOf(element));
    if (copies) copies.push(element);
    else present.set(keyOf(element), [element]);
  }
  return present;
}

function describeLoss(history: History, lost: readonly Operation[], present: Elements): Loss {
  const byStore = storesOf(history).map((store) => [store, lost.filter((op) => op.store === store).length] as const);
  const [oldest] = lost;
  if (!oldest) return { count: 0, shape: "none", seconds: 0, walBytes: 0, byStore: Object.fromEntries(byStore) };
  const faultMs = outageOf(history)?.fault.at.toMs ?? null;
  // Where two servers took writes side by side, acknowledgements after the fault are lost too: the loss reaches to the last of them.
  const untilMs = Math.max(faultMs ?? 0, lost.at(-1)?.endedMs ?? 0);
  const hole = byStore.some(([store]) => hasHole(history, store, lost, present, faultMs));
  return {
    count: lost.length,
    shape: hole ? "hole" : "suffix",
    seconds: Math.round((untilMs - (oldest.endedMs ?? untilMs)) * 1_000) / 1_000_000,
    walBytes: acknowledgedBeyond(history),
    byStore: Object.fromEntries(byStore),
  };
}

/**
 * A suffix: what is lost was acknowledged after everything that survived. A hole: some write was sent after the acknowledgement
 * of a lost one, and survived; writes that overlapped may have committed in either order. Only writes of one time are compared:
 * the same server on the same timeline, and on the same side of the fault, so that what the recovered system took afterwards
 * does not count.
 */
function hasHole(
  history: History,
  store: string,
  lost: readonly Operation[],
  present: Elements,
  faultMs: number | null,
): boolean {
  const eraOf = (op: Operation): string =>
    `${op.node} ${op.lineage} ${faultMs !== null && op.invokedMs > faultMs ? "after" : "before"}`;
  const oldestLostMs = new Map<string, number>();
  for (const op of lost) {
    if (op.store === store && !oldestLostMs.has(eraOf(op))) oldestLostMs.set(eraOf(op), op.endedMs ?? 0);
  }
  return history.operations.some((op) => {
    if (op.outcome !== "ok" || op.store !== store || !present.has(keyOf(op))) return false;
    return op.invokedMs > (oldestLostMs.get(eraOf(op)) ?? Infinity);
  });
}
