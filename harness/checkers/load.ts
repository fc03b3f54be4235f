import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import { outageOf } from "./outage.ts";

const WINDOW_MS = 1_000;
/** Fewer acknowledgements than this in the second before the fault say nothing about what a fault does to writes. */
const LEAST = 10;
const LEAST_SHARE = 0.5;

function check(history: History): Finding {
  const say = finding("load", ["raw/operations.jsonl"]);
  const outage = outageOf(history);
  if (!outage) return say("unknown", "no fault was effective: there is no instant to look at");
  if (history.plan.workload.length === 0) return say("unknown", "nothing was written while the fault struck");
  const untilMs = outage.fault.at.fromMs;
  const seen = history.plan.workload.map(({ name, targets, ratePerSecond }) => {
    const acks = history.operations.filter(
      (op) =>
        op.workload === name &&
        op.outcome === "ok" &&
        op.endedMs !== null &&
        op.endedMs > untilMs - WINDOW_MS &&
        op.endedMs <= untilMs,
    ).length;
    const planned = (ratePerSecond * targets.length * WINDOW_MS) / 1_000;
    return {
      enough: acks >= LEAST && acks >= LEAST_SHARE * planned,
      words: `${name}: ${acks} acknowledged in the second before the fault, ${Math.round(planned)} planned`,
    };
  });
  return say(
    seen.every((workload) => workload.enough) ? "pass" : "unknown",
    seen.map((workload) => workload.words).join("; "),
  );
}

export const load: Checker = {
  name: "load",
  summary: "Enough writes were in flight when the fault struck",
  always: true,
  check,
};
