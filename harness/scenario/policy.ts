import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Objectives } from "../plan.ts";
import { ScenarioProblems, settled } from "./problem.ts";
import { read } from "./reader.ts";
import { name, objectives } from "./shape.ts";
import { readSource } from "./source.ts";

/** What was promised, and where. A scenario may only tighten it. */
export interface Policy {
  readonly id: string;
  readonly title: string;
  readonly sha256: string;
  readonly objectives: Objectives;
}

const policy = z.strictObject({
  id: name,
  title: z.string().min(1).max(200),
  objectives: z.strictObject({
    recoveryTime: objectives.shape.recoveryTime.unwrap(),
    lostWrites: objectives.shape.lostWrites.unwrap(),
    detection: objectives.shape.detection.unwrap(),
  }),
});

/** The policy that every drill is held against. */
export const ADR_004 = new URL("../../fixtures/policies/adr-004.yaml", import.meta.url);

/** Reads a policy as strictly as a scenario: every problem at once, exit 2. */
export async function readPolicy(file: URL | string = ADR_004): Promise<Policy> {
  const label =
    typeof file === "string" ? file : file.pathname.slice(new URL("../..", import.meta.url).pathname.length);
  const source = readSource(label, await readFile(file));
  const said = read(source, policy, []);
  if (!said || source.problems.length > 0) throw new ScenarioProblems(settled(source.problems));
  const { recoveryTime, lostWrites, detection } = said.objectives;
  return {
    id: said.id,
    title: said.title,
    sha256: source.sha256,
    objectives: { recoveryTimeMs: recoveryTime, lostWrites, detectionMs: detection },
  };
}
