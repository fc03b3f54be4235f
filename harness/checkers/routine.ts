import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import type { PlannedStep } from "../plan.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import { eventsOf } from "./reading.ts";

type PlannedRoutine = PlannedStep & { does: "routine" };

function check(history: History): Finding {
  const say = finding("routine", ["raw/events.jsonl"]);
  const planned = history.plan.steps.filter((step): step is PlannedRoutine => step.does === "routine");
  if (planned.length === 0) return say("pass", "the plan has no routine");
  const ended = new Map(eventsOf(history, "routine-ended").map(({ data }) => [data.step, data]));
  const wrong = planned.find(({ name, expect }) => {
    const end = ended.get(name);
    return end !== undefined && end.ok !== (expect === "success");
  });
  if (wrong?.expect === "refused") return say("fail", `${wrong.name} succeeded, and it had to be refused`);
  if (wrong) return say("fail", `${wrong.name} failed: ${ended.get(wrong.name)?.detail ?? "it did not say why"}`);
  const otherwise = planned.find(
    ({ name, because }) => because !== undefined && ended.get(name)?.detail.includes(because) === false,
  );
  if (otherwise)
    return say(
      "fail",
      `${otherwise.name} was refused for another reason than "${otherwise.because}": ${ended.get(otherwise.name)?.detail}`,
    );
  const open = planned.find(({ name }) => !ended.has(name));
  if (open) return say("unknown", `${open.name} has no end in the journal`);
  const words = ({ name, expect }: PlannedRoutine): string =>
    `${name}${expect === "refused" ? " was refused, as it had to be" : ""}: ${ended.get(name)?.detail ?? ""}`;
  return say("pass", planned.map(words).join("; "));
}

export const routine: Checker = {
  name: "routine",
  summary: "Every backup and other routine did what it was asked to, or was refused where it had to be",
  always: true,
  check,
};
