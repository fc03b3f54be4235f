import { describe, expect, it } from "vitest";
import { amcheck } from "./amcheck.ts";
import { checksums } from "./checksums.ts";
import { clock } from "./clock.ts";
import { crossCheck } from "./cross-check.ts";
import { faultEffect } from "./fault-effect.ts";
import { load } from "./load.ts";
import { record } from "./record.ts";
import { steadyState } from "./steady-state.ts";
import { dropEvents, setEvent, setFacts } from "../selftest/edits.ts";
import { clockBracket, drill, type DraftHistory, nsOf, verdictOf, wallNsOf } from "../selftest/golden.ts";

const always = [record, steadyState, load, faultEffect, clock, crossCheck, checksums, amcheck];

it("a drill as it should be passes every one of them", () => {
  const history = drill();
  expect(always.map((checker) => checker.check(history)).filter((finding) => finding.verdict !== "pass")).toEqual([]);
});

describe("record", () => {
  it.each<[string, (h: DraftHistory) => void, string]>([
    ["gap", (h) => void h.operations.splice(400, 1), "ledger has a gap: number 400 is missing"],
    ["wide gap", (h) => void h.operations.splice(400, 20), "ledger has a gap: numbers 400 to 419 are missing"],
    ["missing beginning", (h) => void h.operations.splice(0, 2), "numbers 0 to 1 are missing"],
    ["number twice", (h) => void (h.operations[5]!.seq = 4), "number 4 of ledger is recorded twice"],
    ["operation twice", (h) => void (h.operations[5]!.op = "ledger-4"), "operation ledger-4 is recorded twice"],
    ["end cut off", (h) => void h.operations.splice(790), "the workload issued 800 operations, 790 are recorded"],
    ["foreign operation", (h) => void (h.operations[5]!.store = "other"), "which is not in the plan"],
    ["backwards", (h) => void (h.operations[5]!.endedMs = 1), "ended before it was sent"],
    ["foreign probe", (h) => void (h.probes[5]!.probe = "other"), "probe other is not in the plan"],
    ["cut run", (h) => dropEvents(h, "run-ended"), "the run was cut off"],
    [
      "aborted",
      (h) => setEvent(h, "run-ended", { outcome: "aborted", error: "the engine went away" }),
      "the run was aborted: the engine went away",
    ],
    ["missing phase", (h) => dropEvents(h, "phase-ended"), "the journal has no phase-ended for the phase steady"],
    ["no stop", (h) => dropEvents(h, "workload-stopped"), "no workload-stopped"],
    ["other scenario", (h) => void (h.scenarioText += "# softer"), "raw/scenario.yaml has sha256"],
    ["other seed", (h) => void (h.plan.seed = 8), "with seed 7, the plan is of golden with seed 8"],
    ["time backwards", (h) => void (h.events[5]!.ms = 1), "is earlier than the one before it"],
    [
      "bracket backwards",
      (h) => setEvent(h, "fault-effective", { fromNs: nsOf(5_001), toNs: nsOf(5_000) }),
      "ends before it begins",
    ],
    [
      "instant of the future",
      (h) => setEvent(h, "fault-effective", { toNs: nsOf(5_900) }),
      "speaks of an instant after itself",
    ],
  ])("%s", (_, change, defect) => {
    const finding = record.check(drill({}, change));
    expect(finding).toMatchObject({ verdict: "unknown", detail: expect.stringContaining(defect) });
  });

  it("names a few of many defects and counts the rest", () => {
    const history = drill({}, (h) => {
      for (const op of h.operations) op.store = "other";
    });
    expect(history.defects).toContain("foreign operation: 797 more like it");
  });

  it("is not held up by numbers that are far apart", () => {
    const history = drill({}, (h) => void (h.operations.at(-1)!.seq = Number.MAX_SAFE_INTEGER - 1));
    expect(record.check(history).detail).toContain("numbers 799 to 9007199254740989 are missing");
  });
});

