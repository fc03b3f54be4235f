import { randomInt } from "node:crypto";
import { readdirSync } from "node:fs";
import path from "node:path";
import type { Plan } from "../plan.ts";
import { ScenarioProblems } from "../scenario/problem.ts";
import { readScenarios } from "../scenario/read-scenario.ts";

const SCENARIOS = path.join(import.meta.dirname, "real");

/** A short drill on a real store that must lose what its plan declares. */
export interface RealControl {
  readonly file: string;
  readonly plan: Plan;
}

export interface NotRun {
  readonly control: string;
  readonly why: string;
}

/** Every scenario of real/, or those of these names, each with a seed of its own. */
export async function realControls(only?: readonly string[]): Promise<RealControl[]> {
  const names = readdirSync(SCENARIOS).toSorted();
  const files = names.filter((name) => only?.includes(path.parse(name).name) ?? true);
  const { scenarios, problems } = await readScenarios(files.map((name) => path.join(SCENARIOS, name)));
  if (problems.length > 0) throw new ScenarioProblems(problems);
  return scenarios.map((scenario) => ({ file: scenario.file, plan: scenario.plan(randomInt(2 ** 32)) }));
}

/** What would have been run, and why it is not. */
export const leaveOut = async (why: string, only?: readonly string[]): Promise<NotRun[]> =>
  (await realControls(only)).map(({ plan }) => ({ control: plan.scenario.id, why }));
