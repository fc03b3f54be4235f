import type { CheckControls } from "../control.ts";
import { addEvent, breakReadBack } from "../edits.ts";
import { type DraftHistory, drill } from "../golden.ts";
import { orderDrill } from "../orders.ts";

type Action = "discarded" | "replayed";
const done = (h: DraftHistory, store: string, action: Action, seq: number): void =>
  addEvent(h, 5_651, "reconciled", { step: "promote", op: `ledger-${seq}`, store, action });
const take = (h: DraftHistory, store: string, seq: number): void =>
  void (h.recovered = h.recovered.filter((e) => e.store !== store || e.op !== `ledger-${seq}`));

/** The record lost its last order. */
const orders = (change: (h: DraftHistory) => void) => () => orderDrill({ loseFrom: 399 }, change);

export const reconciliation: CheckControls = {
  check: "reconciliation",
  pass: [
    { name: "none", history: () => drill(), says: "no single operation was taken away or written again" },
    {
      name: "one taken away and one written again",
      history: orders((h) => {
        take(h, "cache", 399);
        done(h, "cache", "discarded", 399);
        done(h, "db", "replayed", 3);
      }),
      says: "1 written again; 1 taken away on purpose",
    },
  ],
  fail: [
    {
      name: "one written again and absent",
      history: orders((h) => {
        take(h, "db", 3);
        done(h, "db", "replayed", 3);
        done(h, "db", "replayed", 4);
      }),
      says: "1 written again and absent; 2 written again",
    },
    {
      name: "one taken away and present",
      history: orders((h) => done(h, "cache", "discarded", 399)),
      says: "1 taken away and present; 1 taken away on purpose",
    },
    {
      name: "one taken away that the record has",
      history: orders((h) => {
        take(h, "cache", 5);
        done(h, "cache", "discarded", 5);
      }),
      says: "1 taken away although the record has them; 1 taken away on purpose",
    },
    {
      // 70 writes got no answer; those due in the first 110 ms of the outage had been given up when the outbox was sent.
      name: "eleven writes of an outbox absent",
      history: () =>
        drill({}, (h) => {
          const begun = { step: "promote", recovery: "replay-unsure", target: "db", human: false };
          addEvent(h, 6_100, "recovery-started", begun);
        }),
      says: "11 unsure, sent again and absent; 11 unsure were sent again",
    },
  ],
  unknown: [
    {
      name: "a read-back that broke off",
      history: orders((h) => {
        done(h, "db", "replayed", 3);
        breakReadBack(h);
      }),
      says: "nothing was read back to compare the reconciliation with",
    },
  ],
};
