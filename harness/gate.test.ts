import { describe, expect, test } from "vitest";
import type { Acceptor } from "./accepted-risk.ts";
import { gateOf, type GateInput, type Required } from "./gate.ts";
import type { PeriodRun, RunTime } from "./period.ts";
import { gateAnnotations, gateJunit, gateMarkdown, gateText } from "./render/gate.ts";
import { acceptedRisk, finding, HOSTILE_MARKER, inconclusive, lossyControl, report } from "./render/testing.ts";
import type { AcceptedRisk, Report } from "./report.ts";
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

describe("failures that people accepted", () => {
  const LOST = finding("no-lost-writes", "fail", "2 of 900 writes were not there");
  const SLOW = finding("recovery-time", "fail", "it took 6 min");
  const RISK = acceptedRisk({ until: "2026-12-01" });
  const BY: Acceptor = { id: RISK.id, principal: "dana@example.test" };
  const failed = (changes: Partial<Report> = {}): Report =>
    attested({ verdict: "fail", exitCode: EXIT.missed, reasons: [LOST], acceptances: [RISK], ...changes });
  interface Asked {
    readonly acceptors?: readonly Acceptor[];
    readonly changes?: Partial<PeriodRun>;
  }
  const asked = (judged: Report, { acceptors = [BY], changes = {} }: Asked = {}) =>
    gate([run(1, judged, changes)], { acceptors: new Map([["run-1", acceptors]]) });
  const verdictOf = (...of: Parameters<typeof asked>) =>
    asked(...of).rows[0]!.checks.find(({ check }) => check === "verdict")!;
  const risk = (changes: Partial<AcceptedRisk>): Partial<Report> => ({ acceptances: [{ ...RISK, ...changes }] });

  test("are let through where that is asked for, under a name of their own and until a day", () => {
    const open = asked(failed());
    expect(open).toMatchObject({ verdict: "pass", exitCode: EXIT.met, rows: [{ acceptedUntil: "2026-12-01" }] });
    expect(verdictOf(failed())).toEqual({
      check: "verdict",
      verdict: "pass",
      acceptedUntil: "2026-12-01",
      detail:
        "accepted until 2026-12-01: run-1: no-lost-writes by async-standby of Dana Ortiz, payments, signed by dana@example.test, because the second site gets its synchronous standby in February",
    });
  });

  test("shut the gate as ever where it is not asked for, and nothing else is different either", () => {
    const without = gate([run(1, failed({ acceptances: [] }))]);
    expect(gate([run(1, failed())])).toEqual(without);
    expect(without.verdict).toBe("fail");
    expect(JSON.stringify(gate([run(1)], { acceptors: new Map() }))).toBe(JSON.stringify(gate([run(1)])));
  });

  test.each<[string, ReturnType<typeof verdictOf>, string]>([
    ["nobody accepted", verdictOf(failed({ acceptances: [] })), "nobody accepted no-lost-writes"],
    ["another finding", verdictOf(failed(risk({ finding: "recovery-time" }))), "nobody accepted no-lost-writes"],
    ["one of two findings", verdictOf(failed({ reasons: [LOST, SLOW] })), "nobody accepted recovery-time"],
    [
      "accepted until yesterday",
      verdictOf(failed(risk({ until: "2026-11-25" }))),
      "async-standby, of no-lost-writes, is expired now",
    ],
    [
      "expired before the drill",
      verdictOf(failed(risk({ state: "expired" }))),
      "async-standby, of no-lost-writes, was expired when the intent was signed",
    ],
    [
      "not yet in force at the drill",
      verdictOf(failed(risk({ state: "not yet" }))),
      "async-standby, of no-lost-writes, was not yet in force when the intent was signed",
    ],
    [
      "not yet in force by the gate's clock",
      verdictOf(failed(risk({ from: "2026-11-26" }))),
      "async-standby, of no-lost-writes, is not yet in force now",
    ],
    [
      "a signer who is not allowed",
      verdictOf(failed(), { acceptors: [{ id: RISK.id, refused: "does not count: its signature is by nobody" }] }),
      "async-standby, of no-lost-writes, does not count: its signature is by nobody",
    ],
    [
      "no signer known",
      verdictOf(failed(), { acceptors: [] }),
      "async-standby, of no-lost-writes, is signed by nobody",
    ],
    [
      "a signer of another acceptance",
      verdictOf(failed(), { acceptors: [{ id: "other", principal: "dana@example.test" }] }),
      "async-standby, of no-lost-writes, is signed by nobody",
    ],
    [
      "something unknown beside it",
      verdictOf(failed({ reasons: [LOST, finding("clock", "unknown", "it drifts")] })),
      "what is not known is never accepted: clock",
    ],
    [
      "a control that is blind",
      verdictOf(failed({ expect: "fail" })),
      "that a control does not fail as declared is never accepted: a fault or a check is blind",
    ],
    ["a run that was aborted", verdictOf(failed(), { changes: { end: "aborted" } }), "it ended as aborted"],
    ["a failure that no finding explains", verdictOf(failed({ reasons: [] })), "no finding says what failed"],
  ])("are refused for %s", (_what, { verdict, detail, acceptedUntil }, why) => {
    expect([verdict, acceptedUntil]).toEqual(["fail", undefined]);
    expect(detail).toMatch(/^run-1: fail/);
    expect(detail.endsWith(`; not accepted: ${why}`)).toBe(true);
  });

  test("unknown is never accepted", () => {
    const unknown = inconclusive({ class: "attested", acceptances: [acceptedRisk({ finding: "fault-effect" })] });
    expect(verdictOf(unknown)).toMatchObject({
      verdict: "unknown",
      detail: expect.stringContaining("not accepted: unknown is never accepted") as unknown,
    });
  });

  test("do not open the gate against any other reason", () => {
    const old = { wall: "2026-11-24T11:59:59.000Z" };
    expect(asked(failed(), { changes: old })).toMatchObject({ verdict: "fail", exitCode: EXIT.missed });
    const development = failed({ class: "development", classReasons: ["laptop"] });
    expect(asked(development)).toMatchObject({ verdict: "fail" });
    expect(gateText(asked(development))).toMatch(/^FAIL {5}a\n/);
    expect(gateText(asked(development))).not.toContain("are accepted");
  });

  test("need an acceptance in each of several runs; the day is the first on which one of them is over", () => {
    const slow = acceptedRisk({ id: "slow", finding: "recovery-time", until: "2026-11-28" });
    const both = failed({ reasons: [LOST, SLOW], acceptances: [RISK, slow] });
    const required = [{ ...REQUIRED, runs: 2 }];
    const by: readonly Acceptor[] = [BY, { id: "slow", principal: "lee@example.test" }];
    const all = new Map(["run-1", "run-2"].map((name) => [name, by]));
    const open = gate([run(1, both), run(2, failed())], { required, acceptors: all });
    expect(open.rows[0]).toMatchObject({ verdict: "pass", acceptedUntil: "2026-11-28" });
    const one = new Map([["run-1", by]]);
    const shut = gate([run(1, both), run(2, failed())], { required, acceptors: one });
    expect(shut.rows[0]!.checks.find(({ check }) => check === "verdict")!.detail).toMatch(/^run-2: fail/);
  });

  test("hold by the acceptance that lasts, where one of several for the finding is over", () => {
    const over = acceptedRisk({ id: "over", until: "2026-11-20", state: "expired" });
    const judged = failed({ acceptances: [over, RISK] });
    expect(verdictOf(judged, { acceptors: [{ id: "over", principal: "d" }, BY] }).acceptedUntil).toBe("2026-12-01");
  });

  test("are named loudly wherever the gate speaks, and as text", () => {
    const hostile = failed(risk({ because: `${HOSTILE_MARKER}\n::error::x|y` }));
    const open = asked(hostile);
    expect(gateText(open)).toMatch(/^ACCEPTED a\n {9}ACCEPTED verdict: accepted until 2026-12-01: /);
    expect(gateText(open)).toContain(
      "The gate is open: 0 of 1 required scenarios of ci hold; 1 failed and is accepted",
    );
    expect(gateJunit(open)).toContain('tests="6" failures="0" errors="0"');
    expect(gateJunit(open)).toContain('<properties><property name="acceptedUntil" value="2026-12-01"/></properties>');
    expect(gateMarkdown(open)).toContain("## Drill gate: open, 1 failure accepted\n");
    expect(gateMarkdown(open)).toMatch(/\n\| ACCEPTED \| a \| \*\*verdict\*\*: accepted until/);
    expect(gateMarkdown(open)).not.toMatch(/<script|\n::|x\|y/);
    expect(gateAnnotations(open)).toHaveLength(1);
    expect(gateAnnotations(open)[0]).toMatch(/^::warning title=a%3A verdict::accepted until 2026-12-01[^\n]*$/);
    expect(gateJunit(open)).not.toContain(HOSTILE_MARKER);
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
