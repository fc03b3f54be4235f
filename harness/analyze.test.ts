import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { judge } from "./analyze/judge.ts";
import { analyze, analyzePack, toResult } from "./analyze.ts";
import type { Checker } from "./checker.ts";
import { checkers } from "./checkers.ts";
import { acceptedRisk } from "./render/testing.ts";
import { dropEvents, setEvent, setFacts } from "./selftest/edits.ts";
import { drill, type DraftHistory, elementOf } from "./selftest/golden.ts";
import { writePack } from "./selftest/raw-files.ts";
import type { History } from "./history.ts";
import type { Expectation, Plan } from "./plan.ts";

const places: string[] = [];
const newPack = (): string => {
  const dir = mkdtempSync(path.join(tmpdir(), "blackstart-analyze-"));
  places.push(dir);
  return dir;
};
afterAll(() => places.forEach((dir) => rmSync(dir, { recursive: true })));

const withoutProof = (h: DraftHistory) => setEvent(h, "fault-proven", { observed: false });

const asynchronous = (h: DraftHistory) => {
  for (const at of ["steady", "fault"] as const) setFacts(h, at, "db.primary", { synchronous_standby_names: "" });
};

describe("the verdict", () => {
  it("passes a drill as it should be, with every checker heard once", () => {
    const report = analyze(drill());
    expect(report).toMatchObject({ verdict: "pass", exitCode: 0, luckyPass: false, guaranteed: { zeroLoss: true } });
    const heard = checkers.filter(({ name, always }) => always || drill().plan.verify.includes(name));
    expect(report.reasons.map((finding) => finding.check)).toEqual(heard.map((checker) => checker.name));
  });

  it("hears a checker that is not always asked only when the scenario names it", () => {
    const report = analyze(drill({}, (h) => void (h.plan.verify = [])));
    expect(report.reasons.map((finding) => finding.check)).not.toContain("balances");
  });

  it("judges loss whether or not the scenario names the check: its objective is signed", () => {
    const report = analyze(drill({ loseFrom: 390 }, (h) => void (h.plan.verify = [])));
    expect(report).toMatchObject({ verdict: "fail", exitCode: 1, lost: { count: 10 } });
  });

  it("fails on loss, is unknown without proof of the fault, and fail beats unknown", () => {
    const lossy = { loseFrom: 390 };
    expect(analyze(drill(lossy))).toMatchObject({ verdict: "fail", exitCode: 1, lost: { count: 10, shape: "suffix" } });
    expect(analyze(drill({}, withoutProof))).toMatchObject({ verdict: "unknown", exitCode: 3 });
    expect(analyze(drill(lossy, withoutProof))).toMatchObject({ verdict: "fail", exitCode: 1 });
  });

  it("takes a checker that throws, or that does not exist, for unknown", () => {
    const broken: Checker = {
      name: "broken",
      summary: "breaks",
      always: true,
      check() {
        throw new Error("index out of range");
      },
    };
    expect(judge(drill(), [...checkers, broken])).toMatchObject({ verdict: "unknown", exitCode: 3 });
    expect(judge(drill(), [broken]).reasons[0]).toMatchObject({
      check: "broken",
      verdict: "unknown",
      detail: "the check itself broke: index out of range",
    });
    const misnamed = judge(drill({}, (h) => void h.plan.verify.push("no-such-check")));
    expect(misnamed).toMatchObject({ verdict: "unknown" });
  });

  it.each<[string, (h: DraftHistory) => void]>([
    ["aborted", (h) => setEvent(h, "run-ended", { outcome: "aborted", error: "the container engine went away" })],
    ["cut off", (h) => dropEvents(h, "run-ended")],
    ["with a gap", (h) => void h.operations.splice(100, 3)],
    [
      "with a failed recovery, aborted",
      (h) => {
        setEvent(h, "run-ended", { outcome: "aborted" });
        setEvent(h, "recovery-ended", { ok: false });
      },
    ],
  ])("proves nothing by a record that is %s, not even a failure", (_, change) => {
    for (const course of [{}, { loseFrom: 390 }, { restoredMs: Infinity }])
      expect(analyze(drill(course, change))).toMatchObject({ verdict: "unknown", exitCode: 3 });
  });

  it("calls a pass lucky when the settings permit loss", () => {
    expect(analyze(drill({}, asynchronous))).toMatchObject({
      verdict: "pass",
      exitCode: 0,
      luckyPass: true,
      guaranteed: { zeroLoss: false },
    });
    expect(analyze(drill({ loseFrom: 390 }, asynchronous))).toMatchObject({ verdict: "fail", luckyPass: false });
  });

  it("fails when the recovery failed or nobody was served again", () => {
    expect(analyze(drill({}, (h) => setEvent(h, "recovery-ended", { ok: false, error: "x" }))).exitCode).toBe(1);
    expect(analyze(drill({ restoredMs: Infinity }))).toMatchObject({
      verdict: "fail",
      exitCode: 1,
      recoveryTime: null,
    });
  });
});

