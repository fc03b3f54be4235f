import type { InsideSpan } from "../../component.ts";
import type { Node } from "../../node.ts";
import { type Bracket, nowNs } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { DATA } from "./places.ts";

const ADMIN_TIMEOUT_MS = 2_000;
/** A scenario that waits for something that never comes says so after this. */
const PATIENCE_MS = 600_000;

interface Watching {
  readonly admin: AdminConnections;
  readonly node: Node;
  readonly signal: AbortSignal;
}

export const TRIGGERS: Readonly<Record<string, (watching: Watching) => Promise<InsideSpan | void>>> = {
  checkpoint: ({ node, signal }) => node.awaitLog(/checkpoint starting/, signal),
  "wal-switch": walSwitch,
  "mid-checkpoint": midCheckpoint,
  "base-backup": baseBackup,
  recovery,
};

async function walSwitch({ admin, node, signal }: Watching): Promise<void> {
  const text = "SELECT pg_walfile_name(pg_current_wal_insert_lsn()) AS file";
  const file = async () => (await admin.query(node.name, text, ADMIN_TIMEOUT_MS))[0]?.["file"];
  const first = await file();
  const switched = async () => (await file()) !== first;
  if (!(await awaitCondition(switched, { everyMs: 5, timeoutMs: PATIENCE_MS, signal })))
    throw new Error(
      `${node.name} began no other segment within ${PATIENCE_MS} ms: more has to be written, or walSegment made smaller`,
    );
}

/** A line of the server's log, with its instant in ms since the epoch; log_line_prefix is '%m [%p] ' and the log speaks UTC. */
interface LogLine {
  readonly ms: number;
  readonly text: string;
}

export function logLines(log: string): LogLine[] {
  const lines = log.matchAll(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) (?:UTC|GMT) \[\d+\] [A-Z]+: {1,2}(.*)$/gm);
  return [...lines].map(([, day, time, text = ""]) => ({ ms: Date.parse(`${day}T${time}Z`), text }));
}

const STARTS = (line: LogLine): boolean => line.text.startsWith("starting PostgreSQL");

/** The lines of the server that lived at an instant: another one may have been started on the same log since. */
function lifeAt(lines: readonly LogLine[], atMs: number): LogLine[] {
  const from = lines.findLastIndex((line) => STARTS(line) && line.ms <= atMs);
  const next = lines.findIndex((line, i) => i > from && STARTS(line) && line.ms > atMs);
  return lines.slice(Math.max(0, from), next < 0 ? undefined : next);
}

const linesNow = async (node: Node): Promise<LogLine[]> => lifeAt(logLines(await node.logs()), Date.now());

/** Instants of the monotonic clock as the wall clock has them now; nodes share the host's. */
const wallOf = ({ fromNs, toNs }: Bracket): WallSpan => {
  const ms = (ns: bigint): number => Date.now() - Number(nowNs() - ns) / 1e6;
  return { fromMs: ms(fromNs), toMs: ms(toNs) };
};

const CHECKPOINT = { begins: /^(checkpoint|restartpoint) starting/, ends: /^(checkpoint|restartpoint) complete/ };

/**
 * In a checkpoint that has written something and has not ended. The server shows no progress of it: that it began and ended stands
 * in its log, and that it writes in its counters.
 */
async function midCheckpoint({ admin, node, signal }: Watching): Promise<InsideSpan> {
  const written = await writtenCounter(admin, node);
  const begun = async (): Promise<LogLine | undefined> => {
    const lines = await linesNow(node);
    const last = lines.findLast(({ text }) => CHECKPOINT.begins.test(text) || CHECKPOINT.ends.test(text));
    return last && CHECKPOINT.begins.test(last.text) ? last : undefined;
  };
  const found = await awaitCondition(
    async () => {
      if (!(await begun())) return false;
      const before = await written();
      // A checkpoint that has nothing to write, or has written it all, is over at once.
      return awaitCondition(async () => (await written()) > before, { everyMs: 5, timeoutMs: 1_000, signal });
    },
    { everyMs: 5, timeoutMs: PATIENCE_MS, signal },
  );
  if (!found) throw new Error(`no checkpoint of ${node.name} was under way within ${PATIENCE_MS} ms`);
  return async (at) => insideOf(logLines(await node.logs()), node.name, wallOf(at), CHECKPOINT);
}

