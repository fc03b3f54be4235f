import { describe, expect, it } from "vitest";
import { lossOf } from "./loss.ts";
import { noLostWrites } from "./no-lost-writes.ts";
import { comparisonOf, secondEstimate } from "./second-estimate.ts";
import { addEvent, setFacts } from "../selftest/edits.ts";
import { formatPosition } from "../position.ts";
import { drill, type DraftHistory, elementOf, lsnOf, verdictOf } from "../selftest/golden.ts";

const promoted = (values: Record<string, string | undefined>) => (h: DraftHistory) =>
  setFacts(h, "recovered", "db.standby", values);

/** The same server comes back: every acknowledgement is its own, on one timeline. */
const restarted =
  (values: Record<string, string | undefined>, change: (h: DraftHistory) => void = () => undefined) =>
  (h: DraftHistory) => {
    for (const op of h.operations) if (op.node) Object.assign(op, { node: "primary", lineage: "1" });
    promoted({ lineage: "1", switch_position: undefined, switch_from_lineage: undefined, ...values })(h);
    change(h);
  };

const punch = (h: DraftHistory) => void (h.recovered = h.recovered.filter((element) => element.op !== "ledger-100"));

describe("the loss from WAL positions", () => {
  it("is exact but for the writes in flight", () => {
    expect(comparisonOf(drill({ loseFrom: 380 }))).toMatchObject({ lowest: 20, highest: 20, agrees: true });
    expect(comparisonOf(drill({ ratePerSecond: 1_000, loseFrom: 2_000 }))).toMatchObject({
      lowest: 1_999,
      highest: 2_001,
      agrees: true,
    });
  });

  it("never sees the read-back: it disagrees when writes are absent whose position survived", () => {
    const history = drill({ loseFrom: 380 }, promoted({ switch_position: formatPosition(lsnOf(390)) }));
    expect(secondEstimate.check(history)).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining("10 writes are absent although their position survived"),
    });
    expect(noLostWrites.check(history)).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining("not proven"),
    });
  });

  it("disagrees when writes are present whose position did not survive", () => {
    const history = drill({ loseFrom: 390 }, promoted({ switch_position: formatPosition(lsnOf(380)) }));
    expect(secondEstimate.check(history)).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining("10 writes are present although their position did not survive"),
    });
  });

  it("disagrees when nothing is absent and the positions say that something must be", () => {
    expect(verdictOf(secondEstimate, drill({}, promoted({ switch_position: formatPosition(lsnOf(399)) })))).toBe(
      "unknown",
    );
  });

  it("keeps a loss that is no suffix unproven, unless the drill declares a hole", () => {
    expect(verdictOf(noLostWrites, drill({}, punch))).toBe("unknown");
    const declared = drill({}, (h) => {
      punch(h);
      h.plan.expect = { verdict: "fail", failed: ["no-lost-writes"], lost: { min: 1, shape: "hole" } };
    });
    expect(verdictOf(secondEstimate, declared)).toBe("pass");
    expect(verdictOf(noLostWrites, declared)).toBe("fail");
  });

  it("reads where crash recovery ended when the same server comes back", () => {
    const redo = { recovery_end_position: formatPosition(lsnOf(389)) };
    expect(comparisonOf(drill({ loseFrom: 390 }, restarted(redo)))).toMatchObject({
      lowest: 10,
      highest: 11,
      agrees: true,
    });
    // The last record replayed begins there: a commit in that very place is neither kept nor lost for certain.
    expect(comparisonOf(drill({ loseFrom: 389 }, restarted(redo)))).toMatchObject({
      lowest: 10,
      highest: 11,
      agrees: true,
    });
    expect(comparisonOf(drill({ loseFrom: 388 }, restarted(redo)))).toMatchObject({ agrees: false });
  });

  it.each<[string, Record<string, string>]>([["shut down in order", { clean_shutdown: "true" }]])(
    "expects no loss at all from a server that %s",
    (_, values) => {
      expect(comparisonOf(drill({}, restarted(values)))).toMatchObject({ lowest: 0, highest: 0, agrees: true });
      expect(comparisonOf(drill({ loseFrom: 399 }, restarted(values)))).toMatchObject({ agrees: false });
    },
  );

  it("knows a process by its start time", () => {
    const same = restarted({ process_start: "s1" }, (h) =>
      setFacts(h, "steady", "db.standby", { in_recovery: "false" }),
    );
    expect(comparisonOf(drill({}, same))).toMatchObject({ lowest: 0, highest: 0 });
  });

  it("is unknown when nobody says where the old history ended", () => {
    for (const history of [
      drill({}, promoted({ switch_position: undefined })),
      drill({}, restarted({})),
      drill({}, (h) => void (h.facts = [])),
    ]) {
      expect(secondEstimate.check(history)).toMatchObject({
        verdict: "unknown",
        detail: expect.stringContaining("no second estimate"),
      });
    }
  });

  it("leaves a counted loss a failure where there is no second estimate", () => {
    expect(verdictOf(noLostWrites, drill({ loseFrom: 380 }, promoted({ switch_position: undefined })))).toBe("fail");
  });

  it("has nothing to say when nothing was acknowledged", () => {
    const history = drill({}, (h) => {
      for (const op of h.operations) Object.assign(op, { outcome: "info" });
      h.facts = [];
    });
    expect(verdictOf(secondEstimate, history)).toBe("pass");
  });

  it("holds every acknowledgement against the inventory of a store without positions", () => {
    const listed = (missing: number) => (h: DraftHistory) => {
      for (const op of h.operations) Object.assign(op, { lineage: null, position: null, version: `v${op.seq}` });
      promoted({ switch_position: undefined, inventory: "the index of versions" })(h);
      h.inventory = h.operations.flatMap(({ store, op, seq }) =>
        seq === missing ? [] : [{ store, op, version: `v${seq}` }],
      );
    };
    expect(comparisonOf(drill({}, listed(-1)))).toMatchObject({ lowest: 0, highest: 0, agrees: true });
    expect(comparisonOf(drill({}, listed(100)))).toMatchObject({ lowest: 1, highest: 1, agrees: false });
    const hole = drill({}, (h) => {
      punch(h);
      listed(100)(h);
    });
    expect(comparisonOf(hole)).toMatchObject({ lowest: 1, highest: 1, agrees: true });
    const otherVersion = drill({}, (h) => {
      listed(-1)(h);
      h.inventory = h.inventory.map((e) => (e.op === "ledger-100" ? { ...e, version: "another" } : e));
    });
    expect(comparisonOf(otherVersion)).toMatchObject({ lowest: 1, agrees: false });
  });

  it("expects a hole where bytes were damaged, and nowhere else", () => {
    const struck =
      (...damaged: string[]) =>
      (h: DraftHistory) => {
        punch(h);
        addEvent(h, 5_100, "struck", { step: "x", store: "db", damaged, beside: ["ledger-101"] });
        h.plan.expect = { verdict: "fail", failed: ["no-lost-writes"], lost: { min: 1, shape: "hole" } };
      };
    const there = drill({}, struck("ledger-100"));
    expect(comparisonOf(there)).toMatchObject({ lowest: 0, highest: 3, agrees: true }); // one was in flight
    expect(secondEstimate.check(there)).toMatchObject({
      detail: expect.stringContaining("and 2 that stood in damaged"),
    });
    expect(verdictOf(noLostWrites, there)).toBe("fail");
    // That a hole is declared excuses none where nothing was damaged.
    const elsewhere = drill({}, struck("ledger-99"));
    expect(comparisonOf(elsewhere)).toMatchObject({ agrees: false });
    expect(verdictOf(noLostWrites, elsewhere)).toBe("unknown");
    const ofAnotherStore = drill({}, (h) => {
      struck()(h);
      addEvent(h, 5_200, "struck", { step: "x", store: "cache", damaged: ["ledger-100"], beside: [] });
    });
    expect(comparisonOf(ofAnotherStore)).toMatchObject({ agrees: false });
  });

  it("says nothing of what a reconciliation took away on purpose", () => {
    const history = drill({}, (h) => {
      punch(h);
      addEvent(h, 5_800, "reconciled", { step: "x", op: "ledger-100", store: "db", action: "discarded" });
    });
    expect(comparisonOf(history)).toMatchObject({ agrees: true });
    expect(lossOf(history)).toMatchObject({ loss: { count: 1 }, discarded: 1 });
    expect(noLostWrites.check(history)).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining("1 of them given up on purpose"),
    });
  });

  it("reads where a subscriber had got to from its origin, though both servers are on a timeline 1", () => {
    const subscriber = (lineage: string) => (h: DraftHistory) => {
      for (const op of h.operations) if (op.node === "standby") op.lineage = lineage;
      promoted({ lineage })(h);
    };
    const history = drill({ loseFrom: 380 }, subscriber("1@7520"));
    expect(comparisonOf(history)).toMatchObject({ lowest: 20, highest: 20, agrees: true });
    expect(secondEstimate.check(history).detail).toContain("where timeline 1 was left for timeline 1 of system 7520");
    expect(comparisonOf(drill({ loseFrom: 390 }, subscriber("1@7520")))).toMatchObject({ lowest: 10, agrees: true });
    // Were the two taken for one history, nothing would say where the first had ended.
    expect(comparisonOf(drill({ loseFrom: 380 }, subscriber("1")))).toHaveProperty("missing");
  });

  it("counts an acknowledgement on the old timeline after the switch as lost", () => {
    const zombie = drill({}, (h) => {
      const late = h.operations.find((op) => op.dueMs === 5_600)!;
      Object.assign(late, {
        outcome: "ok",
        endedMs: 5_602,
        node: "primary",
        lineage: "1",
        position: formatPosition(lsnOf(late.seq)),
        error: null,
      });
      h.recovered.push(elementOf(late));
    });
    expect(comparisonOf(zombie)).toMatchObject({ lowest: 1, agrees: false });
  });
});

