import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { componentKinds } from "../components.ts";
import { faultKinds } from "../faults.ts";
import { recoveryKinds } from "../recoveries.ts";
import { SCHEMA_FILE, schemaText } from "./json-schema.ts";
import { SOUND, soundBut } from "./testing.ts";
import { isSuite } from "./yaml-files.ts";

const written = readFileSync(SCHEMA_FILE, "utf8");
const schema = z.fromJSONSchema(JSON.parse(written));
const accepts = (text: string): boolean => schema.safeParse(parse(text)).success;

test("fixtures/scenario.schema.json is what `blackstart schema --write` writes", () => {
  expect(written).toBe(schemaText());
});

test("it accepts every scenario", () => {
  const files = globSync(new URL("../../scenarios/**/*.yaml", import.meta.url).pathname).filter(
    (file) => !isSuite(file),
  );
  expect(files.filter((file) => !accepts(readFileSync(file, "utf8")))).toEqual([]);
  expect(accepts(SOUND)).toBe(true);
});

test.each<[string, string, string]>([
  ["an unknown key", "id: sound", "id: sound\nfoo: 1"],
  ["a missing key", "title: Something happens\n", ""],
  ["a rate without a unit", "300/s", "300"],
  ["an unknown fault", "node-loss", "node-los"],
  ["a parameter of another fault", "target: db.primary", "target: db.primary, latency: 1s"],
  ["a step that does two things", "fault: node-loss", "fault: node-loss, heal: x"],
  ["an unknown kind", "kind: postgres", "kind: oracle"],
  ["an unknown checker", "no-lost-writes", "no-loss"],
  ["an unknown trigger", "target: db.primary", "target: db.primary, at: { on: nothing }"],
])("it refuses %s", (_name, from, to) => {
  expect(accepts(soundBut([from, to]))).toBe(false);
});

test("editors can show every kind with what it does", () => {
  for (const { summary } of [...componentKinds, ...faultKinds, ...recoveryKinds])
    expect(written).toContain(JSON.stringify(summary));
});

test("no default is shown in a form that a scenario may not have", () => {
  const wrong: unknown[] = [];
  JSON.parse(written, (_key, value) => {
    if (value?.type === "string" && value.default !== undefined && typeof value.default !== "string") wrong.push(value);
    return value;
  });
  expect(wrong).toEqual([]);
});
