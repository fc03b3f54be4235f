import { describe, expect, test } from "vitest";
import { type PeriodInput, type PeriodRun, periodOf, spanOf } from "./period.ts";
import { periodCsv, periodHtml, periodText } from "./render/period.ts";
import { HOSTILE_MARKER, inconclusive, lossyControl, report } from "./render/testing.ts";
import type { Report } from "./report.ts";
import { EXIT } from "./verdict.ts";

const SPAN = spanOf("2026-Q4")!;

let runs = 0;
function run(
  wall: string,
  scenario: string,
  changes: Partial<PeriodRun> = {},
  judged: Report | null = report(),
): PeriodRun {
  const name = `run-${++runs}`;
  const own = judged && { ...judged, scenario, run: name };
  return {
    run: name,
    scenario,
    scenarioSha256: "a".repeat(64),
    wall,
    end: "result",
    exitCode: own?.exitCode ?? null,
    report: own,
    bundleSha256: own && "b".repeat(64),
    gap: null,
    ...changes,
  };
}

const period = (all: readonly PeriodRun[], expected: PeriodInput["expected"] = []) =>
  periodOf({ span: SPAN, madeAt: "2026-12-31T12:00:00.000Z", runs: all, expected });

const failed = (): Report => report({ verdict: "fail", exitCode: EXIT.missed });

describe("a span", () => {
  test.each([
    ["2026-Q4", "2026-10-01", "2027-01-01"],
    ["2026-02", "2026-02-01", "2026-03-01"],
    ["2026-11-24..2026-11-24", "2026-11-24", "2026-11-25"],
  ])("%s is from %s until %s", (name, from, to) => expect(spanOf(name)).toEqual({ name, from, to }));

  test.each(["2026-Q5", "2026-13", "2026", "2026-11-31..2026-12-01", "2026-12-02..2026-12-01", "x"])(
    "%s is none",
    (text) => expect(spanOf(text)).toBeNull(),
  );
});

describe("the population", () => {
  test("has every run, however it ended, and a run without a pack is a gap", () => {
    const all = [
      run("2026-10-02T10:00:00.000Z", "a"),
      run("2026-10-03T10:00:00.000Z", "a", { end: "crashed", exitCode: null }, null),
      run("2026-10-04T10:00:00.000Z", "a", { end: "void", exitCode: null }, null),
      run("2026-10-05T10:00:00.000Z", "a", { end: "open" }, null),
      run("2026-10-06T10:00:00.000Z", "a", { exitCode: EXIT.met, gap: "its pack is not there" }, null),
    ];
    const { population, gaps } = period(all);
    expect(population).toEqual({ begun: 5, result: 2, crashed: 1, aborted: 0, void: 1, open: 1, gaps: 1 });
    expect(gaps).toEqual([{ run: all[4]!.run, scenario: "a", why: "its pack is not there" }]);
  });

  test("a month that is still to come is no blank yet", () => {
    const page = (madeAt: string) =>
      periodHtml(periodOf({ span: SPAN, madeAt, runs: [run("2026-11-02T10:00:00.000Z", "a")], expected: [] }));
    expect(page("2026-11-29T10:00:00.000Z").split("to come</span>").length - 1).toBe(1);
    expect(page("2026-12-01T10:00:00.000Z")).not.toContain("to come</span>");
  });

  test("a scenario that was never drilled is a row of blanks, and a month without a run one blank", () => {
    const { scenarios, months } = period(
      [run("2026-11-02T10:00:00.000Z", "a"), run("2026-11-03T10:00:00.000Z", "a", {}, failed())],
      [{ scenario: "never", title: "Nobody drills it", covers: ["A1"] }],
    );
    expect(months).toEqual(["2026-10", "2026-11", "2026-12"]);
    expect(
      scenarios.map(({ scenario, months: of }) => [scenario, of.map(({ runs: n, asDeclared }) => [n, asDeclared])]),
    ).toEqual([
      [
        "a",
        [
          [0, 0],
          [2, 1],
          [0, 0],
        ],
      ],
      [
        "never",
        [
          [0, 0],
          [0, 0],
          [0, 0],
        ],
      ],
    ]);
  });

  test("a claim counts what could not be measured, and a run without a pack, as over", () => {
    const all = Array.from({ length: 59 }, (_, i) => run(`2026-11-02T10:00:${String(i).padStart(2, "0")}.000Z`, "a"));
    expect(period(all).scenarios[0]?.recovery?.claim).toBe("P95 at 95 % confidence from 59 runs.");
    const gone = [...all.slice(1), run("2026-11-03T10:00:00.000Z", "a", { exitCode: EXIT.met, gap: "gone" }, null)];
    expect(period(gone).scenarios[0]?.recovery?.claim).toContain("1 of them over the objective or not measured");
    expect(period(gone).scenarios[0]?.lost?.claim).toContain("Loss seen or not ruled out in 1 of 59 runs");
  });
});

