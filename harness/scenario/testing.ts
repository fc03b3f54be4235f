import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ScenarioProblems } from "./problem.ts";
import { readScenario } from "./read-scenario.ts";

/** A sound scenario, a line a key; tests replace a line of it. */
export const SOUND = `id: sound
title: Something happens
stack:
  db: { kind: postgres, standbys: [{ name: standby, replication: synchronous }] }
workload:
  - { kind: ledger, target: db, rate: 300/s }
steps:
  - { fault: node-loss, target: db.primary }
  - { recover: promote, target: db.standby, when: { probe: db } }
verify: [no-lost-writes]
expect: pass
`;

/** The sound scenario with each text replaced by another. Fails when there is nothing to replace. */
export function soundBut(...changes: readonly [from: string, to: string][]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`nothing to replace: ${from}`);
    return text.replace(from, () => to);
  }, SOUND);
}

/** Writes a scenario into a folder that goes when the test is over. */
export async function scenarioFile(content: string | Buffer, name = "x.yaml"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blackstart-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

export const planOf = async (text: string, set: readonly string[] = [], seed = 1) =>
  (await readScenario(await scenarioFile(text), { set })).plan(seed);

/** What is said of a scenario, a line a problem, with `x.yaml` for the file. Empty when it is sound. */
export async function problemsOf(content: string | Buffer, set: readonly string[] = []): Promise<string[]> {
  const file = await scenarioFile(content);
  try {
    await readScenario(file, { set });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ScenarioProblems)) throw thrown;
    return thrown.message.replaceAll(file, "x.yaml").split("\n").slice(1);
  }
}
