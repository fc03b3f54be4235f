import { randomInt } from "node:crypto";
import path from "node:path";
import type { CommandModule } from "yargs";
import { usage } from "../errors.ts";
import type { SignedAcceptance } from "../evidence.ts";
import type { Plan } from "../plan.ts";
import type { Listener } from "../progress.ts";
import type { ProviderRun } from "../render/providers.ts";
import type { Report } from "../report.ts";
import type { ReadScenario, Variant } from "../scenario/read-scenario.ts";
import type { Shard } from "../suite/items.ts";
import { EXIT, type ExitCode, worstExit } from "../verdict.ts";
import { abortOnSignals, Interrupted } from "./interrupt.ts";
import { colourful, finish, print, say } from "./io.ts";
import { scenarioFiles } from "./scenario-files.ts";
import { seedOption, setOption } from "./scenario-options.ts";

interface Options {
  files: string[];
  "all-stores": boolean;
  seed: number | undefined;
  set: string[];
  repeat: number;
  "each-provider": boolean;
  suite: string | undefined;
  shard: Shard | undefined;
  resume: boolean;
  jobs: number | undefined;
  acceptances: string | undefined;
  reports: string;
  json?: "document" | "stream";
}

const ROOT = path.join(import.meta.dirname, "..", "..");
/** Also the stack of docker-compose.yml. */
const WHOLE_STACK = "scenarios/cross/whole-stack.yaml";
const MOST_REPEATS = 10_000;

export const runCommand: CommandModule<object, Options> = {
  command: "run [files..]",
  describe: "Run drills and write a signed report of each",
  builder: (yargs) =>
    yargs
      .positional("files", {
        type: "string",
        array: true,
        default: [] as string[],
        describe: "Scenarios, or folders of them",
      })
      .option("all-stores", {
        type: "boolean",
        default: false,
        describe: `The drill that loses something of every store in one run: ${WHOLE_STACK}`,
      })
      .option("seed", {
        ...seedOption,
        default: undefined as number | undefined,
        defaultDescription: "a new one for each run",
      })
      .option("set", setOption)
      .option("repeat", {
        type: "string",
        requiresArg: true,
        default: 1,
        describe: "Run each scenario so many times",
        coerce: repeats,
      })
      .option("each-provider", {
        type: "boolean",
        default: false,
        describe: "Run each scenario once on every product that it leaves open and that can be had",
      })
      .option("suite", {
        type: "string",
        requiresArg: true,
        describe: "Run a suite: ci, daily, nightly, quarterly, or a file of one",
      })
      .option("shard", {
        type: "string",
        requiresArg: true,
        default: undefined as Shard | undefined,
        describe: "Only this part of the suite, such as 1/4",
        coerce: shard,
      })
      .option("resume", {
        type: "boolean",
        default: false,
        describe: "Go on with the newest run of the suite, which was broken off",
      })
      .option("jobs", {
        type: "string",
        requiresArg: true,
        default: undefined as number | undefined,
        defaultDescription: "as many as the machine allows",
        describe: "Drills of the suite at once",
        coerce: jobs,
      })
      .option("acceptances", {
        type: "string",
        requiresArg: true,
        describe: "Folder of signed risk acceptances (accept-risk): those of a scenario go into its report, in front",
      })
      .option("reports", { type: "string", default: "reports" })
      .example("$0 run scenarios/postgres/primary-node-loss.yaml", "one drill, with its report")
      .example("$0 run --all-stores", "database, cache and object store lose something in one run")
      .example("$0 run scenarios/postgres --json", "every scenario of a folder, one JSON document at the end")
      .example("$0 run scenarios/store --each-provider", "every scenario on every product, with a table")
      .example("$0 run --suite nightly --shard 1/4", "a quarter of a suite; four machines run all of it")
      .example("$0 run --suite ci --acceptances ops/risks", "with the risks that people have accepted")
      .example("$0 run x.yaml --repeat 20", "with order statistics and the claim that 20 runs support"),
  async handler(options) {
    if (options.suite !== undefined) return suiteOf(options, options.suite);
    refuseWithoutSuite(options);
    if (options["each-provider"] && options.repeat > 1)
      throw usage(
        "--each-provider runs each scenario once on every product, and --repeat was given too",
        "leave one of them out",
      );
    const { ScenarioProblems } = await import("../scenario/problem.ts");
    const { readScenarios } = await import("../scenario/read-scenario.ts");
    const { scenarios, problems } = await readScenarios(await scenarioFiles(asked(options)), { set: options.set });
    if (problems.length > 0) throw new ScenarioProblems(problems); // bad input starts nothing, however many others are sound
    const acceptances = await acceptancesIn(options.acceptances);
    const interrupt = abortOnSignals();
    const reports: Report[] = [];
    const runs: ProviderRun[] = [];
    const codes: ExitCode[] = [];
    try {
      for (const scenario of scenarios) {
        if (options["each-provider"]) {
          await runEach(scenario, { signal: interrupt.signal, options, acceptances, reports, runs, codes });
          continue;
        }
        const variant = await chosen(scenario);
        for (let n = 0; n < options.repeat; n++) {
          const plan = variant.plan(options.seed ?? randomInt(2 ** 32));
          const one = { file: scenario.file, plan, signal: interrupt.signal, options, acceptances, reports };
          codes.push(await runOne(one));
          interrupt.signal.throwIfAborted();
        }
      }
    } catch (thrown) {
      if (!(thrown instanceof Interrupted)) throw thrown;
      codes.push(thrown.exitCode);
    } finally {
      interrupt.release();
    }
    if (options["each-provider"]) await tellProviders(runs, options);
    else await tellAll(reports, options);
    finish(worstExit(codes));
  },
};

