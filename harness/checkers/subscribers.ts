/**
 * Whether the logical standbys that go on beside the node that serves have its rows, all of them and each once. They are read back
 * on their own, so that neither side vouches for the other.
 */
import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { counted, grouped } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { finding, type Judged } from "./findings.ts";
import { storesJudgedBy } from "./judged-stores.ts";
import { servingFacts, wasReadBack } from "./reading.ts";

const NAME = "subscribers";

function check(history: History): Finding {
  const say = finding(NAME, ["raw/recovered.jsonl", "raw/inventory.jsonl", "raw/facts.jsonl"]);
  if (!wasReadBack(history)) return say("unknown", "nothing was read back after the recovery to compare them with");
  const judged = storesJudgedBy(history, NAME).flatMap((store) =>
    subscribersOf(history, store).map((node) => judgeOne(history, store, node)),
  );
  if (judged.length === 0) return say("unknown", "no logical standby is left beside the node that serves");
  const worst = judged.find((j) => j.verdict === "fail") ?? judged.find((j) => j.verdict === "unknown");
  return worst ? say(worst.verdict, worst.detail) : say("pass", judged.map(({ detail }) => detail).join("; "));
}

/** Nodes that had a subscription before anything was broken, but for the one that serves now. */
function subscribersOf(history: History, store: string): string[] {
  const serving = servingFacts(history, store)?.node;
  const had = history.facts.filter(
    ({ at, component, node, values }) =>
      at === "steady" && component === store && node !== serving && (values["subscription"] ?? "null") !== "null",
  );
  return [...new Set(had.map(({ node }) => node))];
}

function judgeOne(history: History, store: string, node: string): Judged {
  const theirs = hashesByOperation(
    history.inventory.filter((row) => row.store === node).map((row) => [row.op, row.version ?? ""]),
  );
  if (theirs.size === 0) return { verdict: "unknown", detail: `no row of ${node} was read back` };
  const ours = hashesByOperation(
    history.recovered.filter((row) => row.store === store).map((row) => [row.op, row.sha256]),
  );
  const both = [...ours].flatMap(([op, hashes]) => (theirs.has(op) ? [{ hashes, others: theirs.get(op)! }] : []));
  const counts = {
    missing: ours.size - both.length,
    "of nobody else's": theirs.size - both.length,
    repeated: both.filter(({ hashes, others }) => others.length > hashes.length).length,
    "of another content": both.filter(({ hashes, others }) => others.some((hash) => !hashes.includes(hash))).length,
  };
  const wrong = Object.entries(counts).filter(([, n]) => n > 0);
  if (wrong.length === 0)
    return { verdict: "pass", detail: `${node} has the ${counted(ours.size, "row that is", "rows that are")} served` };
  const words = wrong.map(([what, n]) => `${grouped(n)} ${what}`).join(", ");
  return {
    verdict: "fail",
    detail: `${node} does not have the ${counted(ours.size, "row that is", "rows that are")} served: ${words}`,
  };
}

function hashesByOperation(rows: readonly (readonly [op: string, sha256: string])[]): Map<string, string[]> {
  const by = new Map<string, string[]>();
  for (const [op, sha256] of rows) {
    const known = by.get(op);
    if (known) known.push(sha256);
    else by.set(op, [sha256]);
  }
  return by;
}

export const subscribers: Checker = {
  name: NAME,
  summary: "Every logical standby that goes on has the rows of the node that serves, each once",
  always: false,
  check,
};
