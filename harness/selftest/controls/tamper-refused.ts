import type { CheckControls } from "../control.ts";
import { addEvent } from "../edits.ts";
import { type DraftHistory, drill } from "../golden.ts";

/** Attempts on the store, and whether each was refused. The scenario asks for the check, for it is not always heard. */
const tried = (attempts: Readonly<Record<string, boolean>>) => () =>
  drill({}, (h: DraftHistory) => {
    h.plan.verify.push("tamper-refused");
    for (const [attempt, refused] of Object.entries(attempts))
      addEvent(h, 3_000, "attempt", { step: "bypass", attempt, refused, detail: `what ${attempt} came to` });
  });

export const tamperRefused: CheckControls = {
  check: "tamper-refused",
  pass: [
    {
      name: "every attempt refused",
      history: tried({ delete: true, shorten: true }),
      says: "all 2 attempts were refused: delete; shorten",
    },
  ],
  fail: [
    {
      name: "two of three attempts worked",
      history: tried({ delete: true, shorten: false, rewrite: false }),
      says: "2 of 3 attempts worked: shorten (what shorten came to); rewrite (what rewrite came to)",
    },
  ],
  unknown: [{ name: "nothing tried", history: tried({}), says: "nothing that must be refused was tried" }],
};
