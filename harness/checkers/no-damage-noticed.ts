import type { Checker } from "../checker.ts";
import type { History } from "../history.ts";
import { LEDGER, SERVER } from "../report.ts";
import { counted } from "../text.ts";
import type { Finding } from "../verdict.ts";
import { detectorsOf } from "./detectors.ts";
import { finding } from "./findings.ts";

/** The ledger's own findings are judged by no-lost-writes. */
function check(history: History): Finding {
  const say = finding("no-damage-noticed", ["raw/events.jsonl", "raw/logs"]);
  const rows = detectorsOf(history)?.rows.filter(({ detector }) => detector !== LEDGER) ?? [];
  const noticed = rows.filter((row) => row.noticed === "yes");
  if (noticed.length > 0)
    return say("fail", noticed.map(({ detector, detail }) => `${detector}: ${detail}`).join("; "));
  const looked = rows.filter((row) => row.noticed === "no");
  // That no server complained says nothing of what nobody has read.
  if (looked.every(({ detector }) => detector === SERVER))
    return say("unknown", "no detector looked at what the recovery left");
  const blind = rows.filter((row) => row.noticed === "not-run").map(({ detector }) => detector);
  const others = blind.length > 0 ? `; not run: ${blind.join(", ")}` : "";
  return say(
    "pass",
    `${counted(looked.length, "detector")} noticed nothing: ${looked.map((row) => row.detector).join(", ")}${others}`,
  );
}

export const noDamageNoticed: Checker = {
  name: "no-damage-noticed",
  summary:
    "Nothing that looks for damage noticed any in what the recovery left, in the archive or in what the servers said",
  always: false,
  check,
};
