import type { Checker } from "../checker.ts";
import { counted } from "../text.ts";
import { finding } from "./findings.ts";

const SHOWN = 3;

export const record: Checker = {
  name: "record",
  summary: "The record of the run is whole: nothing missing, cut, out of order or contradictory in itself",
  always: true,
  check({ defects, events, operations, recovered }) {
    const say = finding("record", ["raw/events.jsonl", "raw/operations.jsonl"]);
    if (defects.length === 0) {
      return say(
        "pass",
        `${counted(events.length, "journal entry", "journal entries")}, ${counted(operations.length, "operation")} and ${counted(recovered.length, "element")} read back, without a gap`,
      );
    }
    const more = defects.length > SHOWN ? `; and ${defects.length - SHOWN} more` : "";
    return say("unknown", `${defects.slice(0, SHOWN).join("; ")}${more}`);
  },
};
