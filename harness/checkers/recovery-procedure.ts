import type { Checker } from "../checker.ts";
import type { EventData, History } from "../history.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import type { PlannedStep } from "../plan.ts";
import { eventsOf } from "./reading.ts";

type PlannedRecovery = PlannedStep & { does: "recover" };

function check(history: History): Finding {
  const say = finding("recovery-procedure", ["raw/events.jsonl", "raw/output"]);
  const planned = history.plan.steps.filter((step): step is PlannedRecovery => step.does === "recover");
  if (planned.length === 0) return say("pass", "the plan has no recovery step: the system had to come back by itself");
  const ended = new Map(eventsOf(history, "recovery-ended").map(({ data }) => [data.step, data]));
  const accepted = planned.find((step) => step.expect === "refused" && ended.get(step.name)?.ok === true);
  if (accepted) return say("fail", `${accepted.kind} of ${accepted.target} succeeded, and it had to be refused`);
  const otherwise = planned.find((step) => refusedOtherwise(step, ended.get(step.name)));
  if (otherwise)
    return say(
      "fail",
      `${otherwise.kind} of ${otherwise.target} was refused for another reason than "${otherwise.because}": ${ended.get(otherwise.name)?.error ?? "it did not say why"}`,
    );
  const failed = planned.find((step) => step.expect === "success" && ended.get(step.name)?.ok === false);
  if (failed)
    return say(
      "fail",
      `${failed.kind} of ${failed.target} failed: ${ended.get(failed.name)?.error ?? "it did not say why"}`,
    );
  const open = planned.find((step) => !ended.has(step.name));
  if (open) return say("unknown", `${open.kind} of ${open.target} has no end in the journal`);
  const words = (step: PlannedRecovery) =>
    step.expect === "success" ? "succeeded" : `was refused, as it had to be: ${ended.get(step.name)?.error ?? ""}`;
  return say("pass", planned.map((step) => `${step.kind} of ${step.target} ${words(step)}`).join("; "));
}

/** A refusal proves something only if it is the one that was meant: a typing error in a setting refuses too. */
const refusedOtherwise = (
  { expect, because }: PlannedRecovery,
  end: EventData["recovery-ended"] | undefined,
): boolean =>
  expect === "refused" && because !== undefined && end !== undefined && end.error?.includes(because) !== true;

export const recoveryProcedure: Checker = {
  name: "recovery-procedure",
  summary: "Every recovery step did what it was asked to, or was refused where it had to be",
  always: true,
  check,
};
