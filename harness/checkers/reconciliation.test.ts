import { describe, expect, it } from "vitest";
import { reconciliation } from "./reconciliation.ts";
import { addEvent, dropEvents } from "../selftest/edits.ts";
import { accountsOf, type DraftHistory, drill, elementOf, verdictOf } from "../selftest/golden.ts";
import { orderDrill } from "../selftest/orders.ts";

const done = (h: DraftHistory, store: string, action: "discarded" | "replayed", seq: number) =>
  addEvent(h, 5_651, "reconciled", { step: "promote", op: `ledger-${seq}`, store, action });
const take = (h: DraftHistory, store: string, seq: number) =>
  void (h.recovered = h.recovered.filter((e) => e.store !== store || e.op !== `ledger-${seq}`));

describe("a reconciliation", () => {
  it("passes where there was none, and where it did what it says", () => {
    expect(reconciliation.check(drill())).toMatchObject({ verdict: "pass" });
    const history = orderDrill({ loseFrom: 399 }, (h) => {
      take(h, "cache", 399);
      done(h, "cache", "discarded", 399);
      done(h, "db", "replayed", 3);
    });
    expect(reconciliation.check(history)).toMatchObject({
      verdict: "pass",
      detail: "1 written again; 1 taken away on purpose",
    });
  });

  it.each<[string, (h: DraftHistory) => void, string]>([
    [
      "what it wrote again is absent",
      (h) => {
        take(h, "db", 3);
        done(h, "db", "replayed", 3);
        done(h, "db", "replayed", 4);
      },
      "1 written again and absent",
    ],
    ["what it took away is present", (h) => done(h, "cache", "discarded", 399), "1 taken away and present"],
    [
      "it took away what the record has",
      (h) => {
        take(h, "cache", 5);
        done(h, "cache", "discarded", 5);
      },
      "1 taken away although the record has them",
    ],
  ])("fails where %s", (_, change, detail) => {
    const finding = reconciliation.check(orderDrill({ loseFrom: 399 }, change));
    expect(finding).toMatchObject({ verdict: "fail", detail: expect.stringContaining(detail) });
  });

  const sentAgain = (h: DraftHistory, ms: number) =>
    addEvent(h, ms, "recovery-started", { step: "promote", recovery: "replay-unsure", target: "db", human: false });
  it("of an outbox leaves nothing unsure that had ended when it began", () => {
    // 70 writes got no answer in the outage; the first ended at 6,000 ms and the last at 6,690.
    const missing = drill({}, (h) => sentAgain(h, 6_100));
    expect(reconciliation.check(missing)).toMatchObject({
      verdict: "fail",
      detail: "11 unsure, sent again and absent; 11 unsure were sent again",
    });
    const settled = drill({}, (h) => {
      sentAgain(h, 6_800);
      h.recovered.push(...h.operations.filter((op) => op.outcome === "info").map(elementOf));
      h.accounts = accountsOf(h.recovered);
    });
    expect(reconciliation.check(settled)).toMatchObject({ verdict: "pass", detail: "70 unsure were sent again" });
  });

  it("is unknown without a read-back", () => {
    const history = orderDrill({}, (h) => {
      done(h, "db", "replayed", 3);
      dropEvents(h, "phase-ended");
    });
    expect(verdictOf(reconciliation, history)).toBe("unknown");
  });
});