describe("steady state", () => {
  it.each<[string, (h: DraftHistory) => void, string]>([
    [
      "never",
      (h) => void (h.events = h.events.filter((e) => !("phase" in e.data && e.data.phase === "steady"))),
      "never called steady",
    ],
    [
      "given up",
      (h) => setEvent(h, "phase-ended", { error: "never without errors" }, 1),
      "no steady state: never without errors",
    ],
    ["too short", (h) => void (h.plan.steadyState.holdMs = 4_000), "steady for 3.01 s only, 4 s are asked for"],
    [
      "errors within",
      (h) => void Object.assign(h.operations[250]!, { outcome: "info" }),
      "1 failure within the steady 2 s",
    ],
    [
      "errors between it and the fault",
      (h) => void Object.assign(h.operations[350]!, { outcome: "info" }),
      "the clock starts too late",
    ],
  ])("%s is unknown", (_, change, detail) => {
    expect(steadyState.check(drill({}, change))).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining(detail),
    });
  });
});

const thin = (left: number) => (h: DraftHistory) => {
  let kept = 0;
  for (const op of h.operations) if (op.endedMs! > 4_000 && op.endedMs! <= 5_000 && kept++ >= left) op.outcome = "info";
};

describe("load", () => {
  it.each([
    [0, "unknown"],
    [49, "unknown"],
    [50, "pass"],
  ] as const)("%i acknowledgements of 100 planned in the second before the fault: %s", (left, verdict) => {
    expect(load.check(drill({}, thin(left)))).toMatchObject({
      verdict,
      detail: `ledger: ${left} acknowledged in the second before the fault, 100 planned`,
    });
  });

  it("wants ten however low the rate", () => expect(verdictOf(load, drill({ ratePerSecond: 5 }))).toBe("unknown"));
  it("wants a workload at all", () =>
    expect(
      verdictOf(
        load,
        drill({}, (h) => void (h.plan.workload = [])),
      ),
    ).toBe("unknown"));
});

describe("fault effect", () => {
  it.each<[string, (h: DraftHistory) => void, string]>([
    [
      "not observed",
      (h) => setEvent(h, "fault-proven", { observed: false, proof: "0 packets dropped" }),
      "had no observed effect: 0 packets dropped",
    ],
    ["not proven", (h) => dropEvents(h, "fault-proven"), "nothing proves"],
    ["not effective", (h) => dropEvents(h, "fault-effective"), "never became effective"],
    [
      "a softer fault",
      (h) => setEvent(h, "fault-effective", { fault: "latency" }),
      "planned was node-loss of db.primary, done was latency",
    ],
    [
      "another target",
      (h) => setEvent(h, "fault-effective", { target: "db.standby" }),
      "done was node-loss of db.standby",
    ],
    ["no fault planned", (h) => void h.plan.steps.shift(), "nothing was drilled"],
  ])("%s is unknown", (_, change, detail) => {
    expect(faultEffect.check(drill({}, change))).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining(detail),
    });
  });
});

const bracket = (shift: Parameters<typeof clockBracket>[2]) => (h: DraftHistory) =>
  setEvent(h, "clock-bracket", clockBracket("recovered", 9_090, shift), 2);

describe("clock", () => {
  it.each<[string, (h: DraftHistory) => void, string]>([
    [
      "a step of the wall clock",
      bracket({ wallMs: -3_600_000 }),
      "wall contradicts the monotonic clock by 59 min 59 s",
    ],
    [
      "a faked process clock",
      bracket({ wallMs: 0, uptimeMs: 400, storeMs: 400 }),
      "contradicts the monotonic clock by 39",
    ],
    ["a store that drifts", bracket({ storeMs: 30 }), "store db.standby contradicts"],
    [
      "a preloaded library",
      (h) => void (h.host = { ...h.host, preload: "/usr/lib/faketime/libfaketime.so.1" }),
      "libfaketime",
    ],
    ["no look at all", (h) => dropEvents(h, "clock-bracket"), "no independent clock"],
    [
      "no look after the recovery",
      (h) => void (h.events = h.events.filter((e) => e.kind !== "clock-bracket" || e.ms < 9_000)),
      "no independent clock",
    ],
    [
      "only clocks of this process",
      (h) => {
        for (let n = 0; n < 3; n++) setEvent(h, "clock-bracket", { uptimeNs: null, stores: [] }, n);
      },
      "no independent clock",
    ],
  ])("%s is unknown", (_, change, detail) => {
    expect(clock.check(drill({}, change))).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining(detail),
    });
  });

  it("allows the ticks of a coarse clock and a slew of 0.1 %", () => {
    for (const shift of [{ uptimeMs: 9 }, { storeMs: 5 }, { wallMs: -5 }])
      expect(clock.check(drill({}, bracket(shift)))).toMatchObject({ verdict: "pass" });
  });
});

