import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { counted, grouped, humanMs } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import { type LossReading, lossOf } from "./loss.ts";
import { contradictionOf } from "./second-estimate.ts";

function check(history: History): Finding {
  const say = finding("no-lost-writes", ["raw/operations.jsonl", "raw/recovered.jsonl"]);
  const reading = lossOf(history);
  if (!reading) return say("unknown", "nothing was read back after the recovery: an absent write proves nothing");
  const acknowledged = history.operations.filter((op) => op.outcome === "ok").length;
  const words = `${grouped(reading.loss.count)} of ${counted(acknowledged, "acknowledged write")} lost${shapeOf(reading)}${
    reading.discarded > 0 ? `, ${grouped(reading.discarded)} of them given up on purpose` : ""
  }`;
  const others = othersOf(reading);
  if (others.length > 0) return say("fail", [words, ...others].join("; "));
  if (reading.loss.count <= history.plan.objectives.lostWrites) return say("pass", `${words}; ${unsure(reading)}`);
  const contradiction = contradictionOf(history);
  if (contradiction !== null)
    return say("unknown", `${words}; not proven, for the second estimate disagrees: ${contradiction}`);
  return say("fail", `${words}; the objective is ${grouped(history.plan.objectives.lostWrites)}`);
}

function shapeOf({ loss }: LossReading): string {
  if (loss.count === 0) return "";
  const bytes = loss.walBytes > 0 ? `, ${counted(loss.walBytes, "byte")} of WAL` : "";
  return loss.shape === "suffix"
    ? `, a suffix, the oldest acknowledged ${humanMs(loss.seconds * 1_000)} before the end of service${bytes}`
    : `, with later writes surviving: a hole${bytes}`;
}

const unsure = ({ indeterminate: { present, absent } }: LossReading): string =>
  `of ${counted(present + absent, "indeterminate one")} ${present} ${present === 1 ? "is" : "are"} present`;

const othersOf = (reading: LossReading): string[] =>
  (["phantom", "resurrected", "duplicated", "mutated", "stale"] as const)
    .filter((kind) => reading[kind] > 0)
    .map((kind) => `${grouped(reading[kind])} ${kind}`);

export const noLostWrites: Checker = {
  name: "no-lost-writes",
  summary: "Every acknowledged write is there once with the content that was sent, and nothing else is",
  always: true,
  check,
};
