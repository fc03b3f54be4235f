import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { OUTCOME_CLASSES } from "../plan.ts";
import { readScenario, readScenarios } from "./read-scenario.ts";
import { isSuite } from "./yaml-files.ts";
import { planOf, problemsOf, SOUND, scenarioFile, soundBut } from "./testing.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname;
const SCENARIOS = globSync(`${REPOSITORY}scenarios/**/*.yaml`)
  .filter((file) => !isSuite(file))
  .toSorted();

test("there are scenarios, each with an id of its own", async () => {
  const { scenarios, problems } = await readScenarios(SCENARIOS);
  expect(problems).toEqual([]);
  expect(scenarios.length).toBeGreaterThanOrEqual(21);
});

test.each(SCENARIOS.map((file) => relative(REPOSITORY, file)))("%s plans, and names the schema first", async (file) => {
  const path = `${REPOSITORY}${file}`;
  const read = await readScenario(path);
  const plan = read.plan(7);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  expect(read.plan(7)).toEqual(plan);
  expect((await readFile(path, "utf8")).split("\n")[0]).toBe(
    "# yaml-language-server: $schema=../../fixtures/scenario.schema.json",
  );
});

test.each(SCENARIOS.map((file) => relative(REPOSITORY, file)))(
  "%s says what it covers and what must come of it",
  async (file) => {
    const written = parse(await readFile(`${REPOSITORY}${file}`, "utf8")) as Record<string, unknown>;
    expect(written["covers"]).toBeInstanceOf(Array); // empty: nothing in the catalogue is like it
    expect(OUTCOME_CLASSES).toContain(written["outcome"]);
  },
);

test("a plan writes every name, unit and default out", async () => {
  const plan = await planOf(SOUND, [], 42);
  expect(plan).toEqual({
    schema: "blackstart/plan/v1",
    scenario: {
      id: "sound",
      title: "Something happens",
      file: "x.yaml",
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      covers: [],
      controls: [],
    },
    overrides: [],
    seed: 42,
    policy: { id: "adr-004", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    objectives: { recoveryTimeMs: 300_000, lostWrites: 0, detectionMs: 1_000 },
    components: [
      {
        name: "db",
        kind: "postgres",
        config: expect.objectContaining({
          version: 17,
          standbys: [{ name: "standby", replication: "synchronous", settings: {} }],
          timescale: false,
          settings: {},
        }),
        nodes: ["db.primary", "db.standby"],
      },
    ],
    workload: [
      {
        name: "ledger",
        kind: "ledger",
        targets: ["db"],
        ratePerSecond: 300,
        connections: 8,
        transfers: 0.2,
        timeoutMs: 1_000,
      },
    ],
    probes: [
      { name: "db.write", target: "db", mode: "write", everyMs: 100, timeoutMs: 500, critical: true },
      { name: "db.read", target: "db", mode: "read", everyMs: 100, timeoutMs: 500, critical: true },
    ],
    steadyState: { holdMs: 3_000, errors: 0, timeoutMs: 60_000 },
    steps: [
      {
        name: "node-loss",
        does: "fault",
        kind: "node-loss",
        target: "db.primary",
        params: { disk: "lost" },
        start: { by: "time", afterMs: 0, jitterMs: 0 },
      },
      {
        name: "promote",
        does: "recover",
        kind: "promote",
        target: "db.standby",
        params: { fence: "none", repoint: true },
        expect: "success",
        start: { by: "detector", probe: "db", fails: 3, everyMs: 150, timeoutMs: 150 },
      },
    ],
    settleMs: 3_000,
    verify: ["no-lost-writes"],
    outcome: null,
    expect: { verdict: "pass", failed: [] },
  });
});

test("steps, workloads and probes without a name get one that is free", async () => {
  const plan = await planOf(
    soundBut(
      [
        "rate: 300/s }",
        "rate: 300/s }\n  - { kind: ledger, target: db, rate: 1/s }\n  - { kind: ledger, target: db, rate: 1/s, name: ledger }",
      ],
      [
        "steps:\n",
        `probes: [{ target: db, mode: read, every: 50ms }, { target: db, mode: read }]
steps:
  - { fault: latency, target: db, latency: 10ms }
  - { heal: latency, at: { after: 1s, jitter: 20ms } }
  - { fault: latency, target: db, latency: 10ms, at: { on: checkpoint } }
  - { heal: latency-2 }
`.replace("at: { on: checkpoint }", "at: { after: 0.5s }"),
      ],
    ),
  );
  expect(plan.workload.map((w) => w.name)).toEqual(["ledger-2", "ledger-3", "ledger"]);
  expect(plan.probes.map((p) => [p.name, p.everyMs, p.critical])).toEqual([
    ["db.read", 50, true],
    ["db.read-2", 100, true],
  ]);
  expect(plan.steps.map((s) => s.name)).toEqual([
    "latency",
    "heal-latency",
    "latency-2",
    "heal-latency-2",
    "node-loss",
    "promote",
  ]);
  expect(plan.steps[1]).toEqual({
    name: "heal-latency",
    does: "heal",
    fault: "latency",
    start: { by: "time", afterMs: 1_000, jitterMs: 20 },
  });
  expect(plan.steps[3]).toMatchObject({ does: "heal", fault: "latency-2" });
});

test("an objective may be tightened, and a declared loss is carried over", async () => {
  const plan = await planOf(
    `${soundBut(["expect: pass", "expect: fail"])}expectLoss: { min: 5, max: 9, shape: suffix }\nobjectives: { recoveryTime: 30s }\n`,
  );
  expect(plan.objectives).toEqual({ recoveryTimeMs: 30_000, lostWrites: 0, detectionMs: 1_000 });
  expect(plan.expect).toEqual({
    verdict: "fail",
    failed: ["no-lost-writes"],
    lost: { min: 5, max: 9, shape: "suffix" },
  });
});

test("a trigger of the target starts a step", async () => {
  const plan = await planOf(soundBut(["target: db.primary }", "target: db.primary, at: { on: checkpoint } }"]));
  expect(plan.steps[0]?.start).toEqual({ by: "trigger", on: "checkpoint" });
});

test("a script on the host may serve a component or a node", async () => {
  for (const target of ["db", "db.standby"]) {
    const step = `{ recover: exec, target: ${target}, command: [./runbook.sh] }`;
    expect(await problemsOf(soundBut(["{ recover: promote, target: db.standby, when: { probe: db } }", step]))).toEqual(
      [],
    );
  }
});

test("problems of several files come in the order of the files, and ids must differ", async () => {
  const [one, two, three] = [
    await scenarioFile(SOUND),
    await scenarioFile(SOUND),
    await scenarioFile(soundBut(["id: sound", "id: S"])),
  ];
  const { scenarios, problems } = await readScenarios([one, two, three]);
  expect(scenarios.map((s) => s.file)).toEqual([one]);
  expect(problems.map((p) => p.place.file)).toEqual([two, three]);
  expect(problems[0]).toMatchObject({ path: ["id"], found: `sound, the id of ${one} too` });
});

test("what is no file is refused without being read", async () => {
  for (const [path, what] of [
    ["/dev/zero", "not a regular file"],
    ["/", "not a regular file"],
    ["./nowhere.yaml", "there is no such file"],
  ] as const) {
    const { problems } = await readScenarios([path]);
    expect(problems).toEqual([{ place: { file: path }, path: [], what }]);
  }
});

test("a plan never carries a path of this machine", async () => {
  expect((await planOf(SOUND)).scenario.file).toBe("x.yaml");
});