/** A suite says itself what is run and how often, as it is filed. */
async function suiteOf(options: Options, suite: string): Promise<void> {
  const { files, set, seed, repeat } = options;
  const refused = [
    files.length > 0 && "scenarios",
    options["all-stores"] && "--all-stores",
    options["each-provider"] && "--each-provider",
    set.length > 0 && "--set",
    seed !== undefined && "--seed",
    repeat > 1 && "--repeat",
  ].find((word) => word !== false);
  if (refused !== undefined)
    throw usage(`${refused} and --suite were both given`, "leave one of them out: a suite is run as it is filed");
  const { runSuite } = await import("./run-suite.ts");
  const { shard: part = null, resume, jobs: atOnce, acceptances, reports, json } = options;
  await acceptancesIn(acceptances); // each drill reads them again, in a process of its own
  await runSuite({ suite, shard: part, resume, jobs: atOnce, acceptances, reports, ...(json && { json }) });
}

/** The signed acceptances of a folder; none where none was named. Exit 2 with everything that is wrong with them. */
async function acceptancesIn(folder: string | undefined): Promise<SignedAcceptance[]> {
  if (folder === undefined) return [];
  const { readAcceptances } = await import("../evidence.ts");
  const { checkers } = await import("../checkers.ts");
  return readAcceptances(
    folder,
    checkers.map(({ name }) => name),
  );
}

function refuseWithoutSuite({ shard: part, resume, jobs: atOnce }: Options): void {
  const given = [part && "--shard", resume && "--resume", atOnce !== undefined && "--jobs"].find(Boolean);
  if (given) throw usage(`${given} is for a suite, and --suite was not given`, "blackstart run --suite ci");
}

function shard(given: string | undefined): Shard | undefined {
  if (given === undefined) return undefined;
  const [, index, of] = (/^(\d{1,4})\/(\d{1,4})$/.exec(given) ?? []).map(Number);
  if (index !== undefined && of !== undefined && index >= 1 && index <= of) return { index, of };
  throw usage("--shard: expected a part of all parts, such as 1/4");
}

const MOST_JOBS = 64;

function jobs(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const count = Number(given);
  if (/^\d+$/.test(given) && count >= 1 && count <= MOST_JOBS) return count;
  throw usage(`--jobs: expected a whole number from 1 to ${MOST_JOBS}`);
}

/** What to run; nothing at all is a mistake, not a drill of nothing. */
function asked({ files, "all-stores": wholeStack }: Options): string[] {
  const all = wholeStack ? [...files, path.relative("", path.join(ROOT, WHOLE_STACK))] : files;
  if (all.length === 0) throw usage("no scenario was named", "name files or folders of scenarios, or --all-stores");
  return all;
}

function repeats(given: unknown): number {
  const count = Number(given);
  if (/^\d+$/.test(String(given)) && count >= 1 && count <= MOST_REPEATS) return count;
  throw usage(`--repeat: expected a whole number from 1 to ${MOST_REPEATS}`);
}

interface Each {
  readonly signal: AbortSignal;
  readonly options: Options;
  readonly acceptances: readonly SignedAcceptance[];
  readonly reports: Report[];
  readonly runs: ProviderRun[];
  readonly codes: ExitCode[];
}

