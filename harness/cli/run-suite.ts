import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, freemem } from "node:os";
import path from "node:path";
import { messageOf, usage } from "../errors.ts";
import type { Report, Result } from "../report.ts";
import type { Shard, SuiteItem } from "../suite/items.ts";
import type { EndedItem } from "../suite/outcome.ts";
import type { DrillEnded, SuiteStarted } from "../suite/progress.ts";
import type { Suite } from "../suite/read-suite.ts";
import { visible } from "../text.ts";
import { EXIT, type ExitCode } from "../verdict.ts";
import { abortOnSignals, Interrupted } from "./interrupt.ts";
import { finish, print, say } from "./io.ts";

export interface SuiteOptions {
  readonly suite: string;
  readonly shard: Shard | null;
  readonly resume: boolean;
  /** Drills at once; as the machine allows if left out. */
  readonly jobs: number | undefined;
  /** Folder of signed risk acceptances. */
  readonly acceptances: string | undefined;
  readonly reports: string;
  readonly json?: "document" | "stream";
}

const ROOT = path.join(import.meta.dirname, "..", "..");
const COMMAND_LINE = path.join(ROOT, "harness", "cli.ts");
/** What a drill takes: its stack, its load and the harness. */
const DRILL = { cores: 2, bytes: 3 * 1024 ** 3, most: 4 };

/** Runs every drill of a suite, each in a process of its own, so that several at once do not disturb each other's clocks. */
export async function runSuite(options: SuiteOptions): Promise<void> {
  const { readSuite } = await import("../suite/read-suite.ts");
  const { itemsOf } = await import("../suite/items.ts");
  const suite = await readSuite(suiteFile(options.suite));
  const items = itemsOf(suite, options.shard);
  if (items.length === 0)
    throw usage(
      `shard ${options.shard?.index} of ${options.shard?.of} of ${suite.id} has no drill`,
      "use fewer shards",
    );
  const work = await begin(suite, items, options);
  const left = items.filter(({ key }) => !work.ended.has(key));
  const jobs = options.jobs ?? jobsHere();
  say(
    `${suite.id}: ${left.length} of ${items.length} drills to run, ${jobs === 1 ? "one at a time" : `${jobs} at once`}; their own words go to ${visible(path.join(work.folder, "logs"))}`,
  );
  if (jobs > 1) await imagesOnce(suite);
  const interrupt = abortOnSignals();
  try {
    await inParallel(left, jobs, interrupt.signal, (item) => drill(item, work, interrupt.signal));
  } finally {
    interrupt.release();
  }
  await tell(suite, items, {
    work,
    options,
    interrupted: interrupt.signal.aborted ? codeOf(interrupt.signal.reason) : null,
  });
}

const codeOf = (reason: unknown): ExitCode => (reason instanceof Interrupted ? reason.exitCode : EXIT.sigint);

/** A name stands for the file that comes with Blackstart. */
export function suiteFile(given: string): string {
  if (existsSync(given)) return given;
  const own = path.relative("", path.join(ROOT, "scenarios", "suites", `${given}.yaml`));
  if (/^[a-z0-9-]+$/.test(given) && existsSync(own)) return own;
  const known = readdirSync(path.join(ROOT, "scenarios", "suites")).map((name) => path.basename(name, ".yaml"));
  throw usage(`no suite ${visible(given)}`, `name a file, or one of ${known.join(", ")}`);
}

const jobsHere = (): number =>
  Math.max(
    1,
    Math.min(DRILL.most, Math.floor(availableParallelism() / DRILL.cores), Math.floor(freemem() / DRILL.bytes)),
  );

/** Several drills that begin at once would each build the same image. What cannot be had, the drill that needs it says. */
async function imagesOnce({ drills }: Suite): Promise<void> {
  const { resolveImages } = await import("../engine/images.ts");
  const { imagesOf } = await import("../drill/plan-images.ts");
  const { chosen } = await import("./run.ts");
  const tell = once(say);
  for (const { scenario } of drills) {
    const plan = (await chosen(scenario, tell)).plan(0);
    await resolveImages([...imagesOf(plan)], tell, new AbortController().signal).catch((thrown: unknown) =>
      tell(messageOf(thrown)),
    );
  }
}

