/**
 * What a suite has done so far, one line an event, so that a crash loses no more than the drills that were under way. A drill
 * that began and did not end is run again; one that ended is not, whatever came of it.
 */
import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { usage } from "../errors.ts";
import { visible } from "../text.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const started = z.strictObject({
  kind: z.literal("suite-started"),
  suite: z.string(),
  suiteSha256: digest,
  shard: z.strictObject({ index: z.int().min(1), of: z.int().min(1) }).nullable(),
  /** Every drill with its scenario's digest. */
  items: z.array(z.strictObject({ key: z.string(), scenarioSha256: digest })),
  wall: z.iso.datetime(),
});
const resumed = z.strictObject({ kind: z.literal("suite-resumed"), wall: z.iso.datetime() });
const drillStarted = z.strictObject({ kind: z.literal("drill-started"), key: z.string(), wall: z.iso.datetime() });
const drillEnded = z.strictObject({
  kind: z.literal("drill-ended"),
  key: z.string(),
  exitCode: z.int().min(0).max(255),
  wallMs: z.number().min(0),
  /** null where it came to no report; `why` then says so. */
  run: z.string().nullable(),
  bundleSha256: digest.nullable(),
  why: z.string().nullable(),
  wall: z.iso.datetime(),
});
const entry = z.discriminatedUnion("kind", [started, resumed, drillStarted, drillEnded]);

export type ProgressEntry = z.output<typeof entry>;
export type SuiteStarted = z.output<typeof started>;
export type DrillEnded = z.output<typeof drillEnded>;

/** On disk when it returns. */
export function appendProgress(file: string, line: ProgressEntry): void {
  const fd = openSync(file, "a");
  try {
    writeFileSync(fd, `${JSON.stringify(line)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export interface Progress {
  readonly started: SuiteStarted;
  readonly resumed: number;
  readonly ended: ReadonlyMap<string, DrillEnded>;
}

/** Reads it; a last line that a crash has cut off counts as not written. Exit 2 where anything else is wrong. */
export function readProgress(file: string): Progress {
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  const entries = lines.map((line, i) => {
    const read = entry.safeParse(jsonOf(line));
    if (read.success) return read.data;
    throw usage(`${visible(file)}:${i + 1} is no line of a suite's progress`, "begin anew without --resume");
  });
  const [first, ...rest] = entries;
  if (first?.kind !== "suite-started")
    throw usage(`${visible(file)} does not begin with the start of a suite`, "begin anew without --resume");
  return {
    started: first,
    resumed: rest.filter(({ kind }) => kind === "suite-resumed").length,
    ended: new Map(rest.flatMap((line) => (line.kind === "drill-ended" ? [[line.key, line] as const] : []))),
  };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
