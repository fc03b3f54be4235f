import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import type { PlannedStep } from "../plan.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import { eventsOf } from "./reading.ts";

type PlannedFault = PlannedStep & { does: "fault" };

function check(history: History): Finding {
  const say = finding("fault-effect", ["raw/events.jsonl"]);
  const planned = history.plan.steps.filter((step): step is PlannedFault => step.does === "fault");
  if (planned.length === 0) return say("unknown", "the plan has no fault: nothing was drilled");
  const problems = planned.flatMap((step) => problemOf(history, step) ?? []);
  if (problems.length > 0) return say("unknown", problems.join("; "));
  const proofs = planned.map(({ name, kind, target }) => `${kind} of ${target}: ${proofOf(history, name)?.proof}`);
  return say("pass", proofs.join("; "));
}

const proofOf = (history: History, step: string) =>
  eventsOf(history, "fault-proven").find(({ data }) => data.step === step)?.data;

function problemOf(history: History, { name, kind, target }: PlannedFault): string | null {
  const effective = eventsOf(history, "fault-effective").find(({ data }) => data.step === name)?.data;
  if (!effective) return `${kind} of ${target} never became effective`;
  if (effective.fault !== kind || effective.target !== target)
    return `planned was ${kind} of ${target}, done was ${effective.fault} of ${effective.target}`;
  const proof = proofOf(history, name);
  if (!proof) return `nothing proves that ${kind} of ${target} had an effect`;
  return proof.observed ? null : `${kind} of ${target} had no observed effect: ${proof.proof}`;
}

export const faultEffect: Checker = {
  name: "fault-effect",
  summary: "Every planned fault was seen to bite",
  always: true,
  check,
};