describe("findings", () => {
  test("are closed by the first later run of the scenario that ended as declared, and by no other", () => {
    const bad = run("2026-10-02T10:00:00.000Z", "a", {}, failed());
    const other = run("2026-10-03T10:00:00.000Z", "b");
    const [still, retest] = [
      run("2026-10-04T10:00:00.000Z", "a", {}, inconclusive()),
      run("2026-10-05T10:00:00.000Z", "a", { scenarioSha256: "c".repeat(64) }),
    ];
    expect(period([bad, other]).findings).toMatchObject([{ run: bad.run, closedBy: null }]);
    expect(period([bad, other, still, retest]).findings).toMatchObject([
      { run: bad.run, closedBy: { run: retest.run, sameScenario: false } },
      { run: still.run, closedBy: { run: retest.run } },
    ]);
  });

  test("a run before it closes nothing, nor does one whose pack cannot be believed", () => {
    const bad = run("2026-10-02T10:00:00.000Z", "a", {}, failed());
    const before = run("2026-10-01T10:00:00.000Z", "a");
    const without = run("2026-10-03T10:00:00.000Z", "a", { exitCode: EXIT.met, gap: "its pack does not verify" }, null);
    expect(period([before, bad, without]).findings.map(({ closedBy }) => closedBy)).toEqual([null, null]);
  });

  test("a lossy control that failed as declared is none", () => {
    expect(period([run("2026-10-02T10:00:00.000Z", "a", {}, lossyControl())]).findings).toEqual([]);
  });
});

test("the uptime budget is held against the longest recovery of a drill that must not lose anything", () => {
  const slow = { objectiveMs: 300_000, lowerMs: 59_000, upperMs: 60_000 };
  const { budget } = period([
    run("2026-10-02T10:00:00.000Z", "a", {}, report({ recoveryTime: slow })),
    run("2026-10-02T11:00:00.000Z", "b", {}, lossyControl({ recoveryTime: { ...slow, upperMs: 90_000 } })),
  ]);
  // 92 days of 86,400,000 ms, of which 0.01 % is 794,880 ms: 13 minutes and a bit.
  expect(budget).toEqual({ uptime: 0.9999, allowedMs: 794_880, worstMs: 60_000, worstScenario: "a", incidents: 13 });
});

test.each([
  ["No drill", []],
  ["1 open finding", [run("2026-10-02T10:00:00.000Z", "a", {}, failed())]],
  [
    "Gaps",
    [
      run("2026-10-02T10:00:00.000Z", "a", { exitCode: EXIT.met, gap: "gone" }, null),
      run("2026-10-03T10:00:00.000Z", "a"),
    ],
  ],
  ["Complete", [run("2026-10-02T10:00:00.000Z", "a")]],
])("the headline says %s", (word, all) => {
  expect(periodText(period(all))).toContain(`2026-Q4: ${word}. `);
  expect(periodHtml(period(all))).toContain(`<span class="verdict">${word}</span>`);
});

test("what others wrote is text in the page and no formula in the table", () => {
  const hostile = run(
    "2026-10-02T10:00:00.000Z",
    HOSTILE_MARKER,
    { gap: `=cmd()${HOSTILE_MARKER}`, exitCode: EXIT.met },
    null,
  );
  expect(periodHtml(period([hostile]))).not.toContain(HOSTILE_MARKER);
  expect(periodCsv([hostile])).toContain(`"'=cmd()`);
});