const control =
  (lost: Expectation["lost"], change: (h: DraftHistory) => void = () => undefined) =>
  (h: DraftHistory) => {
    h.plan.expect = lost
      ? { verdict: "fail", failed: ["no-lost-writes"], lost }
      : { verdict: "fail", failed: ["no-lost-writes"] };
    change(h);
  };
const declared = (report: ReturnType<typeof analyze>) =>
  report.reasons.find((finding) => finding.check === "declared-loss");

describe("a control that is not about loss", () => {
  const mutate = (h: DraftHistory) => {
    h.recovered = h.recovered.map((e, i) => (i === 7 ? { ...e, sha256: "f".repeat(64) } : e));
  };
  const bounds = (min: number, max: number) => (h: DraftHistory) => {
    mutate(h);
    h.plan.expect = { verdict: "fail", failed: ["no-lost-writes"], mutated: { min, max } };
  };
  it("is met by exactly the mutations that it declares", () => {
    expect(analyze(drill({}, bounds(1, 1)))).toMatchObject({ verdict: "fail", exitCode: 0, mutated: 1 });
    const more = analyze(drill({}, bounds(2, 3)));
    expect(more.exitCode).toBe(1);
    expect(declared(more)?.detail).toBe("1 element is mutated, declared are 2 to 3");
  });

  it("is met by exactly the duplicates that it declares, and by nothing else beside them", () => {
    const twice = (h: DraftHistory) => void h.recovered.push(elementOf(h.operations[1]!), elementOf(h.operations[2]!));
    const expecting = (
      min: number,
      max: number,
      loseFrom = Infinity,
      also: (h: DraftHistory) => void = () => undefined,
    ) =>
      analyze(
        drill({ loseFrom }, (h) => {
          twice(h);
          also(h);
          h.plan.expect = { verdict: "fail", failed: ["no-lost-writes"], duplicated: { min, max } };
        }),
      );
    expect(expecting(2, 2)).toMatchObject({ verdict: "fail", exitCode: 0, duplicated: 2 });
    expect(declared(expecting(3, 9))?.detail).toBe("2 operations are duplicated, declared are 3 to 9");
    expect(declared(expecting(2, 2, 399))?.detail).toBe("1 write is lost, declared are 0 to 0");
    expect(declared(expecting(2, 2, Infinity, mutate))?.detail).toContain("some are mutated");
  });

  it("must fail every check that it names and no other", () => {
    const named = (failed: string[]) => (h: DraftHistory) => {
      h.plan.expect = { verdict: "fail", failed };
      setEvent(h, "recovery-ended", { ok: false, error: "x" });
    };
    expect(analyze(drill({}, named(["recovery-procedure"])))).toMatchObject({ verdict: "fail", exitCode: 0 });
    expect(declared(analyze(drill({}, named(["recovery-procedure", "amcheck"]))))?.detail).toContain(
      "amcheck did not fail",
    );
    expect(declared(analyze(drill({}, named(["amcheck"]))))?.detail).toContain("it also failed recovery-procedure");
  });

  it("a procedure that must be refused passes when it was, and fails when it succeeded", () => {
    const refused = (h: DraftHistory) => {
      for (const step of h.plan.steps) if (step.does === "recover") step.expect = "refused";
    };
    expect(analyze(drill({}, refused))).toMatchObject({ verdict: "fail", exitCode: 1 });
    const was = drill({}, (h) => {
      refused(h);
      setEvent(h, "recovery-ended", { ok: false, error: "the log is damaged" });
    });
    expect(analyze(was)).toMatchObject({ verdict: "pass", exitCode: 0 });
  });
});

