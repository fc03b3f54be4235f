import type { CheckControls } from "../control.ts";
import { breakReadBack } from "../edits.ts";
import type { Course, DraftHistory } from "../golden.ts";
import { orderDrill } from "../orders.ts";

/** Orders in three stores; the scenario asks for the check, for it is not always heard. */
const orders =
  (course: Partial<Course>, change: (h: DraftHistory) => void = () => undefined) =>
  () =>
    orderDrill(course, (h) => {
      h.plan.verify.push("membership");
      change(h);
    });

const numberOf = (op: string): number => Number(op.split("-")[1]);
const take =
  (store: string, ...seqs: number[]) =>
  (h: DraftHistory): void =>
    void (h.recovered = h.recovered.filter((e) => e.store !== store || !seqs.includes(numberOf(e.op))));
const spoil =
  (store: string, ...seqs: number[]) =>
  (h: DraftHistory): void =>
    void (h.recovered = h.recovered.map((e) =>
      e.store === store && seqs.includes(numberOf(e.op)) ? { ...e, sha256: "f".repeat(64) } : e,
    ));

export const membership: CheckControls = {
  check: "membership",
  pass: [
    { name: "every order in all three stores", history: orders({}), says: "of 730 orders: 730 in db cache store" },
  ],
  fail: [
    {
      name: "three references that dangle",
      history: orders({}, take("store", 10, 11, 12)),
      says: "3 in store dangling, acknowledged and referred to by the record but absent; of 730 orders: 727 in db cache store, 3 in db cache; 3 in store lost",
    },
    {
      name: "ten orders lost from the record alone",
      history: orders({ loseFrom: 390 }),
      says: "10 in cache, 10 in store orphaned, without a row in the record; of 730 orders: 720 in db cache store, 10 in cache store; 10 in db lost",
    },
    {
      name: "two entries with other content",
      history: orders({}, spoil("cache", 20, 21)),
      says: "2 in cache of other content; of 730 orders: 730 in db cache store",
    },
  ],
  unknown: [
    {
      name: "a read-back that broke off",
      history: orders({}, breakReadBack),
      says: "nothing was read back after the recovery: the stores cannot be compared",
    },
  ],
};
