import type { Checker } from "../checker.ts";
import type { History, Operation } from "../history.ts";
import { counted, grouped } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import { lossOf } from "./loss.ts";
import { positionsOf } from "./positions.ts";
import { keyOf, perHistory, struckOf, wasReconciled } from "./reading.ts";

/**
 * The count of lost writes once from what was read back and once from positions. Where a fault changed bytes, what stood in them was
 * read out before: such a write may be lost wherever its position is, and no other.
 */
export interface Comparison {
  readonly method: string;
  readonly lowest: number;
  readonly highest: number;
  readonly agrees: boolean;
  /** Where they differ, in words; null when they agree. */
  readonly difference: string | null;
}

/** Null, with the reason, when there is no second estimate, or no first one to compare it with. */
export const comparisonOf = perHistory((history): Comparison | { readonly missing: string } => {
  const positions = positionsOf(history);
  const loss = lossOf(history);
  if ("missing" in positions) return positions;
  if (loss === null) return { missing: "nothing was read back to compare it with" };
  const { lowest } = positions;
  const judged = (op: Operation): boolean => !wasReconciled(history, op);
  const lost = new Set(loss.lostOperations.filter(judged));
  const struck = (op: Operation): boolean => positions.fate(op) === "kept" && struckOf(history).has(keyOf(op));
  const mayBeLost = history.operations.filter((op) => op.outcome === "ok" && judged(op) && struck(op)).length;
  const highest = positions.highest + mayBeLost;
  const method =
    struckOf(history).size === 0
      ? positions.method
      : `${positions.method}; and ${grouped(mayBeLost)} that stood in damaged bytes or in one piece with them`;
  const keptButLost = [...lost].filter((op) => positions.fate(op) === "kept" && !struck(op)).length;
  const lostButPresent = history.operations.filter(
    (op) => op.outcome === "ok" && positions.fate(op) === "lost" && !lost.has(op) && judged(op),
  ).length;
  const differences = [
    ...(keptButLost > 0
      ? [
          `${counted(keptButLost, "write is absent although its", "writes are absent although their")} position survived`,
        ]
      : []),
    ...(lostButPresent > 0
      ? [
          `${counted(lostButPresent, "write is present although its", "writes are present although their")} position did not survive`,
        ]
      : []),
    ...(lost.size < lowest || lost.size > highest
      ? [`${grouped(lost.size)} are absent, the positions say ${range(lowest, highest)}`]
      : []),
  ];
  return { method, lowest, highest, agrees: differences.length === 0, difference: differences.join("; ") || null };
});

const range = (lowest: number, highest: number): string =>
  lowest === highest ? grouped(lowest) : `${grouped(lowest)} to ${grouped(highest)}`;

/**
 * What makes a count of lost writes unproven: a hole in the store looks like a hole in the read-back. Null when the estimates
 * agree or there is only one. A hole has no switch point, so a drill that punches one on purpose says so in `expect`; where it is
 * known what stood there, that is not enough.
 */
export function contradictionOf(history: History): string | null {
  const comparison = comparisonOf(history);
  const excused = history.plan.expect.lost?.shape === "hole" && struckOf(history).size === 0;
  return "missing" in comparison || excused ? null : comparison.difference;
}

function check(history: History): Finding {
  const say = finding("second-estimate", ["raw/operations.jsonl", "raw/facts.jsonl"]);
  if (!history.operations.some((op) => op.outcome === "ok"))
    return say("pass", "no write was acknowledged: there is nothing that could be lost");
  const comparison = comparisonOf(history);
  if ("missing" in comparison) return say("unknown", `there is no second estimate of the loss: ${comparison.missing}`);
  const { method, lowest, highest, difference } = comparison;
  if (difference === null) return say("pass", `${range(lowest, highest)} lost by ${method}, as read back`);
  if (contradictionOf(history) === null)
    return say("pass", `the declared loss is a hole, which no position measures: ${difference}`);
  return say("unknown", `the two estimates of the loss disagree: ${difference} (${method})`);
}

export const secondEstimate: Checker = {
  name: "second-estimate",
  summary: "The loss counted again from positions or a second list, without a look at what was read back",
  always: true,
  check,
};
