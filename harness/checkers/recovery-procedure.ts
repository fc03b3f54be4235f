import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import { eventsOf } from "./reading.ts";

function check(history: History): Finding {
  const say = finding("recovery-procedure", ["raw/events.jsonl", "raw/output"]);
  const planned = history.plan.steps.filter((step) => step.does === "recover");
  if (planned.length === 0) return say("pass", "the plan has no recovery step: the system had to come back by itself");
  const ended = new Map(eventsOf(history, "recovery-ended").map(({ data }) => [data.step, data]));
  const failed = planned.find((step) => ended.get(step.name)?.ok === false);
  if (failed)
    return say(
      "fail",
      `${failed.kind} of ${failed.target} failed: ${ended.get(failed.name)?.error ?? "it did not say why"}`,
    );
  const open = planned.find((step) => !ended.has(step.name));
  if (open) return say("unknown", `${open.kind} of ${open.target} has no end in the journal`);
  return say("pass", planned.map((step) => `${step.kind} of ${step.target} succeeded`).join("; "));
}

export const recoveryProcedure: Checker = {
  name: "recovery-procedure",
  summary: "Every recovery step did what it was asked to",
  always: true,
  check,
};
