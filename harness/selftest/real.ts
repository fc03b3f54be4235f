import { readFileSync } from "node:fs";
import path from "node:path";
import { conductDrill, type DrillEnd } from "../drill/conduct.ts";
import { imagesOf } from "../drill/plan-images.ts";
import { engine } from "../engine/connect.ts";
import { listImages } from "../engine/images.ts";
import { BlackstartError, messageOf } from "../errors.ts";
import { type Env, selftestDirOf } from "../evidence.ts";
import type { Plan } from "../plan.ts";
import type { Listener } from "../progress.ts";
import { grouped } from "../text.ts";
import { EXIT, type ExitCode, worstExit } from "../verdict.ts";
import { leaveOut, type NotRun, type RealControl, realControls } from "./real-controls.ts";

export interface RealResult {
  readonly control: string;
  readonly run: string;
  /** Of the signed report in its pack. */
  readonly bundleSha256: string;
  readonly expected: string;
  readonly got: string;
  readonly ok: boolean;
}

export interface RealEnd {
  readonly real: readonly RealResult[];
  readonly notRun: readonly NotRun[];
  /** The worst of them; those that were not run count for `exitCode` only where they had to be. */
  readonly exitCode: ExitCode;
}

export interface RealOptions {
  readonly reportsDir: string;
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly listen: Listener;
  /** Whether all of them must run, with images pulled or built for it; else what this machine lacks is left out and named. */
  readonly required: boolean;
  /** Names of the drills in real/; all of them if left out. */
  readonly only?: readonly string[] | undefined;
}

/** Rejects (exit 6) where no engine answers. */
export const needEngine = async (): Promise<void> => void (await engine());

/**
 * Short drills whose loss is known before, conducted, judged and sealed as any other. Their packs and their run ledger are in the
 * selftest's own folder: a control is no attempt at anything.
 */
export async function runReal(options: RealOptions): Promise<RealEnd> {
  const drills = await realControls(options.only);
  const answers = await needEngine().then(
    () => true,
    () => false,
  );
  if (!answers)
    return {
      real: [],
      notRun: await leaveOut("no engine", options.only),
      exitCode: options.required ? EXIT.notReady : EXIT.met,
    };
  const real: RealResult[] = [];
  const notRun: NotRun[] = [];
  const codes: ExitCode[] = [];
  for (const drill of drills) {
    const control = drill.plan.scenario.id;
    const lacking = options.required ? null : await missingImage(drill.plan);
    if (lacking !== null) {
      notRun.push({ control, why: `the image ${lacking} is not on this machine` });
      continue;
    }
    const { result, why, exitCode } = await conduct(drill, options);
    if (result) real.push(result);
    else notRun.push({ control, why });
    codes.push(exitCode);
  }
  return { real, notRun, exitCode: worstExit(codes) };
}

async function missingImage(plan: Plan): Promise<string | null> {
  const present = new Set((await listImages()).filter((image) => image.present).map(({ name }) => name));
  return [...imagesOf(plan)].find((name) => !present.has(name)) ?? null;
}

type Conducted = { result: RealResult | null; why: string; exitCode: ExitCode };

async function conduct({ file, plan }: RealControl, options: RealOptions): Promise<Conducted> {
  const { env, signal, listen, required } = options;
  const control = plan.scenario.id;
  listen({ kind: "note", text: `${control}: ${plan.scenario.title}` });
  try {
    const end = await conductDrill({ file, plan, reportsDir: selftestDirOf(options.reportsDir), env, signal, listen });
    signal.throwIfAborted();
    for (const what of end.unclean) listen({ kind: "note", text: `not cleaned up: ${what}` });
    const result = resultOf(plan, end);
    listen({ kind: "note", text: `${control}: ${result.ok ? "as it must be" : "NOT as it must be"}: ${result.got}` });
    const { exitCode } = end.report;
    // A drill that was not proven is no proof against a checker either.
    const judged = result.ok ? EXIT.met : exitCode === EXIT.inconclusive ? EXIT.inconclusive : EXIT.missed;
    return { result, why: "", exitCode: end.unclean.length > 0 ? EXIT.notClean : judged };
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof BlackstartError) || thrown.exitCode !== EXIT.notReady) throw thrown;
    listen({ kind: "note", text: `${control}: not run: ${messageOf(thrown)}` });
    return { result: null, why: messageOf(thrown), exitCode: required ? EXIT.notReady : EXIT.met };
  }
}

/** What the plan declares, what the report says, and the loss counted once more without a line of the checkers. */
function resultOf({ scenario, expect }: Plan, { report, sealed, packDir }: DrillEnd): RealResult {
  const { min, max, shape } = expect.lost ?? { min: 1 };
  const bounds = max === undefined ? `${grouped(min)} or more` : `${grouped(min)} to ${grouped(max)}`;
  const expected = `fail: ${bounds} acknowledged writes lost${shape === undefined ? "" : `, a ${shape}`}, and nothing else wrong`;
  const lost = report.lost.count;
  const counted = countAgain(packDir);
  const declared = report.reasons.find(({ check }) => check === "declared-loss");
  const said = `${grouped(lost)} of ${grouped(report.operations.acknowledged)} acknowledged writes lost, a ${report.lost.shape}`;
  const got = `${report.verdict}: ${said}; counted again without the checkers: ${grouped(counted)}; ${declared?.detail ?? ""}`;
  const ok = report.exitCode === EXIT.met && counted === lost;
  return { control: scenario.id, run: report.run, bundleSha256: sealed.bundleSha256, expected, got, ok };
}

interface Line {
  readonly store: string;
  readonly op: string;
  readonly outcome?: string;
}

function countAgain(packDir: string): number {
  const linesOf = (name: string): Line[] =>
    readFileSync(path.join(packDir, "raw", name), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
  const found = new Set(linesOf("recovered.jsonl").map(({ store, op }) => JSON.stringify([store, op])));
  return linesOf("operations.jsonl").filter(
    ({ store, op, outcome }) => outcome === "ok" && !found.has(JSON.stringify([store, op])),
  ).length;
}
