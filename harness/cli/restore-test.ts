import { randomInt } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { CommandModule } from "yargs";
import { usage } from "../errors.ts";
import type { Report } from "../report.ts";
import type { RestoreTest, Tested, Which } from "../restore-test.ts";
import type { ReadScenario } from "../scenario/read-scenario.ts";
import { amountOfBytes } from "../scenario/amounts.ts";
import { visible } from "../text.ts";
import { type ExitCode, worstExit } from "../verdict.ts";
import { abortOnSignals, Interrupted } from "./interrupt.ts";
import { finish, print, say } from "./io.ts";
import { chosen, runOne } from "./run.ts";
import { seedOption, setOption } from "./scenario-options.ts";

interface Options {
  tool: string;
  sizes: number[];
  rounds: number;
  "production-size": number | undefined;
  seed: number | undefined;
  set: string[];
  reports: string;
  json?: "document" | "stream";
}

const ROOT = path.join(import.meta.dirname, "..", "..");
const fileOf = (which: Which): string => path.relative("", path.join(ROOT, `scenarios/restore/daily-${which}.yaml`));
const MIB = 1024 ** 2;
const SIZES = "32MiB,128MiB,256MiB,512MiB";
const MOST_ROUNDS = 100;

/** What a tool needs beside its name; one that is not here needs nothing else. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  incremental: ["steps[1].level=incremental"],
  pgbackrest: ["stack.store.tls=true", "steps[1].level=incremental"],
  // PostgreSQL 14 is the last that it can back up, and its image has no pg_amcheck.
  "wal-e": ["stack.db.version=14", "stack.db.archive.retries=2", "verify=[no-lost-writes, balances, checksums]"],
};

export const restoreTestCommand: CommandModule<object, Options> = {
  command: "restore-test",
  describe: "The daily restore test: newest and oldest backup restored and validated, and seconds against size",
  builder: (yargs) =>
    yargs
      .option("tool", { type: "string", requiresArg: true, default: "plain", describe: "Which archiver is tested" })
      .option("sizes", {
        type: "string",
        requiresArg: true,
        default: SIZES as unknown as number[],
        describe: "Made-up data in the database, a drill each; the line takes three sizes at least",
        coerce: sizes,
      })
      .option("rounds", {
        type: "string",
        requiresArg: true,
        default: 1,
        describe: "Restore the newest backup of each size so many times",
        coerce: rounds,
      })
      .option("production-size", {
        type: "string",
        requiresArg: true,
        describe: "Extrapolate the line to this size, such as 2TB, and say so",
        coerce: (given: string | undefined) => (given === undefined ? undefined : amount("--production-size", given)),
      })
      .option("seed", {
        ...seedOption,
        default: undefined as number | undefined,
        defaultDescription: "a new one for each run",
      })
      .option("set", setOption)
      .option("reports", { type: "string", default: "reports" })
      .example(
        "$0 restore-test --production-size 2TB",
        "four sizes, the line, and what it says of 2 TB, marked as such",
      )
      .example("$0 restore-test --tool pgbackrest --sizes 64MiB,256MiB,1GiB", "another tool, other sizes"),
  async handler(options) {
    const startedAt = new Date().toISOString();
    const planned = await plan(options);
    const interrupt = abortOnSignals();
    const tested: Tested[] = [];
    const codes: ExitCode[] = [];
    try {
      for (const one of planned) tested.push(await test(one, { options, signal: interrupt.signal, codes }));
    } catch (thrown) {
      if (!(thrown instanceof Interrupted)) throw thrown;
      codes.push(thrown.exitCode);
    } finally {
      interrupt.release();
    }
    for (const { which, ballastBytes } of planned.slice(tested.length))
      tested.push({ which, ballastBytes, report: null, missing: "interrupted before it" });
    const { summariseRestoreTest } = await import("../restore-test.ts");
    const summary = summariseRestoreTest(tested, {
      tool: options.tool,
      startedAt,
      endedAt: new Date().toISOString(),
      exitCode: worstExit(codes),
      productionBytes: options["production-size"] ?? null,
    });
    await tell(summary, options);
    finish(summary.exitCode);
  },
};

interface Planned {
  readonly which: Which;
  readonly ballastBytes: number;
  readonly scenario: ReadScenario;
}

/** The newest of every size, and the oldest of the smallest. What cannot be planned starts nothing. */
async function plan({ tool, sizes: all, rounds: times, set }: Options): Promise<Planned[]> {
  const { ScenarioProblems } = await import("../scenario/problem.ts");
  const { readScenarios } = await import("../scenario/read-scenario.ts");
  const asked = [
    { which: "oldest" as const, ballastBytes: Math.min(...all) },
    ...Array.from({ length: times }, () =>
      all.map((ballastBytes) => ({ which: "newest" as const, ballastBytes })),
    ).flat(),
  ];
  const read = asked.map(async (one) => {
    const own = [`stack.db.ballast=${Math.ceil(one.ballastBytes / 1024)}KiB`];
    // What the scenario says already is not set again: the run would be marked as overridden for nothing.
    if (tool !== "plain") own.push(`stack.db.archive.tool=${tool}`, ...(NEEDS[tool] ?? []));
    const { scenarios, problems } = await readScenarios([fileOf(one.which)], { set: [...own, ...set] });
    if (problems.length > 0) throw new ScenarioProblems(problems);
    return { ...one, scenario: scenarios[0]! };
  });
  return Promise.all(read);
}

