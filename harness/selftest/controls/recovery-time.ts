import type { CheckControls } from "../control.ts";
import { dropEvents } from "../edits.ts";
import { type DraftHistory, drill, EPOCH_MS } from "../golden.ts";

const objective = (ms: number) => (h: DraftHistory) => void (h.plan.objectives.recoveryTimeMs = ms);

/** Clients that were served again fail once more, and nothing was done to them. */
const relapse = (h: DraftHistory) => {
  for (const op of h.operations)
    if (op.dueMs >= 8_800 && op.dueMs < 8_850)
      Object.assign(op, { outcome: "info", error: "refused", endedMs: op.dueMs + 50 });
};

/** The last step ended later: clients were served already, and what it did at its end nobody saw. */
function endSteps(h: DraftHistory, ms: number): void {
  const late = h.events.filter(
    ({ kind, data }) =>
      (kind === "phase-ended" && data.phase === "steps") || (kind === "phase-started" && data.phase === "settle"),
  );
  for (const event of late) Object.assign(event, { ms, wall: new Date(EPOCH_MS + ms).toISOString() });
}

export const recoveryTime: CheckControls = {
  check: "recovery-time",
  pass: [
    {
      name: "service back after 700 ms of 5 min",
      history: () => drill(),
      says: "writes were acknowledged again after 698 ms to 702 ms, under the objective of 5 min",
    },
  ],
  fail: [
    {
      name: "an objective that the lower bound reaches",
      history: () => drill({}, objective(698)),
      says: "writes were acknowledged again after 698 ms to 702 ms, not under the objective of 698 ms",
    },
    {
      name: "clients never served again",
      history: () => drill({ restoredMs: Infinity }),
      says: "clients were not served again for 3 s without a failure; the record ends 4.00 s after the fault",
    },
  ],
  unknown: [
    {
      name: "an objective between the bounds",
      history: () => drill({}, objective(700)),
      says: "writes were acknowledged again after 698 ms to 702 ms, on both sides of the objective of 700 ms",
    },
    {
      name: "a record that ends before service has lasted",
      history: () => drill({ stoppedMs: 8_600 }),
      says: "clients were served again, but asked for less than 3 s after that: nothing says that it lasted",
    },
    {
      name: "a record that ends with the last step, which clients had not been asked after",
      history: () => drill({}, (h) => endSteps(h, 8_900)),
      says: "writes were acknowledged again after 698 ms to 702 ms, under the objective of 5 min; but clients were asked for only 100 ms after the last step, less than 3 s: nothing says that what it did lasts",
    },
    {
      name: "failures after the recovery",
      history: () => drill({}, relapse),
      says: "writes were acknowledged again after 698 ms to 702 ms, under the objective of 5 min; but 5 failures followed, the first 3.10 s after the recovery and with no fault to explain it",
    },
    {
      name: "no fault that was effective",
      history: () => drill({}, (h) => dropEvents(h, "fault-effective")),
      says: "no fault was effective: there is nothing to recover from",
    },
  ],
};
