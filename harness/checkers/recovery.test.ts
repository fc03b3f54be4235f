import { describe, expect, it } from "vitest";
import type { History } from "../history.ts";
import { outageOf } from "./outage.ts";
import { detection, slowestDetection } from "./detection.ts";
import { recoveryProcedure } from "./recovery-procedure.ts";
import { recoveryTime } from "./recovery-time.ts";
import { addEvent, dropEvents, setEvent } from "../selftest/edits.ts";
import { clockBracket, drill, type DraftHistory, nsOf, verdictOf } from "../selftest/golden.ts";
import { orderDrill } from "../selftest/orders.ts";

/** Makes every write and probe asked in the span fail. */
const fail = (h: DraftHistory, fromMs: number, toMs: number, outcome: "fail" | "info" = "info"): void => {
  for (const op of h.operations) {
    if (op.dueMs < fromMs || op.dueMs >= toMs) continue;
    Object.assign(op, {
      outcome,
      endedMs: op.invokedMs + 50,
      error: "refused",
      node: null,
      lineage: null,
      position: null,
    });
    h.recovered = h.recovered.filter((element) => element.op !== op.op);
  }
  for (const probe of h.probes)
    if (probe.dueMs >= fromMs && probe.dueMs < toMs) Object.assign(probe, { ok: false, error: "refused" });
};

const succeed = (h: DraftHistory, fromMs: number, toMs: number): void => {
  for (const op of h.operations) {
    if (op.dueMs >= fromMs && op.dueMs < toMs)
      Object.assign(op, { outcome: "ok", endedMs: op.dueMs + 2, error: null, node: "standby", lineage: "2" });
  }
};

/** A partition of the standby that is effective at this instant, before the machine is lost at 5,000 ms. */
const partitionAt = (h: DraftHistory, ms: number): void => {
  const fault = { step: "cut", fault: "partition", target: "db.standby" };
  h.plan.steps.unshift({
    name: "cut",
    start: { by: "time", afterMs: 0, jitterMs: 0 },
    does: "fault",
    kind: "partition",
    target: "db.standby",
    params: {},
  });
  addEvent(h, ms + 3, "fault-effective", { ...fault, fromNs: nsOf(ms), toNs: nsOf(ms + 2) });
  addEvent(h, ms + 50, "fault-proven", { ...fault, observed: true, proof: "9 packets dropped" });
};

const intervalOf = (history: History) => outageOf(history)?.interval;

const unsent = (dueMs: number, gaveUpMs: number) => (h: DraftHistory) => {
  const op = h.operations.find((o) => o.dueMs === dueMs)!;
  Object.assign(op, {
    outcome: "fail",
    conn: null,
    invokedMs: gaveUpMs,
    endedMs: gaveUpMs,
    node: null,
    lineage: null,
    position: null,
    version: null,
  });
};

