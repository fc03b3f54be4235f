import type { EventData } from "../../history.ts";
import type { CheckControls } from "../control.ts";
import { addEvent } from "../edits.ts";
import { drill, nsOf } from "../golden.ts";

type Noticed = EventData["detector-ran"]["noticed"];

/** The golden drill, looked at by one detector after everything was read back. */
const lookedAt = (noticed: Noticed, detail: string) => () =>
  drill({}, (h) => {
    h.plan.verify.push("no-damage-noticed");
    addEvent(h, 9_100, "read-back", { component: "db", fromNs: nsOf(9_010), toNs: nsOf(9_100) });
    const [fromNs, toNs] = [nsOf(9_120), nsOf(9_180)];
    addEvent(h, 9_180, "detector-ran", { component: "db", detector: "pg_waldump", noticed, detail, fromNs, toNs });
  });

export const noDamageNoticed: CheckControls = {
  check: "no-damage-noticed",
  pass: [
    {
      name: "two looked and were silent",
      history: lookedAt("no", "every record is whole"),
      says: "2 detectors noticed nothing: server, pg_waldump",
    },
  ],
  fail: [
    {
      name: "one record of the archive is damaged",
      history: lookedAt("yes", "1 record of 4,711 does not match its checksum"),
      says: "pg_waldump: 1 record of 4,711 does not match its checksum",
    },
  ],
  unknown: [
    {
      name: "everything was read back, and nothing else looked",
      history: () =>
        drill({}, (h) => {
          h.plan.verify.push("no-damage-noticed");
          addEvent(h, 9_100, "read-back", { component: "db", fromNs: nsOf(9_010), toNs: nsOf(9_100) });
        }),
      says: "no detector looked at what the recovery left",
    },
    {
      name: "the one that was to look could not",
      history: lookedAt("not-run", "no archive"),
      says: "no detector looked at what the recovery left",
    },
    {
      name: "nobody looked",
      history: () => drill({}, (h) => void h.plan.verify.push("no-damage-noticed")),
      says: "no detector looked at what the recovery left",
    },
  ],
};
