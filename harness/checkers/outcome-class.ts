import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import type { OutcomeClass } from "../plan.ts";
import { counted, grouped } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { finding, type Judged } from "./findings.ts";
import { lossOf } from "./loss.ts";
import { outageOf } from "./outage.ts";
import { eventsOf } from "./reading.ts";

/** Whether what the scenario declares of its outcome (catalogue, expected-outcome classes) is what was seen. */
function check(history: History): Finding {
  const say = finding("outcome-class", ["raw/plan.json", "raw/operations.jsonl", "raw/events.jsonl"]);
  const { outcome } = history.plan;
  if (outcome === null) return say("pass", "the scenario declares no class of outcome");
  const reading = lossOf(history);
  if (!reading) return say("unknown", `whether the outcome is ${outcome} is not known: nothing was read back`);
  const wrong = reading.loss.count + reading.mutated + reading.phantom + reading.resurrected + reading.duplicated;
  // What a restore was told to give up is no failure of whoever refuses to go on wrong.
  const counted = outcome === "closed" ? wrong - reading.discarded : wrong;
  const { verdict, detail } = judges[outcome](history, counted);
  return say(verdict, `${outcome}: ${detail}`);
}

const judges: Readonly<Record<OutcomeClass, (history: History, wrong: number) => Judged>> = {
  zero: (_, wrong) => nothingWrong(wrong),
  lossy: (_, wrong) => somethingWrong(wrong),
  silent: (history, wrong) => {
    const failed = failedSteps(history, "success", "failed");
    if (failed.length > 0) return { verdict: "fail", detail: `it was not silent: ${failed.join("; ")}` };
    const found = history.plan.expect.failed.filter((name) => name !== "no-lost-writes");
    return wrong === 0 && found.length > 0
      ? { verdict: "pass", detail: `every step reported success; ${found.join(", ")} must find what is wrong` }
      : somethingWrong(wrong);
  },
  closed: (history, wrong) => {
    const refusals = [
      ...failedSteps(history, "refused", "was refused"),
      ...refusedAttempts(history),
      ...countWords(refusedWrites(history), "writes were refused"),
    ];
    if (refusals.length === 0) return { verdict: "fail", detail: "nothing was refused" };
    return wrong === 0 ? { verdict: "pass", detail: refusals.join("; ") } : nothingWrong(wrong);
  },
  block: (history, wrong) => {
    const outage = outageOf(history);
    if (!outage?.noticed) return { verdict: "fail", detail: "service never stopped" };
    return nothingWrong(wrong);
  },
};

const nothingWrong = (wrong: number): Judged =>
  wrong === 0
    ? { verdict: "pass", detail: "every acknowledged write is there as it was sent" }
    : { verdict: "fail", detail: `${counted(wrong, "element is", "elements are")} lost or wrong` };

const somethingWrong = (wrong: number): Judged =>
  wrong > 0
    ? { verdict: "pass", detail: `${counted(wrong, "element is", "elements are")} lost or wrong, as it must be` }
    : { verdict: "fail", detail: "nothing is lost or wrong: the fault does not bite, or the checks are blind" };

/** What was asked of the system and did not succeed, of the steps that had to or had not to. */
function failedSteps(history: History, expect: "success" | "refused", word: string): string[] {
  const meant = new Set(
    history.plan.steps.flatMap((step) => ("expect" in step && step.expect === expect ? [step.name] : [])),
  );
  return [...eventsOf(history, "recovery-ended"), ...eventsOf(history, "routine-ended")]
    .filter(({ data }) => !data.ok && meant.has(data.step))
    .map(({ data }) => `${data.step} ${word}`);
}

const refusedAttempts = (history: History): string[] =>
  countWords(eventsOf(history, "attempt").filter(({ data }) => data.refused).length, "attempts were refused");

/** Writes that the store itself answered with an error; one that was never sent was refused by nobody. */
const refusedWrites = (history: History): number =>
  history.operations.filter((op) => op.outcome === "fail" && op.conn !== null).length;

const countWords = (count: number, what: string): string[] => (count > 0 ? [`${grouped(count)} ${what}`] : []);

export const outcomeClass: Checker = {
  name: "outcome-class",
  summary: "What the scenario says must come of it: zero loss, lossy, closed, silent or block",
  always: true,
  check,
};
