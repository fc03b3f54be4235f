import { describe, expect, it } from "vitest";
import { lossOf } from "./loss.ts";
import { balances } from "./balances.ts";
import { noLostWrites } from "./no-lost-writes.ts";
import { dropEvents } from "../selftest/edits.ts";
import { accountsOf, drill, type DraftHistory, elementOf, verdictOf } from "../selftest/golden.ts";

/** 7,800 acknowledged of 8,501: 6,999 before the fault at 8,000 ms, 801 after the recovery. */
const BUSY = { ratePerSecond: 1_000, effectiveMs: 8_000, restoredMs: 8_700, stoppedMs: 9_501, settleMs: 500 } as const;

const reading = (change: (history: DraftHistory) => void) => {
  const history = drill({}, change);
  return { history, read: lossOf(history)! };
};

describe("what is lost", () => {
  it("counts a lost suffix exactly", () => {
    const history = drill({ ...BUSY, loseFrom: 6_999 - 4_820 });
    const { loss } = lossOf(history)!;
    expect(history.operations.filter((op) => op.outcome === "ok")).toHaveLength(7_800);
    // The oldest lost was due at 3,179 ms and acknowledged 2 ms later; the fault was effective by 8,002 ms.
    expect(loss).toEqual({
      count: 4_820,
      shape: "suffix",
      seconds: 4.821,
      walBytes: 4_819 * 0x100,
      byStore: { db: 4_820 },
    });
    expect(noLostWrites.check(history)).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining("4,820 of 7,800 acknowledged writes lost, a suffix"),
    });
  });

  it("tells a hole from a suffix", () => {
    const { history, read } = reading((h) => {
      h.plan.expect = { verdict: "fail", failed: ["no-lost-writes"], lost: { min: 1, shape: "hole" } };
      h.recovered = h.recovered.filter((element) => element.op !== "ledger-100" && element.op !== "ledger-101");
      h.accounts = accountsOf(h.recovered);
    });
    expect(read.loss).toMatchObject({ count: 2, shape: "hole", walBytes: 0 });
    expect(noLostWrites.check(history)).toMatchObject({ verdict: "fail", detail: expect.stringContaining("a hole") });
  });

  it("allows writes that overlapped to have committed in either order", () => {
    const { read } = reading((h) => {
      const [a, b] = [h.operations[398]!, h.operations[399]!];
      a.endedMs = b.invokedMs; // acknowledged in the very instant in which the surviving one was sent
      h.recovered = h.recovered.filter((element) => element.op !== a.op);
    });
    expect(read.loss).toMatchObject({ count: 1, shape: "suffix" });
  });

  it("does not count what the recovered system took against a suffix, but a loss within it is a hole", () => {
    expect(lossOf(drill({ loseFrom: 390 }))!.loss.shape).toBe("suffix");
    const { read } = reading((h) => {
      h.recovered = h.recovered.filter((element) => element.op !== "ledger-600");
    });
    expect(read.loss.shape).toBe("hole");
  });

  it("keeps a restart in place a suffix, though the same server goes on", () => {
    const { read } = reading((h) => {
      for (const op of h.operations) if (op.node) Object.assign(op, { node: "primary", lineage: "1" });
      h.recovered = h.recovered.filter((element) => !["ledger-398", "ledger-399"].includes(element.op));
    });
    expect(read.loss).toMatchObject({ count: 2, shape: "suffix" });
  });

  it("reaches to the last lost acknowledgement where the old server went on", () => {
    const { read } = reading((h) => {
      for (const op of h.operations) {
        if (op.outcome === "info" && op.dueMs < 5_600)
          Object.assign(op, {
            outcome: "ok",
            endedMs: op.dueMs + 2,
            node: "primary",
            lineage: "1",
            position: null,
            version: null,
            error: null,
          });
      }
    });
    expect(read.loss).toMatchObject({ count: 60, shape: "suffix", seconds: 0.59 });
  });

  it("is unknown without a read-back that ended", () => {
    const unread = drill({}, (h) => dropEvents(h, "phase-ended"));
    expect(lossOf(unread)).toBeNull();
    expect(verdictOf(noLostWrites, unread)).toBe("unknown");
    expect(verdictOf(balances, unread)).toBe("unknown");
  });
});

describe("what else may be wrong", () => {
  it.each<[string, (h: DraftHistory) => void]>([
    [
      "phantom",
      (h) => void h.recovered.push({ op: "never-sent", store: "db", sha256: "0".repeat(64), transfer: null }),
    ],
    ["phantom", (h) => void (h.recovered = h.recovered.map((e, i) => (i === 7 ? { ...e, store: "other" } : e)))],
    ["duplicated", (h) => void h.recovered.push(h.recovered[3]!, h.recovered[3]!)],
    [
      "mutated",
      (h) => void (h.recovered = h.recovered.map((e, i) => (i === 3 ? { ...e, sha256: "f".repeat(64) } : e))),
    ],
    [
      "resurrected",
      (h) => {
        const failed = h.operations.find((op) => op.outcome === "info")!;
        failed.outcome = "fail";
        h.recovered.push(elementOf(failed));
      },
    ],
  ])("counts one %s operation and fails", (kind, change) => {
    const { history, read } = reading(change);
    const { phantom, resurrected, duplicated, mutated, stale } = read;
    expect({ phantom, resurrected, duplicated, mutated, stale }).toEqual({
      phantom: 0,
      resurrected: 0,
      duplicated: 0,
      mutated: 0,
      stale: 0,
      [kind]: 1,
    });
    expect(noLostWrites.check(history)).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining(`1 ${kind}`),
    });
  });

  it("takes an indeterminate write either way", () => {
    const { history, read } = reading((h) => {
      const unsure = h.operations.filter((op) => op.outcome === "info").slice(0, 3);
      h.recovered.push(...unsure.map(elementOf));
    });
    expect(read.indeterminate).toEqual({ present: 3, absent: 67 });
    expect(verdictOf(noLostWrites, history)).toBe("pass");
  });

  it("passes a loss within the objective", () => {
    const allowed = drill({ loseFrom: 390 }, (h) => void (h.plan.objectives.lostWrites = 10));
    expect(verdictOf(noLostWrites, allowed)).toBe("pass");
    expect(
      verdictOf(
        noLostWrites,
        drill({ loseFrom: 389 }, (h) => void (h.plan.objectives.lostWrites = 10)),
      ),
    ).toBe("fail");
  });
});

describe("balances", () => {
  it("holds when lost transfers are lost whole", () =>
    expect(verdictOf(balances, drill({ loseFrom: 200 }))).toBe("pass"));

  it("sees one unit too much", () => {
    const history = drill({}, (h) => void h.accounts[4]!.balance++);
    expect(balances.check(history)).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining("1 of 10 accounts is wrong, the sum is off by 1; account 4"),
    });
  });

  it("sees half a transfer where the sum is right", () => {
    const history = drill({}, (h) => {
      h.accounts[4]!.balance++;
      h.accounts[5]!.balance--;
    });
    expect(balances.check(history)).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining("2 of 10 accounts are wrong, the sum is off by 0"),
    });
  });

  it("is unknown when the accounts were not read", () =>
    expect(
      verdictOf(
        balances,
        drill({}, (h) => void (h.accounts = [])),
      ),
    ).toBe("unknown"));

  it("fails on a transfer without its account", () =>
    expect(
      verdictOf(
        balances,
        drill({}, (h) => void h.accounts.shift()),
      ),
    ).toBe("fail"));
});