describe("the declared outcome class", () => {
  const classed = (outcome: Plan["outcome"]) => (h: DraftHistory) => void (h.plan.outcome = outcome);
  const finding = (history: History) => analyze(history).reasons.find(({ check }) => check === "outcome-class");
  it.each<[string, History, string]>([
    ["zero without loss", drill({}, classed("zero")), "pass"],
    ["zero with loss", drill({ loseFrom: 390 }, classed("zero")), "fail"],
    ["lossy with loss", drill({ loseFrom: 390 }, classed("lossy")), "pass"],
    ["lossy without loss", drill({}, classed("lossy")), "fail"],
    ["closed without a refusal", drill({}, classed("closed")), "fail"],
    ["silent with loss and a procedure that reported success", drill({ loseFrom: 390 }, classed("silent")), "pass"],
    ["silent without anything wrong", drill({}, classed("silent")), "fail"],
    ["block while writes stopped", drill({}, classed("block")), "pass"],
    ["block with loss", drill({ loseFrom: 390 }, classed("block")), "fail"],
  ])("%s", (_, history, verdict) => {
    expect(finding(history)?.verdict).toBe(verdict);
  });

  it("closed with writes that were refused", () => {
    const history = drill({}, (h) => {
      classed("closed")(h);
      for (const op of h.operations) if (op.outcome === "info") Object.assign(op, { outcome: "fail", error: "OOM" });
    });
    expect(finding(history)?.verdict).toBe("pass");
  });
});

const punch = (h: DraftHistory) => void (h.recovered = h.recovered.filter((e) => e.op !== "ledger-101"));

describe("a lossy control", () => {
  it.each<[string, number, Expectation["lost"]]>([
    ["as declared", 390, { min: 10, max: 10, shape: "suffix" }],
    ["without an upper bound", 390, { min: 5 }],
    ["without bounds", 390, undefined],
  ])("that loses %s is met", (_, loseFrom, lost) => {
    const report = analyze(drill({ loseFrom }, control(lost)));
    expect(report).toMatchObject({ verdict: "fail", expect: "fail", exitCode: 0 });
    expect(declared(report)).toMatchObject({ verdict: "pass" });
  });

  it.each<[string, number, Expectation["lost"], string]>([
    ["nothing", Infinity, { min: 1 }, "a lossy control that lost nothing is a failed drill"],
    ["too little", 390, { min: 11 }, "10 writes are lost, declared are 11 or more"],
    ["too much", 390, { min: 1, max: 9 }, "10 writes are lost, declared are 1 to 9"],
    ["too little of a range", 390, { min: 20, max: 30 }, "10 writes are lost, declared are 20 to 30"],
  ])("that loses %s is missed", (_, loseFrom, lost, detail) => {
    const report = analyze(drill({ loseFrom }, control(lost)));
    expect(report).toMatchObject({ verdict: "fail", exitCode: 1 });
    expect(declared(report)).toMatchObject({ verdict: "fail", detail: expect.stringContaining(detail) });
  });

  it("that loses in another shape is missed", () => {
    const hole = control({ min: 1, shape: "hole" }, punch);
    expect(analyze(drill({}, hole))).toMatchObject({ verdict: "fail", exitCode: 0, lost: { shape: "hole" } });
    expect(declared(analyze(drill({ loseFrom: 390 }, control({ min: 1, shape: "hole" }))))).toMatchObject({
      detail: "the loss is a suffix, declared is a hole",
    });
  });

  it("that fails anything else, or does more than lose, is missed", () => {
    const slow = control({ min: 1 }, (h) => void (h.plan.objectives.recoveryTimeMs = 100));
    expect(declared(analyze(drill({ loseFrom: 390 }, slow)))).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining("also failed recovery-time"),
    });
    const twice = control({ min: 1 }, (h) => {
      h.recovered.push(elementOf(h.operations[1]!));
    });
    expect(analyze(drill({ loseFrom: 390 }, twice))).toMatchObject({ exitCode: 1, duplicated: 1 });
  });

  it("that is not proven is inconclusive", () => {
    const unproven = control({ min: 1 }, withoutProof);
    const report = analyze(drill({ loseFrom: 390 }, unproven));
    expect(report.exitCode).toBe(3);
    expect(declared(report)).toMatchObject({ verdict: "unknown", detail: expect.stringContaining("fault-effect") });
    expect(
      analyze(
        drill(
          { loseFrom: 390 },
          control({ min: 1 }, (h) => void h.operations.splice(9, 1)),
        ),
      ).exitCode,
    ).toBe(3);
  });
});

