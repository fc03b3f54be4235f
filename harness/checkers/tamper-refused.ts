import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { counted } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { finding } from "./findings.ts";
import { eventsOf } from "./reading.ts";

/** What a store must refuse, each tried and judged by what is there afterwards. One that worked is one too many. */
function check(history: History): Finding {
  const say = finding("tamper-refused", ["raw/events.jsonl"]);
  const attempts = eventsOf(history, "attempt").map(({ data }) => data);
  if (attempts.length === 0) return say("unknown", "nothing that must be refused was tried");
  const worked = attempts.filter(({ refused }) => !refused);
  if (worked.length === 0)
    return say(
      "pass",
      `${attempts.length === 1 ? "the one attempt was" : `all ${attempts.length} attempts were`} refused: ${names(attempts)}`,
    );
  const how = worked.map(({ attempt, detail }) => `${attempt} (${detail})`).join("; ");
  return say("fail", `${worked.length} of ${counted(attempts.length, "attempt")} worked: ${how}`);
}

const names = (attempts: readonly { attempt: string }[]): string => attempts.map(({ attempt }) => attempt).join("; ");

export const tamperRefused: Checker = {
  name: "tamper-refused",
  summary: "Everything that the store must refuse was refused, judged by what was there afterwards",
  always: false,
  check,
};
