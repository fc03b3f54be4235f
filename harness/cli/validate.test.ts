import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { SOUND, scenarioFile, soundBut } from "../scenario/testing.ts";
import { blackstart } from "./testing.ts";

const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

test("all scenarios of the repository are valid", async () => {
  const { code, stdout, stderr } = await blackstart("validate");
  expect(code).toBe(0);
  expect(stdout).toContain("ok scenarios/postgres/primary-node-loss.yaml postgres-primary-node-loss\n");
  expect(stderr).toMatch(/^\d+ scenarios and \d+ suites, all valid\n$/);
});

test("problems are told on stderr with their places, and exit 2", async () => {
  const good = await scenarioFile(SOUND, "a.yaml");
  const bad = join(dirname(good), "b.yaml");
  await writeFile(bad, soundBut(["id: sound", "id: other"], ["300/s", "300"], ["db.standby,", "db.standbi,"]));
  expect(await blackstart("validate", dirname(good))).toEqual({
    code: 2,
    stdout: `ok ${good} sound\n`,
    stderr: [
      `${bad}:6:39: workload[0].rate: found 300, expected a rate with a unit, such as 500/s`,
      `${bad}:9:33: steps[1].target: found "db.standbi", expected a node of the stack: one of db.primary, db.standby; did you mean db.standby?`,
      "2 problems in 1 of 2 files\n",
    ].join("\n"),
  });
});

test("--json gives problems in parts", async () => {
  const bad = await scenarioFile(soundBut(["node-loss", "node-los"]));
  const { code, stdout } = await blackstart("validate", bad, "--json");
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    schema: "blackstart/validate/v1",
    valid: [],
    problems: [
      expect.objectContaining({
        file: bad,
        line: 8,
        column: 14,
        override: null,
        path: "steps[0].fault",
        found: '"node-los"',
        meant: "node-loss",
      }),
    ],
  });
});

test.each<[string, string]>([
  ["in the text", soundBut(["Something", "\u001b]0;owned\u0007"])],
  ["in an escape", soundBut(["title: Something happens", 'title: "\\e[2J"'])],
  ["in a key", `${SOUND}"\\e[2J": 1\n`],
  ["in a misspelt name", soundBut(["fault: node-loss", 'fault: "\\u009b2J"'])],
  ["in a tag", soundBut(["title: Something", "title: !\u2028x Something"])],
])("control characters %s never reach the terminal", async (_where, text) => {
  const file = await scenarioFile(text);
  for (const words of [
    ["validate", file],
    ["plan", file],
    ["validate", file, "--json"],
    ["plan", file, "--json"],
  ]) {
    const { code, stdout, stderr } = await blackstart(...words);
    expect(code).toBe(2);
    expect(stderr).not.toBe("");
    expect(`${stdout}${stderr}`).not.toMatch(CONTROL);
  }
});

test("a file name with control characters is shown escaped", async () => {
  const { code, stderr } = await blackstart("validate", "no\u001b[31m\nsuch.yaml");
  expect([code, stderr]).toEqual([
    2,
    "no\\u001b[31m\\u000asuch.yaml: there is no such file\n1 problem in 1 of 1 file\n",
  ]);
});

test("a folder without scenarios is a usage error", async () => {
  const folder = dirname(await scenarioFile("x", "x.txt"));
  expect(await blackstart("validate", folder)).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("holds no scenario"),
  });
});

test("a hundred files are read in one go", async () => {
  const first = await scenarioFile(SOUND, "0.yaml");
  for (let i = 1; i < 100; i++)
    await writeFile(join(dirname(first), `${i}.yaml`), soundBut(["id: sound", `id: sound-${i}`]));
  expect(await blackstart("validate", dirname(first))).toMatchObject({ code: 0, stderr: "100 scenarios, all valid\n" });
});
