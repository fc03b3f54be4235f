import { parsePosition } from "../../../position.ts";
import { grouped, humanMs } from "../../../text.ts";
import type { NotCopied } from "../archiver.ts";
import {
  demandTool,
  type Detector,
  missingWords,
  needs,
  notRun,
  noticed,
  SCRATCH,
  type Seen,
  silent,
} from "../detector.ts";
import type { Shell } from "../shell.ts";
import { missingNames, type Run, runsOf } from "../wal-names.ts";
import { archiveOf, beginningOf } from "./archive.ts";

const FOLDER = `${SCRATCH}/wal`;

export const pgWaldump: Detector = {
  name: "pg_waldump",
  summary: "Reads every record of the archived history from the backup on, timeline by timeline, on a copy",
  goodFor: "bit flips, cut and zeroed segments, wrong content and gaps; blind to a tail that never came",
  ofArchive: true,
  async run(bench) {
    const { archiver, openEnd } = archiveOf(bench);
    const { segmentBytes } = bench;
    const [shell, names, backup] = await Promise.all([bench.machine(), bench.names(), bench.backup()]);
    const beginning = backup && beginningOf(backup);
    const runs = runsOf(names, beginning, segmentBytes);
    const wanted = runs.flatMap((run) => run.names);
    if (wanted.length === 0) return notRun("the archive holds no whole segment from the backup on");
    demandTool(await shell.attempt(needs("pg_waldump", "-eq", bench.version)));
    const failed = await archiver.copyArchive(shell, wanted, FOLDER);
    if (failed.length === wanted.length) return notRun(`no archived file could be had: ${failed[0]!.why}`);
    // It waits five seconds for a file that is not there, so it is only sent where the files are.
    const there = wanted.filter((name) => !failed.some((one) => one.name === name));
    const needed = missingNames(names, beginning, segmentBytes).filter(
      (name) => Number.parseInt(name.slice(0, 8), 16) >= (beginning?.timeline ?? 0),
    );
    return judge(await dump(shell, runsOf(there, beginning, segmentBytes)), {
      openEnd,
      gaps: needed,
      failed,
      sizes: await wrongSizes(shell, segmentBytes),
      partial: names.filter((name) => name.endsWith(".partial")).length,
    });
  },
};

/** The tool jumps over what is behind a switch, and so never misses the end of a file that was cut there; the server does. */
async function wrongSizes(shell: Shell, segmentBytes: number): Promise<string[]> {
  const script = `cd "$1"; find . -type f ! -size ${segmentBytes}c -exec wc -c {} +`;
  const lines = (await shell.run(script, [FOLDER])).split("\n");
  return lines.flatMap((line) => {
    const [, bytes, name] = /^\s*(\d+) \.\/(\S+)$/.exec(line) ?? [];
    return name ? [`${name} has ${grouped(Number(bytes))} bytes, not ${grouped(segmentBytes)}`] : [];
  });
}

export interface Dumped {
  readonly run: Run;
  readonly code: number;
  readonly ms: number;
  readonly said: string;
}

/** One start of the tool for each run of segments. Up to the end of the last one: a record that goes on in the next is not asked for. */
async function dump(shell: Shell, runs: readonly Run[]): Promise<Dumped[]> {
  const stdin = runs.map(({ timeline, from, to }) => `${timeline} ${from} ${to}\n`).join("");
  const said = await shell.attempt(DUMP, [FOLDER], { stdin });
  const lines = said.stdout.split("\n");
  return runs.map((run, i) => {
    const [, code, ns, words] = /^(\d+) (\d+) (.*)$/.exec(lines[i] ?? "") ?? [];
    if (code === undefined) throw new Error(`pg_waldump could not be run: ${said.stderr.trim()}`);
    return { run, code: Number(code), ms: Number(ns) / 1e6, said: (words ?? "").trim() };
  });
}

const DUMP = `while read -r timeline from to; do
  code=0; began=$(date +%s%N)
  said=$(pg_waldump -q -p "$1" -t "$timeline" -s "$from" -e "$to" 2>&1 >/dev/null) || code=$?
  echo "$code $(($(date +%s%N) - began)) $(echo "$said" | tr '\\n' ' ')"
done`;

/** What was found beside what the tool said. */
export interface Beside {
  readonly gaps: readonly string[];
  readonly failed: readonly NotCopied[];
  readonly sizes: readonly string[];
  readonly partial: number;
  readonly openEnd: boolean;
}

export function judge(dumped: readonly Dumped[], { gaps, failed, sizes, partial, openEnd }: Beside): Seen {
  const bytes = dumped.reduce((sum, { run }) => sum + run.bytes, 0);
  const ms = dumped.reduce((sum, one) => sum + one.ms, 0);
  const ranges = dumped.map(({ run }) => `timeline ${run.timeline} from ${run.from} to ${run.to}`).join(", ");
  const last = dumped.at(-1);
  const open = openEnd && last && endsInZeros(last) ? last : null;
  const broken = dumped.filter((one) => one.code !== 0 && one !== open);
  const problems = [
    ...broken.map(({ run, said }) => `timeline ${run.timeline}: ${wordsOf(said)}`),
    ...(gaps.length > 0 ? [missingWords(gaps)] : []),
    ...sizes.slice(0, 3),
    ...(failed.length > 0
      ? [`${failed.length} could not be had, ${failed[0]!.name} the first: ${failed[0]!.why}`]
      : []),
  ];
  // A rate is of records that were read: what is behind a switch is jumped over in no time.
  const rate =
    ms >= WORTH_A_RATE_MS && problems.length === 0 ? `, ${grouped(Math.round(bytes / ms / 1_000))} MB/s` : "";
  const unread = partial > 0 ? `; ${partial} partial ${partial > 1 ? "segments are" : "segment is"} not judged` : "";
  const end = open ? `; ${open.run.names.at(-1)} ends in zeros, as one that was not full does` : "";
  const looked = `${grouped(bytes)} bytes, ${ranges}, in ${humanMs(ms)}${rate}${unread}${end}`;
  return problems.length > 0
    ? noticed(`${problems.join("; ")} (${looked})`)
    : silent(`every record is whole: ${looked}`);
}

const WORTH_A_RATE_MS = 20;

/** The record that could not be read begins in the last segment, and where it should go on there are zeros. */
function endsInZeros({ run, said }: Dumped): boolean {
  const [, at = ""] =
    /error in WAL record at ([0-9A-F]+\/[0-9A-F]+): (?:invalid record length at \S+ expected at least \d+, got 0|invalid magic number 0000)/.exec(
      said,
    ) ?? [];
  const [lsn, end] = [parsePosition(at), parsePosition(run.to)];
  return lsn !== null && end !== null && lsn >= end - BigInt(run.bytes / run.names.length);
}

const wordsOf = (said: string): string => said.replace(/^pg_waldump: error: /, "");
