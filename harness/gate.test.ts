import { describe, expect, test } from "vitest";
import { gateOf, type GateInput, type Required } from "./gate.ts";
import type { PeriodRun, RunTime } from "./period.ts";
import { gateAnnotations, gateJunit, gateMarkdown, gateText } from "./render/gate.ts";
import { HOSTILE_MARKER, inconclusive, lossyControl, report } from "./render/testing.ts";
import type { Report } from "./report.ts";
import { EXIT } from "./verdict.ts";

const sha = "a".repeat(64);
const NOW = "2026-11-25T12:00:00.000Z";
const DAY_MS = 86_400_000;
const attested = (changes: Partial<Report> = {}): Report =>
  report({ class: "attested", classReasons: [], luckyPass: false, ...changes });

const run = (n: number, judged: Report | null = attested(), changes: Partial<PeriodRun> = {}): PeriodRun => ({
  run: `run-${n}`,
  scenario: "a",
  scenarioSha256: sha,
  wall: "2026-11-25T10:00:00.000Z",
  end: "result",
  exitCode: judged?.exitCode ?? null,
  report: judged,
  bundleSha256: sha,
  gap: null,
  ...changes,
});

const REQUIRED: Required = { scenario: "a", scenarioSha256: sha, runs: 1 };
const gate = (runs: readonly PeriodRun[], changes: Partial<GateInput> = {}) =>
  gateOf({ suite: "ci", required: [REQUIRED], runs, now: NOW, maxAgeMs: DAY_MS, baseline: null, ...changes });

/** The checks that do not pass. */
const wrong = (...of: Parameters<typeof gate>) =>
  gate(...of).rows.flatMap(({ checks }) =>
    checks.filter(({ verdict }) => verdict !== "pass").map(({ check, verdict }) => [check, verdict]),
  );

describe("the gate is open", () => {
  test("for one attested run that holds, and for a lossy control that failed as declared", () => {
    expect(gate([run(1)])).toMatchObject({ verdict: "pass", exitCode: EXIT.met });
    const control = lossyControl({ class: "attested", classReasons: [], exitCode: EXIT.met });
    expect(gate([run(1, control)])).toMatchObject({ verdict: "pass" });
  });
});

describe("one reason is enough to shut it:", () => {
  test.each<[string, PeriodRun[], string, string]>([
    ["no run at all", [], "present", "fail"],
    ["a pack that does not verify", [run(1, null, { gap: "its pack does not verify: signature" })], "signed", "fail"],
    ["a run that crashed", [run(1, null, { end: "crashed", exitCode: null })], "signed", "fail"],
    ["a development run", [run(1, attested({ class: "development", classReasons: ["laptop"] }))], "class", "fail"],
    ["an old run", [run(1, attested(), { wall: "2026-11-24T11:59:59.000Z" })], "age", "fail"],
    ["a run from the future", [run(1, attested(), { wall: "2026-11-25T12:06:00.000Z" })], "age", "fail"],
    ["another version of the scenario", [run(1, attested(), { scenarioSha256: "b".repeat(64) })], "scenario", "fail"],
    ["a missed objective", [run(1, attested({ verdict: "fail", exitCode: EXIT.missed }))], "verdict", "fail"],
    ["a drill that proved nothing", [run(1, inconclusive({ class: "attested" }))], "verdict", "unknown"],
  ])("%s", (_what, runs, check, verdict) => {
    expect(wrong(runs)).toEqual([[check, verdict]]);
    expect(gate(runs).exitCode).toBe(verdict === "fail" ? EXIT.missed : EXIT.inconclusive);
  });

  test("an older green run does not stand in for the newest, and a green one does not for one of several", () => {
    const bad = attested({ verdict: "fail", exitCode: EXIT.missed });
    expect(wrong([run(1), run(2, bad)])).toEqual([["verdict", "fail"]]);
    expect(wrong([run(1, bad), run(2)], { required: [{ ...REQUIRED, runs: 2 }] })).toEqual([["verdict", "fail"]]);
    expect(wrong([run(2)], { required: [{ ...REQUIRED, runs: 2 }] })).toEqual([["present", "fail"]]);
  });

  test("a required scenario that nobody ran, though all others hold", () => {
    const other = { ...REQUIRED, scenario: "b" };
    expect(gate([run(1)], { required: [REQUIRED, other] })).toMatchObject({
      verdict: "fail",
      rows: [{ verdict: "pass" }, { scenario: "b", verdict: "fail" }],
    });
  });

  test("nothing required is no reason to open it", () => {
    expect(gate([], { required: [] })).toMatchObject({ verdict: "unknown", exitCode: EXIT.inconclusive });
  });
});

