import type { CheckControls } from "../control.ts";
import { dropEvents, setEvent } from "../edits.ts";
import { type DraftHistory, drill } from "../golden.ts";

const refusal = (h: DraftHistory, because?: string) => {
  for (const step of h.plan.steps)
    if (step.does === "recover") Object.assign(step, { expect: "refused", ...(because !== undefined && { because }) });
};

const refusedFor = (because: string, end: { ok: false; error?: string }) => () =>
  drill({}, (h) => {
    refusal(h, because);
    setEvent(h, "recovery-ended", end);
  });

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
      name: "refused for another reason than the one that was meant",
      history: refusedFor("a gap", { ok: false, error: "no such option" }),
      says: 'promote of db.standby was refused for another reason than "a gap": no such option',
    },
    {
      name: "refused without a word",
      history: refusedFor("a gap", { ok: false }),
      says: 'promote of db.standby was refused for another reason than "a gap": it did not say why',
    },
    {
      name: "a promotion that failed",
      history: () => drill({}, (h) => setEvent(h, "recovery-ended", { ok: false, error: "pg_promote timed out" })),
      says: "promote of db.standby failed: pg_promote timed out",
    },
    {
      name: "a success where a refusal was due",
      history: () => drill({}, (h) => refusal(h)),
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