describe("the report", () => {
  it("names the first lost writes, their position and the cause", () => {
    const report = analyze(drill({ loseFrom: 200 }));
    expect(report.lost.count).toBe(200);
    expect(report.lostOperations).toHaveLength(100);
    expect(report.lostOperations[0]).toEqual({
      op: "ledger-200",
      store: "db",
      ackMs: -2_000,
      node: "primary",
      position: "0/500C800",
      cause: "acknowledged by primary on timeline 1, beyond 0/500C800, where timeline 1 was left for timeline 2",
    });
  });

  it("is the same to the byte whenever it is made, from memory or from disk", async () => {
    const history = drill({ loseFrom: 390 });
    const context = {
      class: "development" as const,
      classReasons: ["local key"],
      attempts: { number: 3, windowDays: 30, passed: 1, failed: 1, other: 0 },
      keyFingerprint: "ab",
      intent: null,
      acceptances: [acceptedRisk()],
    };
    const dir = newPack();
    writePack(dir, history);
    writeFileSync(path.join(dir, "raw", "context.json"), JSON.stringify(context));
    const [first, second] = [await analyzePack(dir), await analyzePack(dir)];
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
    expect(JSON.stringify(first)).toBe(JSON.stringify(analyze(history, context)));
  });

  it("takes the lowest class when the pack says nothing usable of its evidence", async () => {
    const dir = newPack();
    writePack(dir, drill());
    expect(await analyzePack(dir)).toMatchObject({
      class: "development",
      classReasons: ["the pack does not say how its evidence came about"],
      intent: { ledgerIndex: 41 },
    });
    writeFileSync(path.join(dir, "raw", "context.json"), '{"class":"golden"}');
    expect((await analyzePack(dir)).classReasons[0]).toContain("cannot be used");
  });

  it("shows the contract and nothing else to programs", () => {
    const result = toResult(analyze(drill()));
    expect(Object.keys(result).join(" ")).toBe(
      "schema run scenario scenarioSha256 class verdict expect exitCode reasons recoveryTime detection operations lost " +
        "phantom resurrected duplicated mutated stale guaranteed pack bundle",
    );
    expect(result).toMatchObject({
      schema: "blackstart/result/v1",
      recoveryTime: { objectiveMs: 300_000, lowerMs: 698, upperMs: 702 },
      detection: { objectiveMs: 1_000, lowerMs: 598, upperMs: 600 },
      operations: { invoked: 800, acknowledged: 730, failed: 0, indeterminate: 70 },
      pack: "reports/2026-11-23T10-00-00Z-7f3a",
    });
  });

  it("judges 200,000 operations in seconds", () => {
    const history = drill({ ratePerSecond: 25_000, loseFrom: 90_000 });
    const startMs = performance.now();
    const report = analyze(history);
    const tookMs = performance.now() - startMs;
    console.info(`200,000 operations judged in ${Math.round(tookMs)} ms`);
    expect(report.operations.invoked).toBe(200_000);
    expect(report.secondEstimate?.agrees).toBe(true);
    expect(tookMs).toBeLessThan(15_000); // generous: a slow machine is no defect, a quadratic step is
  });
});