describe("cross-check", () => {
  it("sees a clock that starts too late", () => {
    const history = drill(
      {},
      (h) => void (h.engineEvents = h.engineEvents.map((e) => ({ ...e, wallNs: e.wallNs - 100_000_000n }))),
    );
    expect(crossCheck.check(history)).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining("before our marks allow: the clock starts too late"),
    });
  });

  it.each([
    [-28, "pass"], // 5,017 - 28 = 4,989: 11 ms early by a wall clock that is known to 2 ms
    [-35, "unknown"],
    [90, "unknown"], // 5,069 + 90: after the effect was proven
  ] as const)("an engine event %i ms off: %s", (byMs, verdict) => {
    const history = drill(
      {},
      (h) =>
        void (h.engineEvents = h.engineEvents.map((e) => ({ ...e, wallNs: e.wallNs + BigInt(byMs) * 1_000_000n }))),
    );
    expect(verdictOf(crossCheck, history)).toBe(verdict);
  });

  it("does not blame the fault for what the boot or a fence did to the node", () => {
    const history = drill(
      {},
      (h) =>
        void h.engineEvents.push(
          { node: "db.primary", action: "die", wallNs: wallNsOf(300) },
          { node: "db.primary", action: "kill", wallNs: wallNsOf(5_610) },
        ),
    );
    expect(verdictOf(crossCheck, history)).toBe("pass");
  });

  it.each([
    ["received promote request", 4_900, "unknown"],
    ["selected new timeline ID: 2", 5_595, "pass"],
    ["selected new timeline ID: 2", 5_585, "unknown"],
    ["archive recovery complete", 5_900, "unknown"],
    ["database system is ready to accept connections", 5_720, "pass"],
    ["database system is ready to accept connections", 5_000, "unknown"],
  ] as const)("a log line '%s' at %i ms: %s", (text, ms, verdict) => {
    const stamp = new Date(Date.parse("2026-11-23T10:00:00Z") + ms).toISOString().replace("T", " ").slice(0, 23);
    const history = drill({}, (h) => void (h.logs = { "db.standby": `${stamp} UTC [42] LOG:  ${text}\n` }));
    expect(verdictOf(crossCheck, history)).toBe(verdict);
  });

  it("says so when there is nothing to compare with", () => {
    const history = drill({}, (h) => {
      h.engineEvents = [];
      h.logs = {};
    });
    expect(crossCheck.check(history)).toMatchObject({
      verdict: "pass",
      detail: expect.stringContaining("neither the engine nor a server"),
    });
  });
});

describe("what the serving node says of itself", () => {
  it.each([
    [checksums, { data_checksums: "off" }, "fail"],
    [checksums, { checksum_failures: "2" }, "fail"],
    [checksums, { checksum_failures: undefined }, "unknown"],
    [checksums, { data_checksums: undefined }, "unknown"],
    [amcheck, { "amcheck.exit": "2", "amcheck.output": "heap tuple lacks matching index tuple" }, "fail"],
    [amcheck, { "amcheck.exit": "127" }, "unknown"],
    [amcheck, { "amcheck.exit": undefined }, "unknown"],
  ] as const)("%o with %o: %s", (checker, values, verdict) => {
    expect(
      verdictOf(
        checker,
        drill({}, (h) => setFacts(h, "recovered", "db.standby", values)),
      ),
    ).toBe(verdict);
  });

  it("is unknown when no node spoke", () => {
    const silent = drill({}, (h) => void (h.facts = []));
    expect([verdictOf(checksums, silent), verdictOf(amcheck, silent)]).toEqual(["unknown", "unknown"]);
  });
});