describe("recovery time", () => {
  it("is the interval from the last failure to the first acknowledgement that lasted, with every error in it", () => {
    const history = drill();
    // Last failure asked at 5,690, first acknowledgement at 5,701; the fault between 5,000 and 5,002; 1 ms of stall.
    expect(intervalOf(history)).toEqual({ lowerMs: 698, upperMs: 702 });
    expect(recoveryTime.check(history)).toMatchObject({
      verdict: "pass",
      detail: "writes were acknowledged again after 698 ms to 702 ms, under the objective of 5 min",
    });
  });

  it.each([
    [703, "pass"],
    [702, "unknown"],
    [699, "unknown"],
    [698, "fail"],
  ] as const)("needs its upper bound under an objective of %i ms: %s", (objective, verdict) => {
    expect(
      verdictOf(
        recoveryTime,
        drill({}, (h) => void (h.plan.objectives.recoveryTimeMs = objective)),
      ),
    ).toBe(verdict);
  });

  it("does not end at a lucky first success", () => {
    const history = drill({}, (h) => succeed(h, 5_300, 5_340));
    expect(intervalOf(history)).toEqual({ lowerMs: 698, upperMs: 702 });
  });

  it("does not end before a critical read succeeds", () => {
    const history = drill({}, (h) => {
      for (const probe of h.probes)
        if (probe.probe === "db-read" && probe.dueMs < 5_900 && !(probe.dueMs < 5_000))
          Object.assign(probe, { ok: false, endedMs: probe.dueMs + 200 });
    });
    // The read of 5,800 failed; the next acknowledged write was due then, too, and came back at 5,801.
    expect(intervalOf(history)).toEqual({ lowerMs: 798, upperMs: 802 });
  });

  it("counts a write that was never sent from when it was due, and not one that was only dropped at the stop", () => {
    expect(intervalOf(drill({}, unsent(5_600, 6_600)))).toEqual({ lowerMs: 698, upperMs: 702 });
    expect(intervalOf(drill({}, unsent(5_800, 6_800)))).toEqual({ lowerMs: 798, upperMs: 802 });
    expect(intervalOf(drill({}, unsent(8_980, 8_995)))).toEqual({ lowerMs: 698, upperMs: 702 });
    expect(outageOf(drill({}, unsent(8_980, 8_995)))!.relapse).toBeNull();
  });

  it("is missed, with the time known at the least, when nobody is served again", () => {
    const history = drill({ restoredMs: Infinity });
    expect(outageOf(history)).toMatchObject({ interval: null, lowerMs: 3_998, recovery: { state: "not-recovered" } });
    expect(recoveryTime.check(history)).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining("4.00 s after the fault"),
    });
  });

  it("is unknown when the record ends before service has lasted", () => {
    const history = drill({ stoppedMs: 8_600 });
    expect(outageOf(history)!.recovery).toEqual({ state: "cut-short", ackMs: 5_701 });
    expect(verdictOf(recoveryTime, history)).toBe("unknown");
  });

  it("takes silence after a success for no success", () => {
    const history = drill({}, (h) => {
      h.operations = h.operations.filter((op) => op.dueMs < 5_710 || op.dueMs >= 8_900);
      h.probes = h.probes.filter((probe) => probe.dueMs < 5_710 || probe.dueMs >= 8_900);
    });
    expect(outageOf(history)!.recovery.state).not.toBe("recovered");
  });

  it("is unknown when clients fail again with no fault to explain it", () => {
    const history = drill({}, (h) => fail(h, 8_800, 8_850));
    expect(outageOf(history)).toMatchObject({
      interval: { lowerMs: 698, upperMs: 702 },
      relapse: { count: 7, firstMs: 8_800 },
    });
    expect(verdictOf(recoveryTime, history)).toBe("unknown");
  });

  it("measures the longest gap when no client noticed anything", () => {
    const history = drill({ restoredMs: 5_000 }, (h) => {
      h.probes = h.probes.filter((probe) => probe.probe !== "db-write");
      h.plan.probes = h.plan.probes.filter((probe) => probe.name !== "db-write");
      const late = h.operations.find((op) => op.dueMs === 5_100)!;
      for (const op of h.operations) if (op.dueMs > 5_100 && op.dueMs < 5_200) op.endedMs = 5_202;
      late.endedMs = 5_202;
    });
    // Acknowledgements at 5,092 and 5,202.
    expect(outageOf(history)).toMatchObject({ noticed: false, interval: { lowerMs: 0, upperMs: 111 } });
    expect(recoveryTime.check(history)).toMatchObject({
      verdict: "pass",
      detail: expect.stringContaining("clients noticed nothing"),
    });
  });

  it("is unknown without an effective fault", () => {
    const history = drill({}, (h) => dropEvents(h, "fault-effective"));
    expect(outageOf(history)).toBeNull();
    expect(verdictOf(recoveryTime, history)).toBe("unknown");
  });

  it("proves no miss by a clock that is contradicted", () => {
    const history = drill({}, (h) => {
      h.plan.objectives.recoveryTimeMs = 10;
      setEvent(h, "clock-bracket", clockBracket("recovered", 9_090, { uptimeMs: 500 }), 2);
    });
    expect(verdictOf(recoveryTime, history)).toBe("unknown");
  });
});

