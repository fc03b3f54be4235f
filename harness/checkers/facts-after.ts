import type { History } from "../history.ts";
import type { Finding, Verdict } from "../verdict.ts";
import { finding } from "./findings.ts";
import { storesJudgedBy } from "./judged-stores.ts";
import { servingFacts } from "./reading.ts";

type Values = Readonly<Record<string, string>>;

/** Judges what the node that serves after the recovery says of itself, store by store; what it does not say is unknown. */
export function judgeServing(
  check: string,
  history: History,
  judge: (values: Values, node: string) => { verdict: Verdict; detail: string },
  requires?: string,
): Finding {
  const results = storesJudgedBy(history, check, requires).map((store) => {
    const facts = servingFacts(history, store);
    return facts
      ? judge(facts.values, facts.node)
      : {
          verdict: "unknown" as const,
          detail: `nothing is recorded of the node that serves ${store} after the recovery`,
        };
  });
  const worst =
    results.find(({ verdict }) => verdict === "fail") ?? results.find(({ verdict }) => verdict === "unknown");
  const say = finding(check, ["raw/facts.jsonl"]);
  if (worst) return say(worst.verdict, worst.detail);
  return results.length > 0
    ? say("pass", results.map(({ detail }) => detail).join("; "))
    : say("unknown", "no store was written to that this could be asked of");
}
