import { describe, expect, it } from "vitest";
import { analyze } from "../analyze.ts";
import { amcheck } from "./amcheck.ts";
import { balances } from "./balances.ts";
import { checksums } from "./checksums.ts";
import { attempts } from "./clients.ts";
import { load } from "./load.ts";
import { lossOf } from "./loss.ts";
import { membership, membershipOf } from "./membership.ts";
import { addEvent, dropEvents, setEvent } from "../selftest/edits.ts";
import { drill, type DraftHistory, verdictOf } from "../selftest/golden.ts";
import { orderDrill } from "../selftest/orders.ts";

/** 730 orders are acknowledged in a drill as it should be: 399 + 1 before the fault and 330 after it. */
const ALL = 730;
const ZERO = { db: 0, cache: 0, store: 0 };

const take =
  (store: string, ...seqs: number[]) =>
  (h: DraftHistory): void =>
    void (h.recovered = h.recovered.filter((e) => e.store !== store || !seqs.includes(Number(e.op.split("-")[1]))));

const spoil =
  (store: string, ...seqs: number[]) =>
  (h: DraftHistory): void =>
    void (h.recovered = h.recovered.map((e) =>
      e.store === store && seqs.includes(Number(e.op.split("-")[1])) ? { ...e, sha256: "f".repeat(64) } : e,
    ));

const reconcile = (h: DraftHistory, store: string, action: "discarded" | "replayed", ...seqs: number[]) => {
  for (const seq of seqs) addEvent(h, 5_651, "reconciled", { step: "promote", op: `ledger-${seq}`, store, action });
};

const tableOf = (change: (h: DraftHistory) => void, course = {}) => {
  const history = orderDrill(course, change);
  expect(history.defects).toEqual([]);
  return { finding: membership.check(history), table: membershipOf(history)! };
};