describe("where the clock starts", () => {
  it("is the last fault before the recovery when the earlier one hurt nobody", () => {
    const history = drill({}, (h) => partitionAt(h, 4_500));
    expect(outageOf(history)).toMatchObject({
      fault: { step: "loss" },
      note: null,
      interval: { lowerMs: 698, upperMs: 702 },
    });
  });

  it("is the earlier fault when clients failed before the later one", () => {
    const history = drill({}, (h) => {
      partitionAt(h, 4_500);
      fail(h, 4_800, 4_900);
    });
    expect(outageOf(history)).toMatchObject({ fault: { step: "cut" }, interval: { lowerMs: 1_198, upperMs: 1_202 } });
    expect(recoveryTime.check(history).detail).toContain("the clock starts with the earlier one");
  });

  it("is the earlier fault when writes hung on it until the later one", () => {
    const history = drill({}, (h) => {
      partitionAt(h, 4_500);
      for (const op of h.operations)
        if (op.dueMs >= 4_600 && op.dueMs < 5_000) Object.assign(op, { outcome: "info", endedMs: op.dueMs + 1_000 });
    });
    expect(outageOf(history)!.fault.step).toBe("cut");
  });

  it.each([
    ["the earlier fault when writes waited for connections that hung on it, though these came back", 4_600, "cut"],
    ["the later fault when they waited for connections that were merely busy", 4_900, "loss"],
  ])("is %s", (_, sentMs, step) => {
    const history = drill({}, (h) => {
      partitionAt(h, 4_500);
      for (const op of h.operations) if (op.dueMs >= 4_620 && op.dueMs < 5_000) unsent(op.dueMs, op.dueMs + 1_000)(h);
      Object.assign(
        h.operations.find((op) => op.dueMs === 4_600)!,
        { invokedMs: sentMs, endedMs: 5_100 },
      );
    });
    expect(outageOf(history)!.fault.step).toBe(step);
  });

  it("takes the longest of several outages", () => {
    const history = drill({ settleMs: 1_000, stoppedMs: 12_000 }, (h) => {
      const second = { step: "again", fault: "reset", target: "db" };
      addEvent(h, 8_003, "fault-effective", { ...second, fromNs: nsOf(8_000), toNs: nsOf(8_002) });
      fail(h, 8_000, 9_000);
    });
    expect(outageOf(history)).toMatchObject({
      fault: { step: "again" },
      interval: { lowerMs: 998, upperMs: 1_002 },
      relapse: null,
    });
  });
});

describe("detection in a stack of several components", () => {
  /** The cache is lost at 4,400 ms and hurts from then on; the database's primary follows at 5,000 and is detected at 5,600. */
  const twoLosses = (target: string) =>
    orderDrill({}, (h) => {
      const at = { fromNs: nsOf(4_400), toNs: nsOf(4_402) };
      addEvent(h, 4_403, "fault-effective", { step: "earlier", fault: "node-loss", target, ...at });
      for (const op of h.operations) {
        if (op.store !== "cache" || op.dueMs < 4_400 || op.dueMs > 4_990) continue;
        Object.assign(op, { outcome: "info", endedMs: op.invokedMs + 50, error: "no answer" });
      }
    });

  it("counts from the first fault of the component that is watched, not from another's", () => {
    const history = twoLosses("cache.primary");
    expect(outageOf(history)?.fault.target).toBe("cache.primary");
    expect(slowestDetection(history)).toMatchObject({
      fault: { target: "db.primary" },
      interval: { lowerMs: 598, upperMs: 600 },
    });
  });

  it("counts from the earlier fault where it was of the same component", () => {
    expect(slowestDetection(twoLosses("db.standby"))).toMatchObject({
      fault: { target: "db.standby" },
      interval: { lowerMs: 1_198, upperMs: 1_200 },
    });
  });
});

