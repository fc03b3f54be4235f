import { appendFileSync, existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { CommandModule } from "yargs";
import { z } from "zod";
import type { Acceptor } from "../accepted-risk.ts";
import { usage } from "../errors.ts";
import type { Required } from "../gate.ts";
import type { PeriodRun, RunTime } from "../period.ts";
import { visible } from "../text.ts";
import type { ExitCode } from "../verdict.ts";
import { finish, print, say } from "./io.ts";
import { runsIn } from "./list.ts";
import { type PinArguments, type Pins, pinOptions, signersOf, trustOf } from "./pins.ts";

interface Options extends PinArguments {
  readonly suite: string;
  readonly maxAge: number;
  readonly baseline: string | undefined;
  readonly acceptRisks: string | undefined;
  readonly junit: string | undefined;
  readonly github: boolean;
  readonly reports: string;
  readonly json?: "document" | "stream";
}

/** `gate`: exit 0 only when the newest runs of every scenario of a suite are attested evidence that it holds. */
export const gateCommand: CommandModule<object, Options> = {
  command: "gate",
  describe: "May this go on? Only when the newest runs of every required scenario are attested and hold",
  builder: (yargs) =>
    yargs
      .options(pinOptions("; never one that came with a pack"))
      .option("suite", {
        type: "string",
        requiresArg: true,
        default: "ci",
        describe: "What is required: its scenarios as they are filed now, each as often as it says",
      })
      .option("max-age", {
        type: "string",
        requiresArg: true,
        default: "7d",
        describe: "Oldest that a run may be",
        coerce: maxAge as never,
      })
      .option("baseline", {
        type: "string",
        requiresArg: true,
        describe: "Folder of a signed period report: recovery times may not be slower than its own beyond noise",
      })
      .option("accept-risks", {
        type: "string",
        requiresArg: true,
        describe: "File of those who may accept risks (ssh-keygen(1)): lets failures through that they accepted",
      })
      .option("junit", { type: "string", requiresArg: true, describe: "Write JUnit to this file" })
      .option("github", {
        type: "boolean",
        default: false,
        describe: "Annotations on stderr, and a summary in the file that GITHUB_STEP_SUMMARY names",
      })
      .option("reports", { type: "string", default: "reports" })
      .example("$0 gate --public-key drill.pub.pem", "the suite ci, at most a week old")
      .example("$0 gate --suite daily --max-age 26h", "the last verified restore is not older than a day")
      .example(
        "$0 gate --suite nightly --max-age 26h --baseline reports/period-2026-Q3-made-…",
        "and no slower",
      ) as never,
  async handler(options) {
    const { reports, json, junit, github, maxAge: maxAgeMs } = options;
    const packs = runsIn(reports).map((run) => realpathSync(path.join(reports, run)));
    const trust = await trustOf(options, packs);
    const allowedSigners = signersOf("--accept-risks", options.acceptRisks, packs);
    const { suiteFile } = await import("./run-suite.ts");
    const { readSuite } = await import("../suite/read-suite.ts");
    const { gateOf } = await import("../gate.ts");
    const { gatherRuns } = await import("../evidence.ts");
    const { analyzePack } = await import("../analyze.ts");
    const suite = await readSuite(suiteFile(options.suite));
    const required = suite.drills.map(({ scenario, repeat }): Required => ({
      scenario: scenario.scenario.id,
      scenarioSha256: scenario.plan(0).scenario.sha256,
      runs: repeat,
    }));
    const baseline = options.baseline === undefined ? null : await timesOf(options.baseline, trust.publicKeys);
    const { runs } = await gatherRuns({
      reportsDir: reports,
      choose: (intents) =>
        required.flatMap(({ scenario, runs: n }) => intents.filter((intent) => intent.scenario === scenario).slice(-n)),
      trust,
      recompute: analyzePack,
    });
    const acceptors =
      allowedSigners === undefined ? {} : { acceptors: await acceptorsIn(reports, runs, allowedSigners) };
    const now = new Date().toISOString();
    const gate = gateOf({ suite: suite.id, required, runs, now, maxAgeMs, baseline, ...acceptors });
    const { gateAnnotations, gateJunit, gateMarkdown, gateText } = await import("../render/gate.ts");
    if (junit !== undefined) writeFileSync(junit, gateJunit(gate));
    if (github) {
      for (const line of gateAnnotations(gate)) say(line);
      const summary = process.env["GITHUB_STEP_SUMMARY"];
      if (summary) appendFileSync(summary, gateMarkdown(gate));
    }
    if (json) print(json === "stream" ? JSON.stringify(gate) : JSON.stringify(gate, null, 2));
    else print(gateText(gate));
    finish(gate.exitCode as ExitCode);
  },
};

/** Only packs that verify have a say; a run without one has no report to accept anything of. */
async function acceptorsIn(
  reports: string,
  runs: readonly PeriodRun[],
  allowedSigners: string,
): Promise<Map<string, readonly Acceptor[]>> {
  const { acceptorsOf } = await import("../evidence.ts");
  const acceptors = new Map<string, readonly Acceptor[]>();
  for (const { run, report } of runs)
    if (report) acceptors.set(run, await acceptorsOf(path.join(reports, run), allowedSigners));
  return acceptors;
}

function maxAge(given: string): number {
  const [, count, unit] = /^(\d{1,5})(h|d)$/.exec(given) ?? [];
  if (count !== undefined && Number(count) > 0) return Number(count) * (unit === "d" ? 86_400_000 : 3_600_000);
  throw usage(`--max-age: found ${visible(JSON.stringify(given))}, expected hours or days, such as 26h or 7d`);
}

/** The runs of a period report that holds under the pinned keys. */
async function timesOf(folder: string, pins: Pins): Promise<readonly RunTime[]> {
  const { PERIOD, verifyPeriod } = await import("../evidence/period.ts");
  const { refusal } = await import("../evidence/refusal.ts");
  if (!existsSync(path.join(folder, PERIOD.bundle)))
    throw usage(`${visible(folder)} is no signed period report`, "make one with blackstart period");
  const { ok, checks } = await verifyPeriod(realpathSync(folder), pins);
  const failed = checks.find(({ outcome }) => outcome === "fail");
  if (!ok) throw refusal(`The baseline ${visible(folder)} does not verify: ${failed?.name}: ${failed?.detail}`);
  const { parseJson } = await import("../evidence/json.ts");
  return parseJson(readFileSync(path.join(folder, PERIOD.data)), `the baseline's ${PERIOD.data}`, timesShape).times;
}

const timesShape = z.looseObject({
  times: z.array(
    z.strictObject({
      run: z.string(),
      scenario: z.string(),
      scenarioSha256: z.string(),
      upperMs: z.number().min(0).nullable(),
    }),
  ),
});