async function test(
  { which, ballastBytes, scenario }: Planned,
  { options, signal, codes }: { options: Options; signal: AbortSignal; codes: ExitCode[] },
): Promise<Tested> {
  signal.throwIfAborted();
  say(`${which} backup with ${Math.round(ballastBytes / MIB)} MiB of made-up data, by ${options.tool}`);
  const variant = await chosen(scenario);
  const reports: Report[] = [];
  const planned = variant.plan(options.seed ?? randomInt(2 ** 32));
  codes.push(await runOne({ file: scenario.file, plan: planned, signal, options, reports }));
  const report = reports[0] ?? null;
  return { which, ballastBytes, report, missing: report ? null : "it did not come to a report" };
}

/** The page and its data lie beside the packs that they were made from. */
async function tell(summary: RestoreTest, { reports, json }: Options): Promise<void> {
  const { renderRestoreTest } = await import("../render/restore-test.ts");
  const { restoreTestText } = await import("../render/restore-test-text.ts");
  const { safeJson } = await import("../render/json.ts");
  const folder = path.join(reports, `restore-test-${summary.startedAt.slice(0, 19).replaceAll(":", "-")}Z`);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "restore-test.json"), `${safeJson(summary)}\n`);
  await writeFile(path.join(folder, "index.html"), renderRestoreTest(summary));
  if (json) return print(json === "stream" ? JSON.stringify(summary) : safeJson(summary));
  print(restoreTestText(summary));
  say(`page       ${visible(path.join(folder, "index.html"))}`);
}

function sizes(given: unknown): number[] {
  const all = String(given)
    .split(",")
    .map((text) => amount("--sizes", text));
  const wrong = all.find((bytes) => bytes < MIB || bytes > 64 * 1024 * MIB);
  if (wrong !== undefined) throw usage(`--sizes: ${wrong} bytes is not between 1MiB and 64GiB`);
  if (new Set(all).size < all.length)
    throw usage("--sizes: a size is named twice", "--rounds restores each of them several times");
  return all;
}

function amount(option: string, text: string): number {
  const bytes = amountOfBytes(text);
  if (bytes !== null && bytes > 0) return bytes;
  throw usage(`${option}: found ${visible(JSON.stringify(text))}, expected a size with a unit, such as 2TB or 64MiB`);
}

function rounds(given: unknown): number {
  const count = Number(given);
  if (/^\d+$/.test(String(given)) && count >= 1 && count <= MOST_ROUNDS) return count;
  throw usage(`--rounds: expected a whole number from 1 to ${MOST_ROUNDS}`);
}
