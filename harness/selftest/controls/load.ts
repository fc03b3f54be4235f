import type { CheckControls } from "../control.ts";
import { type DraftHistory, drill } from "../golden.ts";

/** Leaves so many acknowledgements in the second before the fault. */
const thin = (left: number) => (h: DraftHistory) => {
  let kept = 0;
  for (const op of h.operations) if (op.endedMs! > 4_000 && op.endedMs! <= 5_000 && kept++ >= left) op.outcome = "info";
};

/** Never fails a drill: a fault that met no writes shows nothing. */
export const load: CheckControls = {
  check: "load",
  pass: [
    {
      name: "all that was planned",
      history: () => drill(),
      says: "ledger: 100 acknowledged in the second before the fault, 100 planned",
    },
    {
      name: "half of what was planned",
      history: () => drill({}, thin(50)),
      says: "ledger: 50 acknowledged in the second before the fault, 100 planned",
    },
  ],
  fail: [],
  unknown: [
    {
      name: "less than half of what was planned",
      history: () => drill({}, thin(49)),
      says: "ledger: 49 acknowledged in the second before the fault, 100 planned",
    },
    {
      name: "no workload",
      history: () => drill({}, (h) => void (h.plan.workload = [])),
      says: "nothing was written while the fault struck",
    },
  ],
};