/** What holds for many drills is said for the first of them. */
function once(tell: (text: string) => void): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (told.has(text)) return;
    told.add(text);
    tell(text);
  };
}

/** The folder of one run of a suite, and what has been done of it. */
interface Work {
  readonly folder: string;
  readonly startedAt: string;
  readonly resumed: number;
  readonly ended: Map<string, DrillEnded>;
  readonly acceptances: string | undefined;
  readonly reports: string;
}

const progressFile = (folder: string): string => path.join(folder, "progress.jsonl");
const OUTCOME = "suite.json";

async function begin(
  suite: Suite,
  items: readonly SuiteItem[],
  { shard, resume, acceptances, reports }: SuiteOptions,
): Promise<Work> {
  const { appendProgress, readProgress } = await import("../suite/progress.ts");
  const wall = new Date().toISOString();
  const started: SuiteStarted = {
    kind: "suite-started",
    suite: suite.id,
    suiteSha256: suite.sha256,
    shard,
    items: items.map(({ key, scenarioSha256 }) => ({ key, scenarioSha256 })),
    wall,
  };
  if (resume) {
    const folder = unfinished(reports, started);
    const file = progressFile(folder);
    const { started: before, resumed, ended } = readProgress(file);
    if (JSON.stringify({ ...before, wall }) !== JSON.stringify(started))
      throw usage(`${visible(folder)} was begun with another suite or other scenarios`, "begin anew without --resume");
    const text = readFileSync(file);
    truncateSync(file, text.lastIndexOf("\n") + 1);
    appendProgress(file, { kind: "suite-resumed", wall });
    return { folder, startedAt: before.wall, resumed: resumed + 1, ended: new Map(ended), acceptances, reports };
  }
  const folder = path.join(reports, folderName(started));
  mkdirSync(path.join(folder, "logs"), { recursive: true });
  appendProgress(progressFile(folder), started);
  return { folder, startedAt: wall, resumed: 0, ended: new Map(), acceptances, reports };
}

const prefixOf = ({ suite, shard }: SuiteStarted): string =>
  `suite-${suite}${shard ? `-${shard.index}of${shard.of}` : ""}-`;
const folderName = (started: SuiteStarted): string =>
  `${prefixOf(started)}${started.wall.slice(0, 23).replaceAll(/[:.]/g, "-")}Z`;

/** The newest run of the suite, where it has not come to its end. */
function unfinished(reports: string, started: SuiteStarted): string {
  const prefix = prefixOf(started);
  const newest = (existsSync(reports) ? readdirSync(reports) : [])
    .filter((name) => name.startsWith(prefix) && /^\d{4}-/.test(name.slice(prefix.length)))
    .toSorted()
    .at(-1);
  if (newest === undefined)
    throw usage(
      `there is no run of the suite ${started.suite} in ${visible(reports)} to resume`,
      "begin it without --resume",
    );
  if (existsSync(path.join(reports, newest, OUTCOME)))
    throw usage(
      `the newest run of the suite ${started.suite}, ${newest}, came to its end`,
      "begin a new one without --resume",
    );
  return path.join(reports, newest);
}

async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  signal: AbortSignal,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) await act(next);
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker));
}

/** One drill, from its start to its line in the progress. One that was interrupted has not ended, and is run again. */
async function drill(item: SuiteItem, work: Work, signal: AbortSignal): Promise<void> {
  const { appendProgress } = await import("../suite/progress.ts");
  const file = progressFile(work.folder);
  appendProgress(file, { kind: "drill-started", key: item.key, wall: new Date().toISOString() });
  const startMs = performance.now();
  const { code, stdout, last } = await runChild(item, work, signal);
  const wallMs = Math.round(performance.now() - startMs);
  if (code === EXIT.sigint || code === EXIT.sigterm) return;
  const result = resultOf(stdout);
  const end: DrillEnded = {
    kind: "drill-ended",
    key: item.key,
    exitCode: code,
    wallMs,
    run: result?.run ?? null,
    bundleSha256: result ? sha256Of(path.join(work.reports, result.run, "report.sigstore.json")) : null,
    why: result ? null : last,
    wall: new Date().toISOString(),
  };
  appendProgress(file, end);
  work.ended.set(item.key, end);
  say(
    `${item.key}: exit ${code}${result ? `, ${result.verdict}, ${result.lost.count} lost` : `, ${visible(last)}`} (${Math.round(wallMs / 1_000)} s)`,
  );
}

