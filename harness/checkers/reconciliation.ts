import type { Checker } from "../checker.ts";
import type { History, Operation } from "../history.ts";
import type { PlannedStep } from "../plan.ts";
import { grouped } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import { eventsOf, keyOf, wasReadBack } from "./reading.ts";

/** The recovery that owes an end to every write whose client had no answer when it began. */
const OUTBOX = "replay-unsure";

/**
 * What recoveries did to single operations on purpose, against what was read back: what was written again is there, and what was
 * taken away is gone from its store and from the store that the step took for the record, for it must never take what that one has.
 * An outbox that was sent again has left nothing unsure.
 */
function check(history: History): Finding {
  const say = finding("reconciliation", ["raw/events.jsonl", "raw/recovered.jsonl"]);
  const done = eventsOf(history, "reconciled").map(({ data }) => data);
  const owed = outboxes(history);
  if (done.length === 0 && owed.length === 0) return say("pass", "no single operation was taken away or written again");
  if (!wasReadBack(history)) return say("unknown", "nothing was read back to compare the reconciliation with");
  const present = new Set(history.recovered.map(keyOf));
  const records = recordsOf(history);
  const replayed = done.filter(({ action }) => action === "replayed");
  const discarded = done.filter(({ action }) => action === "discarded");
  const wrong = [
    ...words(replayed.filter((one) => !present.has(keyOf(one))).length, "written again and absent"),
    ...words(discarded.filter((one) => present.has(keyOf(one))).length, "taken away and present"),
    ...words(
      discarded.filter(({ step, op }) => present.has(keyOf({ store: records.get(step) ?? "", op }))).length,
      "taken away although the record has them",
    ),
    ...words(owed.filter((op) => !present.has(keyOf(op))).length, "unsure, sent again and absent"),
  ];
  const told = [
    ...words(owed.length, "unsure were sent again"),
    ...words(replayed.length, "written again"),
    ...words(discarded.length, "taken away on purpose"),
  ];
  return say(wrong.length > 0 ? "fail" : "pass", [...wrong, ...told].join("; "));
}

/** Writes that an outbox held when it was sent again: sent, ended by then, and nobody knows how. */
const outboxes = (history: History): Operation[] =>
  eventsOf(history, "recovery-started").flatMap(({ ms, data }) =>
    data.recovery === OUTBOX
      ? history.operations.filter(
          (op) => op.store === data.target && op.outcome === "info" && op.endedMs !== null && op.endedMs <= ms,
        )
      : [],
  );

/** The component that each recovery step acted for. */
const recordsOf = ({ plan }: History): ReadonlyMap<string, string> =>
  new Map(
    plan.steps
      .filter((step): step is PlannedStep & { does: "recover" } => step.does === "recover")
      .map(({ name, target }) => [name, target.split(".")[0] ?? ""]),
  );

const words = (count: number, what: string): string[] => (count > 0 ? [`${grouped(count)} ${what}`] : []);

export const reconciliation: Checker = {
  name: "reconciliation",
  summary: "What a recovery wrote again is there, and what it took away is gone, from the record too",
  always: true,
  check,
};