describe("orders in three stores", () => {
  it("are a sound record, and pass when all have everything", () => {
    const history = orderDrill();
    expect(history.defects).toEqual([]);
    expect(membershipOf(history)).toEqual({
      orders: ALL,
      rows: [{ stores: ["db", "cache", "store"], count: ALL }],
      dangling: ZERO,
      orphans: ZERO,
      mismatched: ZERO,
      lost: ZERO,
      discarded: ZERO,
      replayed: ZERO,
    });
    expect(membership.check(history)).toMatchObject({
      verdict: "pass",
      detail: "of 730 orders: 730 in db cache store",
    });
    expect(analyze(history).membership).toEqual([{ stores: ["db", "cache", "store"], count: ALL }]);
  });

  it("lost from the record alone are orphans in the others", () => {
    const { finding, table } = tableOf(() => undefined, { loseFrom: 390 });
    expect(table).toMatchObject({
      rows: [
        { stores: ["db", "cache", "store"], count: 720 },
        { stores: ["cache", "store"], count: 10 },
      ],
      orphans: { db: 0, cache: 10, store: 10 },
      lost: { db: 10, cache: 0, store: 0 },
      dangling: ZERO,
    });
    expect(finding).toMatchObject({
      verdict: "fail",
      detail:
        "10 in cache, 10 in store orphaned, without a row in the record; of 730 orders: 720 in db cache store, 10 in cache store; 10 in db lost",
    });
  });

  it("pass when what the record lost was taken away from the others, counted apart", () => {
    const gone = Array.from({ length: 10 }, (_, i) => 390 + i);
    const { finding, table } = tableOf(
      (h) => {
        for (const store of ["cache", "store"]) {
          take(store, ...gone)(h);
          reconcile(h, store, "discarded", ...gone);
        }
      },
      { loseFrom: 390 },
    );
    expect(finding.verdict).toBe("pass");
    expect(table).toMatchObject({
      rows: [
        { stores: ["db", "cache", "store"], count: 720 },
        { stores: [], count: 10 },
      ],
      lost: { db: 10, cache: 10, store: 10 },
      discarded: { db: 0, cache: 10, store: 10 },
      orphans: ZERO,
      dangling: ZERO,
    });
    expect(finding.detail).toContain("10 in cache, 10 in store taken away on purpose");
  });

  it("fail when one entry that was to be taken away is still there", () => {
    const { finding, table } = tableOf(
      (h) => {
        take("cache", 398)(h);
        take("store", 398, 399)(h);
        for (const store of ["cache", "store"]) reconcile(h, store, "discarded", 398, 399);
      },
      { loseFrom: 398 },
    );
    expect(finding.verdict).toBe("fail");
    expect(table.orphans).toEqual({ db: 0, cache: 1, store: 0 });
  });

  it("pass when the rows were written again from the surviving copies", () => {
    const { finding, table } = tableOf((h) => reconcile(h, "db", "replayed", 390, 391));
    expect(finding).toMatchObject({ verdict: "pass", detail: expect.stringContaining("2 in db written again") });
    expect(table.replayed).toEqual({ db: 2, cache: 0, store: 0 });
  });

  it("dangle where an acknowledged entry is gone and the row refers to it", () => {
    const { finding, table } = tableOf(take("store", 10, 11, 12));
    expect(table).toMatchObject({
      rows: [
        { stores: ["db", "cache", "store"], count: ALL - 3 },
        { stores: ["db", "cache"], count: 3 },
      ],
      dangling: { db: 0, cache: 0, store: 3 },
      lost: { db: 0, cache: 0, store: 3 },
    });
    expect(finding).toMatchObject({ verdict: "fail", detail: expect.stringContaining("3 in store dangling") });
  });

  it("dangle also where a reconciliation took away what the record has", () => {
    const { finding, table } = tableOf((h) => {
      take("store", 10)(h);
      reconcile(h, "store", "discarded", 10);
    });
    expect(finding.verdict).toBe("fail");
    expect(table).toMatchObject({ dangling: { store: 1 }, discarded: ZERO });
  });

  it("do not dangle where the client was never told that the entry is there", () => {
    const unfinished = (h: DraftHistory) => {
      take("store", 10)(h);
      const op = h.operations.find((o) => o.store === "store" && o.seq === 10)!;
      Object.assign(op, { outcome: "info", error: "no answer within 1000 ms", endedMs: op.invokedMs + 1_000 });
    };
    const { finding, table } = tableOf(unfinished);
    expect(finding.verdict).toBe("pass");
    expect(table).toMatchObject({ dangling: ZERO, lost: ZERO });
    expect(table.rows[1]).toEqual({ stores: ["db", "cache"], count: 1 });
  });

  it("fail on content that differs from the record's, in either direction", () => {
    const { finding, table } = tableOf((h) => {
      spoil("cache", 20, 21)(h);
      spoil("db", 30)(h); // the copies of the others are right: three entries differ from what was sent or from the row
    });
    expect(finding).toMatchObject({ verdict: "fail", detail: expect.stringContaining("of other content") });
    expect(table.mismatched).toEqual({ db: 1, cache: 3, store: 1 });
  });

  it("have an orphan in what nobody ever sent", () => {
    const { finding, table } = tableOf((h) => {
      h.recovered.push({ op: "ledger-9999", store: "store", sha256: "a".repeat(64), transfer: null });
    });
    expect(finding.verdict).toBe("fail");
    expect(table).toMatchObject({ orders: ALL + 1, orphans: { db: 0, cache: 0, store: 1 } });
  });

  it("are not judged without a read-back, nor without any acknowledged order", () => {
    expect(
      verdictOf(
        membership,
        orderDrill({}, (h) => dropEvents(h, "phase-ended")),
      ),
    ).toBe("unknown");
    const nothing = orderDrill({}, (h) => {
      h.operations = [];
      h.recovered = [];
    });
    expect(verdictOf(membership, nothing)).toBe("unknown");
    expect(
      analyze(orderDrill({}, (h) => setEvent(h, "phase-ended", { error: "no connection" }, 4))).membership,
    ).toBeNull();
  });

  it("are nothing to compare where every workload writes to one store", () => {
    expect(membership.check(drill())).toMatchObject({
      verdict: "pass",
      detail: expect.stringContaining("nothing to compare"),
    });
    expect(analyze(drill()).membership).toBeNull();
  });
});

describe("what else counts by store", () => {
  it("is the loss", () => {
    expect(lossOf(orderDrill({ loseFrom: 390 }))!.loss).toMatchObject({
      count: 10,
      byStore: { db: 10, cache: 0, store: 0 },
    });
  });

  it("is what clients asked: an order that broke off asked nothing of the later stores", () => {
    const failed = attempts(orderDrill()).filter((a) => !a.ok && a.mode === "write" && a.source === "ledger");
    expect(new Set(failed.map((a) => a.store))).toEqual(new Set(["db"]));
  });

  it("is what a check has to judge: stores of other kinds have no pages and no accounts", () => {
    for (const checker of [amcheck, balances, checksums]) {
      expect(checker.check(orderDrill()).verdict, checker.name).toBe("pass");
      expect(checker.check(orderDrill()).detail).not.toMatch(/cache|store/);
    }
  });

  it("is not passed over where the kind of a store is not known", () => {
    const stranger = orderDrill({}, (h) => void (h.plan.components[1]!.kind = "unheard-of"));
    expect([amcheck, checksums].map((checker) => checker.check(stranger).verdict)).toEqual(["unknown", "unknown"]);
  });

  it("is the load: three acknowledgements an order are planned", () => {
    expect(load.check(orderDrill()).detail).toBe(
      "ledger: 300 acknowledged in the second before the fault, 300 planned",
    );
  });
});