/** One drill for each product whose images can be had; the others are named, so that no table is silently shorter. */
async function runEach(
  scenario: ReadScenario,
  { signal, options, acceptances, reports, runs, codes }: Each,
): Promise<void> {
  const already = runs.length;
  for (const { name, plan } of scenario.variants) {
    const about = { scenario: scenario.scenario.id, provider: name === "" ? "as it is" : name };
    const planned = plan(options.seed ?? randomInt(2 ** 32));
    if (!(await canBeHad(planned))) {
      runs.push({ ...about, report: null, missing: "its image cannot be had here" });
      say(`${name}: its image cannot be had here, so it is left out`);
      continue;
    }
    const before = reports.length;
    codes.push(await runOne({ file: scenario.file, plan: planned, signal, options, acceptances, reports }));
    const report = reports[before] ?? null;
    runs.push({ ...about, report, missing: report ? null : "it did not come to a report" });
    signal.throwIfAborted();
  }
  if (runs.slice(already).every(({ report }) => report === null)) codes.push(EXIT.notReady);
}

async function canBeHad(plan: Plan): Promise<boolean> {
  const { obtainable } = await import("../engine/images.ts");
  const { imagesOf } = await import("../drill/plan-images.ts");
  return obtainable([...imagesOf(plan)]);
}

async function tellProviders(runs: readonly ProviderRun[], { json }: Options): Promise<void> {
  const { renderProviders, summariseProviders } = await import("../render/providers.ts");
  if (!json) return print(renderProviders(runs));
  const data = summariseProviders(runs);
  print(json === "stream" ? JSON.stringify(data) : JSON.stringify(data, null, 2));
}

/** The first variant whose images can be had; the preferred one where none can, so that the drill says how to come by them. */
export async function chosen({ variants }: ReadScenario, tell = say): Promise<Variant> {
  const [preferred, ...others] = variants;
  if (others.length === 0) return preferred!;
  for (const variant of variants) {
    if (!(await canBeHad(variant.plan(0)))) continue;
    if (variant !== preferred)
      tell(`${preferred!.name}: its image cannot be had here; ${variant.name} takes its place`);
    return variant;
  }
  return preferred!;
}

export interface One {
  readonly file: string;
  readonly plan: Plan;
  readonly signal: AbortSignal;
  readonly options: Pick<Options, "json" | "reports">;
  readonly acceptances?: readonly SignedAcceptance[];
  readonly reports: Report[];
}

export async function runOne({ file, plan, signal, options, acceptances = [], reports }: One): Promise<ExitCode> {
  const { conductDrill } = await import("../drill/conduct.ts");
  const { liveProgress } = await import("../render/live.ts");
  const { renderTerminal } = await import("../render/terminal.ts");
  say(`${plan.scenario.id}: ${plan.scenario.title} (seed ${plan.seed})`);
  const live = liveProgress(process.stderr, { tty: process.stderr.isTTY, colour: colourful(process.stderr) });
  const listen: Listener =
    options.json === "stream"
      ? (event) => print(JSON.stringify({ schema: "blackstart/event/v1", ...event }))
      : (event) => live.event(event);
  try {
    const reportsDir = options.reports;
    const end = await conductDrill({ file, plan, reportsDir, acceptances, env: process.env, signal, listen });
    live.close();
    reports.push(end.report);
    say(renderTerminal(end.report, { colour: colourful(process.stderr), width: process.stderr.columns ?? 100 }));
    for (const what of end.unclean) say(`not cleaned up: ${what}`);
    if (end.error instanceof Interrupted) return end.error.exitCode;
    return end.unclean.length > 0 ? EXIT.notClean : end.report.exitCode;
  } finally {
    live.close();
  }
}

/** stdout gets the contract: one document for one drill, a list for several. */
async function tellAll(reports: readonly Report[], { json, repeat }: Options): Promise<void> {
  if (json) {
    const { toResult } = await import("../analyze.ts");
    const results = reports.map(toResult);
    const data = results.length === 1 ? results[0] : results;
    return print(json === "stream" ? JSON.stringify(data) : JSON.stringify(data, null, 2));
  }
  if (repeat > 1) {
    const { renderRepeat } = await import("../render/repeat.ts");
    for (const id of new Set(reports.map((report) => report.scenario)))
      print(renderRepeat(reports.filter((report) => report.scenario === id)));
  }
}