interface ChildEnd {
  readonly code: ExitCode;
  readonly stdout: string;
  /** Its last words on stderr. */
  readonly last: string;
}

/** In a process group of its own: it hears of an interruption from here, and once. */
function runChild(
  { key, file }: SuiteItem,
  { folder, acceptances, reports }: Work,
  signal: AbortSignal,
): Promise<ChildEnd> {
  const log = createWriteStream(path.join(folder, "logs", `${key}.log`), { flags: "a" });
  const risks = acceptances === undefined ? [] : ["--acceptances", acceptances];
  const child = spawn(process.execPath, [COMMAND_LINE, "run", file, "--json", "--reports", reports, ...risks], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const forward = (): void => void child.kill("SIGINT");
  signal.addEventListener("abort", forward, { once: true });
  let stdout = "";
  let last = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log.write(text);
    last = text.trim().split("\n").at(-1) || last;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      signal.removeEventListener("abort", forward);
      log.end();
      resolve({ code: (code ?? EXIT.inconclusive) as ExitCode, stdout, last });
    });
  });
}

function resultOf(stdout: string): Result | null {
  try {
    const data = JSON.parse(stdout) as Result | { readonly schema: string };
    return "verdict" in data ? data : null;
  } catch {
    return null;
  }
}

const sha256Of = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

interface Told {
  readonly work: Work;
  readonly options: SuiteOptions;
  readonly interrupted: ExitCode | null;
}

async function tell(suite: Suite, items: readonly SuiteItem[], { work, options, interrupted }: Told): Promise<void> {
  const { outcomeOf } = await import("../suite/outcome.ts");
  const { suiteJunit, suiteText } = await import("../render/suite.ts");
  const ended = items.flatMap((item) => {
    const end = work.ended.get(item.key);
    return end ? [endedItem(item, end, work.reports)] : [];
  });
  const left = items.filter(({ key }) => !work.ended.has(key));
  const { shard, json } = options;
  const outcome = outcomeOf(ended, {
    suite,
    shard,
    startedAt: work.startedAt,
    endedAt: new Date().toISOString(),
    resumed: work.resumed,
    left,
    interrupted,
  });
  const document = JSON.stringify(outcome, null, 2);
  writeFileSync(path.join(work.folder, "junit.xml"), suiteJunit(outcome));
  // Whatever was left can still be resumed: only a suite that came to its end has an outcome.
  if (left.length === 0) writeFileSync(path.join(work.folder, OUTCOME), `${document}\n`);
  if (json) print(json === "stream" ? JSON.stringify(outcome) : document);
  else print(suiteText(outcome));
  if (left.length > 0) say(`${left.length} drills were not run; --resume goes on with them`);
  finish(outcome.exitCode);
}

/** A pack that is gone or is not the one that ended is no evidence that the drill was run. */
function endedItem(item: SuiteItem, end: DrillEnded, reports: string): EndedItem {
  const { exitCode, wallMs, run, bundleSha256, why } = end;
  const broken = (what: string): EndedItem => ({ item, exitCode: EXIT.unverified, wallMs, report: null, why: what });
  if (run === null) return { item, exitCode: exitCode as ExitCode, wallMs, report: null, why };
  const dir = path.join(reports, run);
  try {
    if (sha256Of(path.join(dir, "report.sigstore.json")) !== bundleSha256)
      return broken(`${run} is not the pack that this drill ended with`);
    const report = JSON.parse(readFileSync(path.join(dir, "views", "report.json"), "utf8")) as Report;
    return { item, exitCode: exitCode as ExitCode, wallMs, report, why: null };
  } catch (thrown) {
    return broken(`${run}: ${messageOf(thrown)}`);
  }
}
