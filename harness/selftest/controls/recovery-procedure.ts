import type { CheckControls } from "../control.ts";
import { dropEvents, setEvent } from "../edits.ts";
import { type DraftHistory, drill } from "../golden.ts";

const refusal = (h: DraftHistory) => {
  for (const step of h.plan.steps) if (step.does === "recover") step.expect = "refused";
};

export const recoveryProcedure: CheckControls = {
  check: "recovery-procedure",
  pass: [
    { name: "a promotion that succeeded", history: () => drill(), says: "promote of db.standby succeeded" },
    {
      name: "a procedure refused as it had to be",
      history: () =>
        drill({}, (h) => {
          refusal(h);
          setEvent(h, "recovery-ended", { ok: false, error: "the log is damaged" });
        }),
      says: "promote of db.standby was refused, as it had to be: the log is damaged",
    },
  ],
  fail: [
    {
      name: "a promotion that failed",
      history: () => drill({}, (h) => setEvent(h, "recovery-ended", { ok: false, error: "pg_promote timed out" })),
      says: "promote of db.standby failed: pg_promote timed out",
    },
    {
      name: "a success where a refusal was due",
      history: () => drill({}, refusal),
      says: "promote of db.standby succeeded, and it had to be refused",
    },
  ],
  unknown: [
    {
      name: "a procedure without an end",
      history: () => drill({}, (h) => dropEvents(h, "recovery-ended")),
      says: "promote of db.standby has no end in the journal",
    },
  ],
};
