import { expect, test } from "vitest";
import { type CatalogueEntry, coverageOf } from "./coverage.ts";
import type { PeriodRun } from "./period.ts";
import { coverageHtml, coverageText } from "./render/coverage.ts";
import { HOSTILE_MARKER, report } from "./render/testing.ts";
import type { Report } from "./report.ts";
import { readCatalogue } from "./suite/catalogue.ts";
import { EXIT } from "./verdict.ts";

const entry = (id: string): CatalogueEntry => ({ id, title: `case ${id}`, group: "Group" });

const run = (covers: readonly string[], changes: Partial<Report> = {}, of: Partial<PeriodRun> = {}): PeriodRun => {
  const judged = report({ covers, ...changes });
  return {
    run: "run",
    scenario: judged.scenario,
    scenarioSha256: "a".repeat(64),
    wall: "2026-11-24T10:00:00.000Z",
    end: "result",
    exitCode: judged.exitCode,
    report: judged,
    bundleSha256: "b".repeat(64),
    gap: null,
    ...of,
  };
};

const coverage = (runs: readonly PeriodRun[], covers: Readonly<Record<string, readonly string[]>> = {}) =>
  coverageOf({
    catalogue: ["A1", "A2", "A3", "A4"].map(entry),
    scenarios: Object.entries(covers).map(([id, of]) => ({ id, covers: of })),
    runs,
    now: "2026-11-25T12:00:00.000Z",
    days: 90,
  });

test("an id is drilled, not as declared, not drilled or never filed", () => {
  const { rows } = coverage([run(["A1"]), run(["A2"], { verdict: "fail", exitCode: EXIT.missed })], {
    x: ["A1", "A2", "A3"],
  });
  expect(rows.map(({ id, state, begun, asDeclared }) => [id, state, begun, asDeclared])).toEqual([
    ["A1", "drilled", 1, 1],
    ["A2", "not as declared", 1, 0],
    ["A3", "not drilled", 0, 0],
    ["A4", "never filed", 0, 0],
  ]);
});

test("a run without a pack covers nothing, and counts as begun where its scenario is filed", () => {
  const gone = run([], {}, { scenario: "x", report: null, exitCode: EXIT.met, gap: "its pack is not there" });
  expect(coverage([gone], { x: ["A1"] }).rows[0]).toMatchObject({ state: "not as declared", begun: 1, asDeclared: 0 });
});

test("ways are told apart by fault, phase and durability, and counted", () => {
  const step = (does: string, started: string) => ({ name: does, does, target: "db.primary", started, human: false });
  const permits = { guaranteed: { zeroLoss: false, why: [] } };
  const guaranteed = { guaranteed: { zeroLoss: true, why: [] } };
  const crash = [step("fault process-crash", "on checkpoint"), step("recover start", "0 ms after the step before it")];
  const loss = [
    step("fault partition", "1 s after the step before it"),
    step("fault node-loss", "2 s after the step before it"),
  ];
  const { rows } = coverage([
    run(["A1"], { steps: crash, ...permits }),
    run(["A1"], { steps: crash, ...permits }),
    run(["A1"], { steps: crash, ...guaranteed }),
    run(["A1"], { steps: loss, ...permits }),
  ]);
  expect(rows[0]!.ways).toEqual([
    { faults: "process-crash", phase: "checkpoint", durability: "permits loss", drills: 2 },
    { faults: "partition, then node-loss", phase: "under load", durability: "permits loss", drills: 1 },
    { faults: "process-crash", phase: "checkpoint", durability: "guaranteed", drills: 1 },
  ]);
});

test("an id that the catalogue lacks is named", () => {
  const lacking = coverage([], { x: ["A1", "J5"] });
  expect(lacking.unknown).toEqual([{ id: "J5", scenario: "x" }]);
  expect(coverageText(lacking)).toContain("not in the catalogue: J5 of x");
});

test("the catalogue has the 105 cases, each with its group", async () => {
  const all = await readCatalogue();
  expect(all).toHaveLength(105);
  expect(all[0]).toEqual({
    id: "A1",
    title: "The primary is killed; an asynchronous standby takes over",
    group: "PostgreSQL, high availability",
  });
});

test("what others wrote is text in the page", () => {
  const steps = [{ name: "x", does: `fault ${HOSTILE_MARKER}`, target: "db", started: "on x", human: false }];
  expect(coverageHtml(coverage([run(["A1"], { steps })]))).not.toContain(HOSTILE_MARKER);
});