describe("detection", () => {
  it("counts from the fault to the decision", () => {
    expect(detection.check(drill())).toMatchObject({
      verdict: "pass",
      detail: "node-loss of db.primary was detected after 598 ms to 600 ms, under the objective of 1 s",
    });
  });

  it.each([
    [601, "pass"],
    [600, "unknown"],
    [598, "fail"],
  ] as const)("against an objective of %i ms: %s", (objective, verdict) => {
    expect(
      verdictOf(
        detection,
        drill({}, (h) => void (h.plan.objectives.detectionMs = objective)),
      ),
    ).toBe(verdict);
  });

  it("fails when the detector never fired, and is unknown when it fired before the fault", () => {
    expect(
      verdictOf(
        detection,
        drill({}, (h) => dropEvents(h, "detected")),
      ),
    ).toBe("fail");
    expect(
      verdictOf(
        detection,
        drill({}, (h) => setEvent(h, "detected", { toNs: nsOf(4_990) })),
      ),
    ).toBe("unknown");
  });

  it("is unknown when the samples do not bear it out", () => {
    const noSamples = drill(
      {},
      (h) => void (h.probes = h.probes.filter((probe) => !probe.probe.startsWith("detector:"))),
    );
    const otherInstant = drill({}, (h) => setEvent(h, "detected", { toNs: nsOf(5_550) }));
    const lucky = drill({}, (h) => {
      const sample = h.probes.find((probe) => probe.probe === "detector:promote" && probe.dueMs === 5_200)!;
      sample.ok = true;
    });
    for (const history of [noSamples, otherInstant, lucky]) expect(verdictOf(detection, history)).toBe("unknown");
  });

  describe("by the system's own manager", () => {
    const managed = (mark: { fromMs: number; toMs: number }, change: (h: DraftHistory) => void = () => undefined) =>
      drill({}, (h) => {
        h.plan.steps[1]!.start = { by: "time", afterMs: 0, jitterMs: 0 };
        dropEvents(h, "detected");
        const [fromNs, toNs] = [nsOf(mark.fromMs), nsOf(mark.toMs)];
        addEvent(h, 5_650, "recovery-mark", { step: "promote", mark: "detected", fromNs, toNs });
        change(h);
      });

    it.each([
      [{ fromMs: 5_600, toMs: 5_610 }, "pass"],
      [{ fromMs: 5_995, toMs: 6_005 }, "unknown"],
      [{ fromMs: 6_010, toMs: 6_020 }, "fail"],
      [{ fromMs: 4_900, toMs: 4_990 }, "unknown"],
    ] as const)("noted at %o: %s", (mark, verdict) => {
      expect(verdictOf(detection, managed(mark))).toBe(verdict);
    });

    it("says whose it is, and counts from the fault of the node that served", () => {
      const history = managed({ fromMs: 5_600, toMs: 5_610 }, (h) => {
        // Another node was cut off before, and clients noticed: the manager of the primary had nothing to notice then.
        partitionAt(h, 4_500);
        fail(h, 4_600, 5_000);
      });
      expect(detection.check(history).detail).toMatch(
        /^node-loss of db\.primary was detected by its own manager after 598 ms to 61\d ms/,
      );
    });
  });

  it("says that it measures nothing without a detector", () => {
    const history = drill({}, (h) => {
      h.plan.steps[1]!.start = { by: "time", afterMs: 600, jitterMs: 0 };
      dropEvents(h, "detected");
    });
    expect(detection.check(history)).toMatchObject({
      verdict: "pass",
      detail: expect.stringContaining("not measured"),
    });
  });
});

describe("the recovery procedure", () => {
  it("fails with the reason that it gave", () => {
    const history = drill({}, (h) => setEvent(h, "recovery-ended", { ok: false, error: "pg_promote timed out" }));
    expect(recoveryProcedure.check(history)).toMatchObject({
      verdict: "fail",
      detail: "promote of db.standby failed: pg_promote timed out",
    });
  });

  it.each([
    ["wrong size", "pass", "was refused, as it had to be"],
    ["a gap", "fail", 'for another reason than "a gap": FATAL: wrong size'],
  ])("refused because of %s", (because, verdict, detail) => {
    const history = drill({}, (h) => {
      Object.assign(h.plan.steps[1]!, { expect: "refused", because });
      setEvent(h, "recovery-ended", { ok: false, error: "FATAL: wrong size" });
    });
    expect(recoveryProcedure.check(history)).toMatchObject({
      verdict,
      detail: expect.stringContaining(detail) as unknown,
    });
  });

  it("is unknown without an end", () =>
    expect(
      verdictOf(
        recoveryProcedure,
        drill({}, (h) => dropEvents(h, "recovery-ended")),
      ),
    ).toBe("unknown"));
});
