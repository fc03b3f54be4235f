import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { counted, humanMs } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { askedUntilMs } from "./clients.ts";
import { worstClock } from "./clocks.ts";
import { againstObjective, finding, type Judged, roundMs } from "./findings.ts";
import { type Outage, outageOf } from "./outage.ts";
import { eventsOf } from "./reading.ts";

function check(history: History): Finding {
  const say = finding("recovery-time", ["raw/events.jsonl", "raw/operations.jsonl", "raw/probes.jsonl"]);
  const outage = outageOf(history);
  if (!outage) return say("unknown", "no fault was effective: there is nothing to recover from");
  const { verdict, detail } = judge(history, outage);
  if (verdict === "fail" && worstClock(history)) return say("unknown", `${detail}; but the clocks disagree`);
  return say(verdict, outage.note ? `${detail}; ${outage.note}` : detail);
}

function judge(history: History, outage: Outage): Judged {
  const { recovery, interval, lowerMs, relapse } = outage;
  const objectiveMs = history.plan.objectives.recoveryTimeMs;
  if (recovery.state === "not-recovered") {
    return {
      verdict: "fail",
      detail: `clients were not served again for ${roundMs(history.plan.settleMs)} without a failure; the record ends ${humanMs(lowerMs)} after the fault`,
    };
  }
  if (recovery.state === "cut-short" || interval === null) {
    const short = `clients were served again, but asked for less than ${roundMs(history.plan.settleMs)} after that: nothing says that it lasted`;
    return { verdict: lowerMs >= objectiveMs ? "fail" : "unknown", detail: short };
  }
  const judged = againstObjective("writes were acknowledged again after", interval, objectiveMs);
  if (relapse && judged.verdict === "pass") {
    const sinceMs = relapse.firstMs - recovery.ackMs;
    return {
      verdict: "unknown",
      detail: `${judged.detail}; but ${counted(relapse.count, "failure")} followed, the first ${humanMs(sinceMs)} after the recovery and with no fault to explain it`,
    };
  }
  const watchedMs = watchedAfterSteps(history);
  if (watchedMs !== null && watchedMs < history.plan.settleMs && judged.verdict === "pass") {
    return {
      verdict: "unknown",
      detail: `${judged.detail}; but clients were asked for only ${humanMs(Math.max(0, watchedMs))} after the last step, less than ${roundMs(history.plan.settleMs)}: nothing says that what it did lasts`,
    };
  }
  return judged;
}

/** A step may move clients at its very end. Null where the journal has no end of the steps, which `record` holds against it. */
function watchedAfterSteps(history: History): number | null {
  const end = eventsOf(history, "phase-ended").find(({ data }) => data.phase === "steps");
  return end ? askedUntilMs(history) - end.ms : null;
}

export const recoveryTime: Checker = {
  name: "recovery-time",
  summary: "From the fault's effect to the first acknowledged write that lasted, against the objective",
  always: true,
  check,
};
