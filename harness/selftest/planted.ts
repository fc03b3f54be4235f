import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { analyzePack } from "../analyze.ts";
import { messageOf } from "../errors.ts";
import type { Report } from "../report.ts";
import { type Verdict, worst } from "../verdict.ts";
import type { CheckControls, Control } from "./control.ts";
import { controls as all } from "./controls.ts";
import { rawFilesOf, writeRaw } from "./raw-files.ts";

export interface PlantedResult {
  readonly checker: string;
  readonly control: string;
  /** `fail: 10 of 730 acknowledged writes lost …`: the verdict, and the finding to the letter. */
  readonly expected: string;
  readonly got: string;
  readonly ok: boolean;
}

const VERDICTS: readonly Verdict[] = ["pass", "fail", "unknown"];
/** Reading a record waits for the disk most of the time. */
const AT_ONCE = 8;

interface Case {
  readonly check: string;
  readonly verdict: Verdict;
  readonly control: Control;
}

/** Judges the folder of a run; a drill's own way unless a test puts a blind evaluator in its place. */
export type Judge = (dir: string) => Promise<Report>;

/**
 * Every planted control, written to disk as a drill leaves its record and judged by the call that judges a drill: what is proven
 * here is the loader, the checker, and that its finding reaches the verdict.
 */
export async function runPlanted(
  judge: Judge = analyzePack,
  controls: readonly CheckControls[] = all,
): Promise<PlantedResult[]> {
  const cases = controls.flatMap(({ check, ...by }) =>
    VERDICTS.flatMap((verdict) => by[verdict].map((control) => ({ check, verdict, control }))),
  );
  const root = await mkdtemp(path.join(tmpdir(), "blackstart-selftest-"));
  const results: PlantedResult[] = [];
  try {
    while (results.length < cases.length) {
      const some = cases.slice(results.length, results.length + AT_ONCE);
      results.push(...(await Promise.all(some.map((one, i) => runOne(path.join(root, String(i)), one, judge)))));
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return results;
}

async function runOne(
  dir: string,
  { check: checker, verdict, control: { name, history, damage, says } }: Case,
  judge: Judge,
): Promise<PlantedResult> {
  const expected = `${verdict}: ${says}`;
  const files = rawFilesOf(history());
  damage?.(files);
  writeRaw(dir, files);
  const got = await judged(dir, checker, judge);
  await rm(dir, { recursive: true });
  return { checker, control: name, expected, got, ok: got === expected };
}

/** What the check said; unknown where it was not heard, where the evaluator broke, and where the verdict is better than the finding. */
async function judged(dir: string, checker: string, judge: Judge): Promise<string> {
  try {
    const { reasons, verdict } = await judge(dir);
    const finding = reasons.find(({ check }) => check === checker);
    if (!finding) return "unknown: the check was not heard";
    if (worst([finding.verdict, verdict]) !== verdict)
      return `unknown: the verdict is ${verdict} although the check says ${finding.verdict}`;
    return `${finding.verdict}: ${finding.detail}`;
  } catch (thrown) {
    return `unknown: the evaluator broke: ${messageOf(thrown)}`;
  }
}
