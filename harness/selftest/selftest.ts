import packageJson from "../../package.json" with { type: "json" };
import { clockSynchronised, preload } from "../engine/clock.ts";
import { type Env, evaluatorFacts, keepSelftest, type KeptSelftest, loadSigner } from "../evidence.ts";
import type { Listener } from "../progress.ts";
import { EXIT, type ExitCode, worstExit } from "../verdict.ts";
import { type Judge, runPlanted } from "./planted.ts";
import type { RealEnd } from "./real.ts";
import { leaveOut } from "./real-controls.ts";

export interface SelftestOptions {
  readonly reportsDir: string;
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly listen: Listener;
  /** Drills on real stores: where this machine can, all of them or exit 6, or none. */
  readonly real: "if-possible" | "required" | "none";
  /** Names of the drills in real/; all of them if left out. */
  readonly only?: readonly string[];
  /** Stands in for a drill's way of judging, in the test that a blind evaluator is noticed. */
  readonly judge?: Judge;
}

export interface SelftestEnd {
  readonly kept: KeptSelftest;
  readonly exitCode: ExitCode;
}

/**
 * The controls of all checkers: planted records, then drills that must lose writes. What came of it is signed and kept beside the
 * run ledger whether or not all is well, and drills after it name the newest in their reports. Rejects (exit 6), and signs nothing,
 * where real drills are required and no engine answers.
 */
export async function selftest(options: SelftestOptions): Promise<SelftestEnd> {
  const { reportsDir, env, signal, listen } = options;
  const { signer, created } = loadSigner(env);
  if (created) listen({ kind: "note", text: `made a development key for this machine; its public half is ${created}` });
  if (options.real === "required") await (await import("./real.ts")).needEngine();
  const { evaluatorSha256, dirty } = evaluatorFacts();
  signal.throwIfAborted();
  const startMs = performance.now();
  const controls = await runPlanted(options.judge);
  signal.throwIfAborted();
  const wrong = controls.filter(({ ok }) => !ok);
  const tookS = ((performance.now() - startMs) / 1_000).toFixed(1);
  listen({
    kind: "note",
    text: `planted: ${controls.length - wrong.length} of ${controls.length} as they must be (${tookS} s)`,
  });
  const { real, notRun, exitCode } = await realPart(options);
  const kept = await keepSelftest(
    reportsDir,
    {
      blackstart: packageJson.version,
      evaluatorSha256,
      dirty,
      clockSynchronised: await clockSynchronised(),
      preload: preload(env),
      when: new Date().toISOString(),
      controls,
      real: [...real],
      notRun: [...notRun],
    },
    signer,
  );
  return { kept, exitCode: worstExit([wrong.length > 0 ? EXIT.missed : EXIT.met, exitCode]) };
}

/** Loaded only when it is asked for: planted controls need no engine. */
async function realPart({ real, ...options }: SelftestOptions): Promise<RealEnd> {
  if (real === "none") return { real: [], notRun: await leaveOut("not asked for", options.only), exitCode: EXIT.met };
  const { runReal } = await import("./real.ts");
  return runReal({ ...options, required: real === "required" });
}
