import type { CheckControls } from "../control.ts";
import { setEvent } from "../edits.ts";
import { type DraftHistory, drill } from "../golden.ts";

const failing = (index: number) => (h: DraftHistory) => void Object.assign(h.operations[index]!, { outcome: "info" });

/** Never fails a drill: figures against a system that was not well are not the fault's. */
export const steadyState: CheckControls = {
  check: "steady-state",
  pass: [{ name: "2 s without a failure", history: () => drill(), says: "2 s with 0 failures before the fault" }],
  fail: [],
  unknown: [
    {
      name: "one failure within it",
      history: () => drill({}, failing(250)),
      says: "1 failure within the steady 2 s, 0 are allowed",
    },
    {
      name: "one failure between it and the fault",
      history: () => drill({}, failing(350)),
      says: "1 failure after the steady state and before any fault was effective: it was not steady, or the clock starts too late",
    },
    {
      name: "given up",
      history: () => drill({}, (h) => setEvent(h, "phase-ended", { error: "never without errors" }, 1)),
      says: "no steady state: never without errors",
    },
  ],
};
