import type { CheckControls } from "../control.ts";
import { addEvent } from "../edits.ts";
import { type DraftHistory, drill, nsOf } from "../golden.ts";

/** A nightly backup is planned, and ended like this; null: it has no end. */
const backup = (expect: "success" | "refused", end: { ok: boolean; detail: string } | null, because?: string) => () =>
  drill({}, (h: DraftHistory) => {
    const target = { kind: "backup", target: "db", params: {} };
    const start = { by: "time", afterMs: 0, jitterMs: 0 } as const;
    h.plan.steps.unshift({
      name: "nightly",
      start,
      does: "routine",
      ...target,
      expect,
      ...(because !== undefined && { because }),
    });
    addEvent(h, 4_500, "step-started", { step: "nightly" });
    const [fromNs, toNs] = [nsOf(4_500), nsOf(4_600)];
    if (end)
      addEvent(h, 4_600, "routine-ended", { step: "nightly", routine: "backup", target: "db", ...end, fromNs, toNs });
  });

export const routine: CheckControls = {
  check: "routine",
  pass: [
    { name: "none planned", history: () => drill(), says: "the plan has no routine" },
    {
      name: "a backup that succeeded",
      history: backup("success", { ok: true, detail: "full backup a" }),
      says: "nightly: full backup a",
    },
    {
      name: "a backup refused as it had to be",
      history: backup("refused", { ok: false, detail: "no space" }),
      says: "nightly was refused, as it had to be: no space",
    },
  ],
  fail: [
    {
      name: "a backup refused for another reason than the one that was meant",
      history: backup("refused", { ok: false, detail: "exit 82" }, "no space"),
      says: 'nightly was refused for another reason than "no space": exit 82',
    },
    {
      name: "a backup that failed",
      history: backup("success", { ok: false, detail: "exit 82" }),
      says: "nightly failed: exit 82",
    },
    {
      name: "a success where a refusal was due",
      history: backup("refused", { ok: true, detail: "" }),
      says: "nightly succeeded, and it had to be refused",
    },
  ],
  unknown: [
    { name: "a backup without an end", history: backup("success", null), says: "nightly has no end in the journal" },
  ],
};
