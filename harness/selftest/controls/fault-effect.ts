import type { CheckControls } from "../control.ts";
import { dropEvents, setEvent } from "../edits.ts";
import { drill } from "../golden.ts";

/** Never fails a drill: without an effect there was none. */
export const faultEffect: CheckControls = {
  check: "fault-effect",
  pass: [
    {
      name: "a loss with its proof",
      history: () => drill(),
      says: "node-loss of db.primary: 412 packets dropped, then SIGKILL",
    },
  ],
  fail: [],
  unknown: [
    {
      name: "no effect observed",
      history: () => drill({}, (h) => setEvent(h, "fault-proven", { observed: false, proof: "0 packets dropped" })),
      says: "node-loss of db.primary had no observed effect: 0 packets dropped",
    },
    {
      name: "a softer fault than planned",
      history: () => drill({}, (h) => setEvent(h, "fault-effective", { fault: "latency" })),
      says: "planned was node-loss of db.primary, done was latency of db.primary",
    },
    {
      name: "no proof",
      history: () => drill({}, (h) => dropEvents(h, "fault-proven")),
      says: "nothing proves that node-loss of db.primary had an effect",
    },
    {
      name: "no fault planned",
      history: () => drill({}, (h) => void h.plan.steps.shift()),
      says: "the plan has no fault: nothing was drilled",
    },
  ],
};