describe("against a baseline", () => {
  const took = (upperMs: number): Report =>
    attested({ recoveryTime: { objectiveMs: 300_000, lowerMs: upperMs - 50, upperMs } });
  const times = (uppers: readonly number[], scenarioSha256 = sha): RunTime[] =>
    uppers.map((upperMs, i) => ({ run: `before-${i}`, scenario: "a", scenarioSha256, upperMs }));
  const against = (now: readonly number[], baseline: readonly RunTime[]) => {
    const all = now.map((upperMs, i) => run(i, took(upperMs)));
    const { rows } = gate(all, { required: [{ ...REQUIRED, runs: now.length }], baseline });
    return rows[0]!.checks.find(({ check }) => check === "regression")!;
  };

  test("slower beyond noise shuts it", () => {
    const { verdict, detail } = against([1_400, 1_500, 1_600], times([1_000, 1_100, 1_200]));
    expect([verdict, detail]).toEqual([
      "fail",
      "slower than the baseline: median 1.50 s of 3 against 1.10 s of 3, P = 0.050",
    ]);
  });

  test("slower within noise is an outcome of its own and passes, as not slower does", () => {
    expect(against([1_050, 1_150, 1_250], times([1_000, 1_100, 1_200]))).toMatchObject({
      verdict: "pass",
      detail: expect.stringMatching(/^slower, but within noise: /) as unknown,
    });
    expect(against([900, 950, 1_000], times([1_000, 1_100, 1_200])).detail).toMatch(/^not slower: /);
  });

  test("what so few runs cannot show is not known, nor what another version of the scenario did", () => {
    expect(against([1_500, 1_500, 1_500], times([1_000]))).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining("too few runs to tell") as unknown,
    });
    expect(against([1_000, 1_000, 1_000], times([]))).toMatchObject({ verdict: "unknown" });
    expect(against([1_000, 1_000, 1_000], times([1_000], "c".repeat(64)))).toMatchObject({
      verdict: "unknown",
      detail: "the baseline ran another version of the scenario: make a new one",
    });
  });
});

test("a scenario that is run too seldom is not compared, and named", () => {
  const once = gate([run(1)], { baseline: [] });
  expect(once).toMatchObject({ verdict: "pass", notCompared: ["a"] });
  expect(gateText(once)).toContain("Not compared with the baseline, for they are run too seldom: a");
});

describe("what it says", () => {
  const shut = gate([run(1, null, { gap: `${HOSTILE_MARKER}\n::error::x|y` })]);

  test("in a terminal, as JUnit, as a summary and as annotations", () => {
    expect(gateText(shut)).toMatch(/^FAIL {5}a\n {9}FAIL {5}signed: run-1: /);
    expect(gateText(shut)).toContain("The gate is shut: 0 of 1 required scenarios of ci hold");
    expect(gateJunit(shut)).toContain('tests="6" failures="1" errors="0"');
    expect(gateMarkdown(shut)).toContain("## Drill gate: shut");
    expect(gateAnnotations(shut)).toHaveLength(1);
  });

  test("is text, whatever others wrote", () => {
    expect(gateJunit(shut)).not.toContain(HOSTILE_MARKER);
    expect(gateMarkdown(shut).split("\n")).toHaveLength(6);
    expect(gateMarkdown(shut)).not.toMatch(/<script|\n::|x\|y/);
    expect(gateAnnotations(shut)[0]!.split("\n")).toHaveLength(1);
  });
});