describe("several histories", () => {
  const ancestry = (...left: [lineage: string, seq: number][]) =>
    left.map(([lineage, seq]) => `${lineage} ${formatPosition(lsnOf(seq))}`).join(", ");
  const serving = (h: DraftHistory, values: Record<string, string>) => setFacts(h, "recovered", "db.standby", values);

  it("each write is judged by where its own was left", () => {
    const history = drill({ loseFrom: 380 }, (h) => {
      serving(h, {
        lineage: "3",
        switch_from_lineage: "2",
        switch_position: formatPosition(lsnOf(450)),
        ancestry: ancestry(["1", 380], ["2", 450]),
      });
      for (const op of h.operations) if (op.lineage === "2" && op.seq >= 600) Object.assign(op, { lineage: "3" });
      const lost = new Set(h.operations.filter((op) => op.lineage === "2" && op.seq >= 450).map(({ op }) => op));
      h.recovered = h.recovered.filter(({ op }) => !lost.has(op));
    });
    const ok = history.operations.filter((op) => op.outcome === "ok");
    const gone = ok.filter((op) => !history.recovered.some((element) => element.op === op.op)).length;
    expect(comparisonOf(history)).toMatchObject({ lowest: gone, agrees: true });
  });

  it("what went into a branch that is no ancestor is lost, also where its number was used again", () => {
    const history = drill({}, (h) => {
      serving(h, { ancestry: ancestry(["1", 400]) });
      for (const op of h.operations)
        if (op.lineage === "2" && op.seq < 500)
          Object.assign(op, op.seq < 480 ? { node: "interim" } : { lineage: "9" });
      const lost = new Set(
        h.operations.filter((op) => op.node === "interim" || op.lineage === "9").map(({ op }) => op),
      );
      h.recovered = h.recovered.filter(({ op }) => !lost.has(op));
    });
    const lost = history.operations.filter((op) => op.node === "interim" || op.lineage === "9").length;
    expect(lost).toBeGreaterThan(20);
    expect(comparisonOf(history)).toMatchObject({ lowest: lost, agrees: true });
  });
});
