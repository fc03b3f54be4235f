import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readScenario } from "../scenario/read-scenario.ts";
import { composeFiles } from "./compose.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");

test("docker-compose.yml and the files it mounts equal what the drill boots", async () => {
  const read = await readScenario(path.join(ROOT, "scenarios/postgres/primary-node-loss.yaml"));
  const plan = read.plan(0);
  const files = await composeFiles({
    ...plan,
    scenario: { ...plan.scenario, file: "scenarios/postgres/primary-node-loss.yaml" },
  });
  expect(files.size).toBeGreaterThan(5);
  for (const [name, content] of files)
    expect(
      readFileSync(path.join(ROOT, name), "utf8"),
      `${name}: run ./blackstart compose scenarios/postgres/primary-node-loss.yaml --write`,
    ).toBe(content);
});
