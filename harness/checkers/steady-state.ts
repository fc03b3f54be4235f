import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { counted, humanMs } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { attempts, failuresBefore } from "./clients.ts";
import { finding, roundMs } from "./findings.ts";
import { effectiveFaults } from "./outage.ts";
import { phaseOf, steadyWindow } from "./reading.ts";

/** What the record itself shows of the steady state; that the drill went on is not taken for proof. */
function check(history: History): Finding {
  const say = finding("steady-state", ["raw/events.jsonl", "raw/operations.jsonl"]);
  const { holdMs, errors } = history.plan.steadyState;
  const steady = phaseOf(history, "steady");
  const window = steadyWindow(history);
  if (!steady || !window) return say("unknown", "the system was never called steady before the fault");
  if (steady.error !== null) return say("unknown", `no steady state: ${steady.error}`);
  if (window.toMs - window.fromMs < holdMs)
    return say("unknown", `steady for ${humanMs(window.toMs - window.fromMs)} only, ${roundMs(holdMs)} are asked for`);
  const failed = attempts(history).filter(
    (a) => a.critical && !a.ok && a.askedMs >= window.fromMs && a.endedMs <= window.toMs,
  ).length;
  if (failed > errors)
    return say(
      "unknown",
      `${counted(failed, "failure")} within the steady ${roundMs(holdMs)}, ${errors} ${errors === 1 ? "is" : "are"} allowed`,
    );
  const firstMs = effectiveFaults(history)[0]?.at.fromMs ?? -Infinity;
  const between = failuresBefore(history, firstMs);
  if (between > errors)
    return say(
      "unknown",
      `${counted(between, "failure")} after the steady state and before any fault was effective: it was not steady, or the clock starts too late`,
    );
  return say("pass", `${roundMs(holdMs)} with ${counted(failed, "failure")} before the fault`);
}

export const steadyState: Checker = {
  name: "steady-state",
  summary: "The system served normally before the fault",
  always: true,
  check,
};
