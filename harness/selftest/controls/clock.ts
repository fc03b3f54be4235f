import type { CheckControls } from "../control.ts";
import { dropEvents, setEvent } from "../edits.ts";
import { clockBracket, type DraftHistory, drill } from "../golden.ts";

const shifted = (shift: Parameters<typeof clockBracket>[2]) => () =>
  drill({}, (h) => setEvent(h, "clock-bracket", clockBracket("recovered", 9_090, shift), 2));
const preload = (h: DraftHistory) => void (h.host = { ...h.host, preload: "/usr/lib/faketime/libfaketime.so.1" });

/** Never fails a drill: a clock that is contradicted proves nothing. */
export const clock: CheckControls = {
  check: "clock",
  pass: [
    {
      name: "all clocks agree",
      history: () => drill(),
      says: "the monotonic clock agrees with wall (3), /proc/uptime (3), store db.standby (3); the wall clock is not known to be synchronised, and no duration is taken from it",
    },
  ],
  fail: [],
  unknown: [
    {
      name: "the wall clock set back by an hour",
      history: shifted({ wallMs: -3_600_000 }),
      says: "wall contradicts the monotonic clock by 59 min 59 s beyond what the brackets allow",
    },
    {
      name: "a process clock faked by 400 ms",
      history: shifted({ uptimeMs: 400, storeMs: 400 }),
      says: "store db.standby contradicts the monotonic clock by 395 ms beyond what the brackets allow",
    },
    {
      name: "a library that may fake it",
      history: () => drill({}, preload),
      says: "a library was loaded into the harness (/usr/lib/faketime/libfaketime.so.1): it may have faked the clock",
    },
    {
      name: "no look at any clock",
      history: () => drill({}, (h) => dropEvents(h, "clock-bracket")),
      says: "no independent clock was looked at both before the fault and after the recovery",
    },
  ],
};
