import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readScenario } from "../scenario/read-scenario.ts";
import { composeFiles } from "./compose.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");

test("a stack with an archive is refused: its bucket would have to be there already", async () => {
  const read = await readScenario(path.join(ROOT, "scenarios/restore/segment-swap-middle.yaml"));
  await expect(composeFiles(read.plan(0))).rejects.toMatchObject({
    message: expect.stringContaining("db makes something in store while it boots") as string,
    hint: expect.stringContaining("leave archive out of db") as string,
  });
});

test("docker-compose.yml and the files it mounts equal what the drill boots", async () => {
  const read = await readScenario(path.join(ROOT, "scenarios/cross/whole-stack.yaml"));
  const plan = read.plan(0);
  const files = await composeFiles({
    ...plan,
    scenario: { ...plan.scenario, file: "scenarios/cross/whole-stack.yaml" },
  });
  const written = globSync("fixtures/compose/*/*", { cwd: ROOT }).concat("docker-compose.yml");
  expect(written.toSorted(), "no file of an older stack is left over").toEqual([...files.keys()].toSorted());
  for (const { name } of plan.components) expect(files.get("docker-compose.yml")).toContain(`  ${name}.`);
  for (const [name, content] of files)
    expect(
      readFileSync(path.join(ROOT, name), "utf8"),
      `${name}: run ./blackstart compose scenarios/cross/whole-stack.yaml --write`,
    ).toBe(content);
});
