import type { InsideSpan } from "../../component.ts";
import type { Node } from "../../node.ts";
import { type Bracket, nowNs } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { controlOf, DATA } from "./places.ts";

const ADMIN_TIMEOUT_MS = 2_000;
/** A scenario that waits for something that never comes says so after this. */
const PATIENCE_MS = 600_000;
/** Lines carry milliseconds, cut and not rounded. */
const LOG_TICK_MS = 1;

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
  await awaitCondition(async () => (await file()) !== first, { everyMs: 5, timeoutMs: PATIENCE_MS, signal });
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

const sinceStart = (log: string): LogLine[] => {
  const lines = logLines(log);
  return lines.slice(Math.max(0, lines.findLastIndex(({ text }) => text.startsWith("starting PostgreSQL"))));
};

/** Instants of the monotonic clock as the wall clock has them now; nodes share the host's. */
const wallOf = ({ fromNs, toNs }: Bracket): { fromMs: number; toMs: number } => {
  const ms = (ns: bigint): number => Date.now() - Number(nowNs() - ns) / 1e6;
  return { fromMs: ms(fromNs), toMs: ms(toNs) };
};

/**
 * In a checkpoint that has written something and has not ended. The server shows no progress of it: that it began and ended stands
 * in its log, and that it writes in its counters.
 */
async function midCheckpoint({ admin, node, signal }: Watching): Promise<InsideSpan> {
  const written = await writtenCounter(admin, node);
  const begun = async (): Promise<LogLine | undefined> => {
    const lines = sinceStart(await node.logs());
    const last = lines.findLast(({ text }) => /^(checkpoint|restartpoint) (starting|complete)/.test(text));
    return last && /starting/.test(last.text) ? last : undefined;
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
  return async (at) => insideCheckpoint(logLines(await node.logs()), node.name, wallOf(at));
}

/** Whether all of a span of time lies in a checkpoint, from the log of the server; ends in ms since the epoch. */
export function insideCheckpoint(
  lines: readonly LogLine[],
  node: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): { observed: boolean; proof: string } {
  const started = lines.findLastIndex(({ ms, text }) => ms <= fromMs && /^(checkpoint|restartpoint) starting/.test(text));
  const start = lines[started];
  if (!start) return { observed: false, proof: `the log of ${node} has no checkpoint that began before` };
  const end = lines.slice(started + 1).find(({ text }) => /^(checkpoint|restartpoint) complete/.test(text));
  const began = `"${start.text}" stands in the log of ${node} ${Math.round(fromMs - start.ms)} ms before`;
  if (!end) return { observed: true, proof: `${began}, and no end of it` };
  const observed = end.ms >= toMs;
  const distance = Math.round(Math.abs(end.ms - toMs));
  return { observed, proof: `${began}, and its end ${distance} ms ${observed ? "after" : "before the fault was effective"}` };
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
const ENDED = `cd "$1/${DATA}/pg_wal"; for f in *.backup; do if [ -f "$f" ]; then echo "$f"; fi; done`;

/** While a base backup streams. */
async function baseBackup({ admin, node, signal }: Watching): Promise<InsideSpan> {
  const ended = async (): Promise<string[]> => {
    const said = await node.onDisk(["sh", "-c", ENDED, "sh", node.disk], { timeoutMs: 30_000 });
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

const SERVES = /^(database system is ready to accept connections|archive recovery complete)/;

/** While the server of the node replays WAL and takes no writes. */
async function recovery({ node, signal }: Watching): Promise<InsideSpan> {
  const replaying = async (): Promise<LogLine | undefined> => {
    const lines = sinceStart(await node.logs());
    return lines.some(({ text }) => SERVES.test(text)) ? undefined : lines.find(({ text }) => text.startsWith("redo starts at"));
  };
  const found = await awaitCondition(async () => (await replaying()) !== undefined, {
    everyMs: 3,
    timeoutMs: PATIENCE_MS,
    signal,
  });
  if (!found) throw new Error(`${node.name} was not in recovery within ${PATIENCE_MS} ms`);
  return async (at) => {
    const lines = sinceStart(await node.logs());
    const { fromMs, toMs } = wallOf(at);
    const start = lines.find(({ ms, text }) => ms <= fromMs && text.startsWith("redo starts at"));
    const end = lines.find(({ text }) => SERVES.test(text));
    const state = (await node.state()) === "stopped" ? (await controlOf(node)).state : null;
    const observed =
      start !== undefined &&
      (end === undefined || end.ms + LOG_TICK_MS > toMs) &&
      (state === null || /recovery/.test(state));
    const began = start
      ? `"${start.text}" stands in the log of ${node.name} ${Math.round(fromMs - start.ms)} ms before`
      : `the log of ${node.name} has no redo that began before`;
    const ended = end ? `, "${end.text}" ${Math.round(end.ms - toMs)} ms after` : ", and no end of it";
    return { observed, proof: `${began}${ended}${state === null ? "" : `; pg_control says ${state}`}` };
  };
}