interface WallSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Whether all of a span of time lies between two lines of the log of the server that lived then; times in ms since the epoch. */
export function insideOf(
  lines: readonly LogLine[],
  node: string,
  { fromMs, toMs }: WallSpan,
  { begins, ends }: { begins: RegExp; ends: RegExp },
): { observed: boolean; proof: string } {
  const life = lifeAt(lines, fromMs);
  const from = life.findLastIndex(({ ms, text }) => ms <= fromMs && begins.test(text));
  const start = life[from];
  if (!start) return { observed: false, proof: `the log of ${node} has no ${begins.source} that came before` };
  const end = life.slice(from + 1).find(({ text }) => ends.test(text));
  const began = `"${start.text}" stands in the log of ${node} ${Math.round(fromMs - start.ms)} ms before`;
  if (!end) return { observed: true, proof: `${began}, and no end of it` };
  const observed = end.ms >= toMs;
  const distance = `${Math.round(Math.abs(end.ms - toMs))} ms ${observed ? "after" : "before the fault was effective"}`;
  return { observed, proof: `${began}, and "${end.text.slice(0, 60)}" ${distance}` };
}

/** Pages that checkpoints have written so far; the counter moved to a view of its own in 17. */
async function writtenCounter(admin: AdminConnections, node: Node): Promise<() => Promise<number>> {
  const [row] = await admin.query(
    node.name,
    "SELECT current_setting('server_version_num')::int >= 170000 AS own_view",
    ADMIN_TIMEOUT_MS,
  );
  const text =
    row?.["own_view"] === true
      ? "SELECT buffers_written::text AS n FROM pg_stat_checkpointer"
      : "SELECT buffers_checkpoint::text AS n FROM pg_stat_bgwriter";
  return async () => Number(textOf((await admin.query(node.name, text, ADMIN_TIMEOUT_MS))[0], "n"));
}

const STREAMING =
  "SELECT pid::text AS pid, phase, backup_streamed::text AS bytes FROM pg_stat_progress_basebackup WHERE phase = 'streaming database files'";
/** Written into pg_wal when a base backup has ended. */
const ENDED = `set -e; cd "$1/${DATA}/pg_wal"; for f in *.backup; do if [ -f "$f" ]; then echo "$f"; fi; done`;

/** While a base backup streams. */
async function baseBackup({ admin, node, signal }: Watching): Promise<InsideSpan> {
  const ended = async (): Promise<string[]> => {
    const said = await node.onDisk(["sh", "-c", ENDED, "sh", node.disk], { timeoutMs: 30_000 });
    if (said.code !== 0) throw new Error(`pg_wal of ${node.name} could not be read: ${said.stderr.trim()}`);
    return said.stdout.split("\n").filter(Boolean);
  };
  const before = new Set(await ended());
  let seen: { pid: string; bytes: string } | undefined;
  const found = await awaitCondition(
    async () => {
      const [row] = await admin.query(node.name, STREAMING, ADMIN_TIMEOUT_MS);
      seen = row && { pid: textOf(row, "pid"), bytes: textOf(row, "bytes") };
      return row !== undefined;
    },
    { everyMs: 5, timeoutMs: PATIENCE_MS, signal },
  );
  if (!found || !seen) throw new Error(`no base backup of ${node.name} was under way within ${PATIENCE_MS} ms`);
  const { pid, bytes } = seen;
  return async () => {
    const words = `process ${pid} of ${node.name} was streaming a base backup, ${bytes} bytes of it sent`;
    const done = (await ended()).filter((file) => !before.has(file));
    return done.length === 0
      ? { observed: true, proof: `${words}; pg_wal has no end of it` }
      : { observed: false, proof: `${words}; it ended all the same: ${done.join(" ")}` };
  };
}

const REDO = {
  begins: /^redo starts at/,
  ends: /^(database system is ready to accept connections|archive recovery complete)/,
};

/** While the server of the node replays WAL and takes no writes. */
async function recovery({ node, signal }: Watching): Promise<InsideSpan> {
  const replaying = async (): Promise<boolean> => {
    if ((await node.state()) !== "running") return false;
    const lines = await linesNow(node);
    return lines.some(({ text }) => REDO.begins.test(text)) && !lines.some(({ text }) => REDO.ends.test(text));
  };
  const found = await awaitCondition(replaying, { everyMs: 3, timeoutMs: PATIENCE_MS, signal });
  if (!found) throw new Error(`${node.name} was not in recovery within ${PATIENCE_MS} ms`);
  return async (at) => insideOf(logLines(await node.logs()), node.name, wallOf(at), REDO);
}
