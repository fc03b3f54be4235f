import type { EventData } from "../../history.ts";
import type { CheckControls } from "../control.ts";
import { addEvent } from "../edits.ts";
import { drill, nsOf } from "../golden.ts";

const ran =
  (...seen: [detector: string, noticed: EventData["detector-ran"]["noticed"], detail: string][]) =>
  () =>
    drill({}, (h) => {
      h.plan.verify.push("no-damage-noticed");
      for (const [detector, noticed, detail] of seen) {
        const span = { fromNs: nsOf(9_120), toNs: nsOf(9_180) };
        addEvent(h, 9_180, "detector-ran", { component: "db", detector, noticed, detail, ...span });
      }
    });

export const noDamageNoticed: CheckControls = {
  check: "no-damage-noticed",
  pass: [
    {
      name: "two looked and one could not",
      history: ran(["name gap", "no", "8 names"], ["pg_dump", "not-run", "it does not run"]),
      says: "2 detectors noticed nothing: server, name gap; not run: pg_dump",
    },
  ],
  fail: [
    {
      name: "a broken record in the archive",
      history: ran(["pg_waldump", "yes", "timeline 1: error in WAL record at 0/37A10C8"]),
      says: "pg_waldump: timeline 1: error in WAL record at 0/37A10C8",
    },
  ],
  unknown: [{ name: "nobody looked", history: ran(), says: "no detector looked at what the recovery left" }],
};
