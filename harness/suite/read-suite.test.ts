import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { problemLines } from "../scenario/problem.ts";
import { itemsOf } from "./items.ts";
import { SUITE_SCHEMA_FILE, suiteSchemaText } from "./json-schema.ts";
import { readSuite, readSuiteFile } from "./read-suite.ts";
import { SUITE, suiteFile } from "./testing.ts";

async function problemsOf(text: string): Promise<string[]> {
  const file = await suiteFile(text);
  const { suite, problems } = await readSuiteFile(file);
  expect(suite).toBeNull();
  return problemLines(problems).map((line) => line.replaceAll(file, "x.yaml"));
}

const but = (from: string, to: string): string => {
  expect(SUITE).toContain(from);
  return SUITE.replace(from, to);
};

describe("a suite", () => {
  test("names scenarios and folders, and a scenario's own line counts", async () => {
    const { id, covers, drills } = await readSuite(await suiteFile());
    expect([id, covers]).toEqual(["small", ["A3"]]);
    expect(drills.map(({ scenario, repeat }) => [scenario.scenario.id, repeat])).toEqual([
      ["one", 2],
      ["two", 1],
    ]);
  });

  test.each([
    [
      "a drill that is not there",
      but("pg/one", "pg/three"),
      /^x\.yaml:4:14: drills\[0\]\.drill: found "pg\/three", expected a scenario or a folder in /,
    ],
    [
      "a way out of the scenarios",
      but("pg/one", "../pg/one"),
      /^x\.yaml:4:14: drills\[0\]\.drill: found "\.\.\/pg\/one", expected a scenario or a folder below scenarios\//,
    ],
    [
      "a drill that is named twice",
      but("{ drill: pg }", "{ drill: pg/one }"),
      /^x\.yaml:5:14: drills\[1\]\.drill: found "pg\/one", expected a scenario that is named once$/,
    ],
    [
      "coverage that no drill gives",
      but("[A3]", "[A3, B1]"),
      /^x\.yaml:6:14: covers\[1\]: found B1, expected a catalogue id that one of the suite's drills covers$/,
    ],
    [
      "a misspelt key",
      but("repeat: 2", "repeats: 2"),
      /^x\.yaml:4:22: drills\[0\]\.repeats: unknown key, expected one of drill, repeat; did you mean repeat\?$/,
    ],
    [
      "no repetition",
      but("repeat: 2", "repeat: 0"),
      /^x\.yaml:4:30: drills\[0\]\.repeat: found 0, expected at least 1$/,
    ],
  ])("%s is said with its place", async (_what, text, expected) => {
    const lines = await problemsOf(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(expected);
  });

  test("a scenario with a problem makes a suite with that problem", async () => {
    const file = await suiteFile();
    const one = join(dirname(file), "..", "pg", "one.yaml");
    await writeFile(one, (await readFile(one, "utf8")).replace("300/s", "300"));
    const { suite, problems } = await readSuiteFile(file);
    expect([suite, problems.map(({ path }) => path.join("."))]).toEqual([null, ["workload.0.rate"]]);
  });
});

test("the shards of a suite share no drill and leave none out", async () => {
  const suite = await readSuite(await suiteFile());
  const all = itemsOf(suite, null).map(({ key }) => key);
  expect(all).toEqual(["one-1", "one-2", "two-1"]);
  const parts = [1, 2].map((index) => itemsOf(suite, { index, of: 2 }).map(({ key }) => key));
  expect(parts).toEqual([["one-1", "two-1"], ["one-2"]]);
});

test("the schema in fixtures is that of the shape", async () => {
  expect(await readFile(SUITE_SCHEMA_FILE, "utf8")).toBe(suiteSchemaText());
});
