import pg from "pg";
import type { RestoreContext, RestoreOptions } from "../../archive.ts";
import type { Node } from "../../node.ts";
import { messageOf } from "../../errors.ts";
import { parsePosition } from "../../position.ts";
import { type Bracket, bracket } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { DATA_BYTES, DATA_BYTES_TIMEOUT_MS } from "./data-size.ts";
import { ARCHIVE_DIR, type Archiver, type Backup, DATA_DIR, segmentOfBackup, sizesOf } from "./archiver.ts";
import { refuseForeign, refuseEarlyEnd, awaitReplay, segmentsOf } from "./restore-guards.ts";
import { type Escrow, layOut } from "./escrow.ts";
import { openForWork, startServer } from "./maintenance.ts";
import type { Restored } from "./detector.ts";
import type { Points, RestoreTarget } from "./points.ts";
import { settingLines } from "./server-conf.ts";
import { whyItEnded } from "./settle.ts";
import { type Shell, shellOn } from "./shell.ts";
import { TABLESPACE_DIR } from "./tablespace.ts";

const ADMIN_TIMEOUT_MS = 2_000;
const RECOVERY_TIMEOUT_MS = 1_800_000;
const WRONG_PASSWORD = "28P01";

export interface RestoreBench {
  readonly node: Node;
  /** The machine that has history as it was made, where there is one. */
  readonly receiver: Node | null;
  readonly archiver: Archiver;
  readonly admin: AdminConnections;
  readonly points: Points;
  readonly escrow: Escrow;
  /** Told as soon as it is known, for a restore that goes wrong is one too. */
  readonly chosen: (restored: Restored) => void;
  readonly segmentBytes: number;
  /** What the server that is to be made anew called its own system; null where it was never asked. */
  readonly systemIdentifier: string | null;
  /** The archive is another component's: its archiver's files are on none of these machines yet. */
  readonly foreign: boolean;
}

/**
 * A machine made anew: backup, settings of the recovery, server. Resolves when it takes writes, has paused where that was asked, or,
 * where it is to follow, has replayed all that the archive held when it began.
 */
export async function restoreNode(
  bench: RestoreBench,
  options: RestoreOptions,
  context: RestoreContext,
): Promise<void> {
  const { node, points } = bench;
  const target = options.to === "latest" || options.to === "immediate" ? null : points.target(options);
  const filled = options.stage === "history" ? null : await fill(bench, options, { ...context, target });
  if (options.stage === "base") {
    const { at: consistent } = await bracket(async () => {
      await startServer(node);
      await served(bench, "consistent", context.signal);
    });
    return context.mark("consistent", consistent);
  }
  const restored = await replay(bench, options, context);
  tellEnd(target, context.rewound);
  if (filled) await tellBrought(bench, filled.backup, context, { fetched: filled.fetched, restored });
}

type Filling = Pick<RestoreContext, "signal" | "mark" | "keep"> & { readonly target: RestoreTarget | null };

/** What opens the archive, the backup out of it, and the settings of the recovery. */
async function fill(
  bench: RestoreBench,
  options: RestoreOptions,
  context: Filling,
): Promise<{ backup: Backup; fetched: Bracket }> {
  const { node, archiver } = bench;
  const { signal, mark, keep, target } = context;
  await openForWork(node, signal);
  const shell = shellOn(node, signal);
  if (options.access === "escrow") await bench.escrow.open(shell);
  if (bench.foreign) await layOut(shell, archiver.files);
  if (bench.receiver && options.tail === "shipped") mark("tail shipped", await shipTail(bench.receiver, signal));
  const backups = await archiver.list(shell);
  const backup = chooseBackup(backups, options, target?.lsn ?? null);
  bench.chosen(restoredOf(node.name, backup, options, target));
  const settings = recoverySettings(archiver, options, target?.settings ?? {});
  await keep("restore.txt", wordsOf(backups, backup, settings));
  const { at: fetched } = await bracket(async () => {
    await shell.run(MAKE_ROOM, [DATA_DIR, TABLESPACE_DIR]);
    await archiver.fetch(shell, backup);
    if (options.checked) await refuseForeign(bench, shell, backup);
    const signalFile = options.onEnd === "follow" ? "standby.signal" : "recovery.signal";
    await shell.run(
      `cat >>"$1/postgresql.auto.conf"; rm -f "$1/standby.signal" "$1/recovery.signal"; touch "$1/$2"`,
      [DATA_DIR, signalFile],
      { stdin: settings },
    );
    if (options.stage === "base") await holdHistory(bench, shell, backup, options);
  });
  mark("fetched", fetched);
  return { backup, fetched };
}

/** History, for a server that is started for it, or that has waited where its backup ends. */
async function replay(bench: RestoreBench, options: RestoreOptions, context: RestoreContext): Promise<Bracket> {
  const { node, archiver } = bench;
  const { signal, mark } = context;
  const shell = shellOn(node, signal);
  const follows = options.onEnd === "follow";
  const guarded = options.wal === "fail-closed" && options.to === "latest" && !follows;
  const segments = guarded || follows ? await segmentsOf(archiver) : [];
  const { at: restored } = await bracket(async () => {
    if (options.stage === "history") await shell.run('rm "$1"', [HOLD]);
    else await startServer(node);
    if (follows) await awaitReplay(bench, shell, segments, signal);
    else await served(bench, options.onEnd === "pause" ? "paused" : "promoted", signal);
    if (guarded) await refuseEarlyEnd(bench, shell, { segments, unfinished: await unfinishedOf(bench, options) });
  });
  mark("restored", restored);
  return restored;
}

/** Asked after the machine served, so that no figure of it contains the asking. What cannot be told fails no restore: it is kept in words. */
async function tellBrought(
  bench: RestoreBench,
  backup: Backup,
  context: RestoreContext,
  { fetched, restored }: { fetched: Bracket; restored: Bracket },
): Promise<void> {
  try {
    context.restored({
      node: bench.node.name,
      backup: backup.label,
      level: backup.level,
      ...(await brought(bench, backup)),
      fromNs: String(fetched.fromNs),
      fetchedNs: String(fetched.toNs),
      toNs: String(restored.toNs),
    });
  } catch (thrown) {
    await context.keep("restored-size.txt", `what was brought could not be told: ${messageOf(thrown)}\n`);
  }
}

/** The position stays what it was when recovery ended. */
async function brought({ node, admin }: RestoreBench, { label, startLsn }: Backup) {
  const [row] = await admin.query(
    node.name,
    `SELECT pg_last_wal_replay_lsn()::text AS position, (${DATA_BYTES})::text AS bytes`,
    DATA_BYTES_TIMEOUT_MS,
  );
  const [from, to] = [parsePosition(startLsn), parsePosition(textOf(row, "position"))];
  if (from === null || to === null || to < from)
    throw new Error(`it cannot be told how much history ${label} was followed by`);
  return { dataBytes: Number(textOf(row, "bytes")), walBytes: Number(to - from) };
}

/** A tablespace's folder is nothing that a restore makes. */
const MAKE_ROOM = `rm -rf "$1.before" "$2.before"
if [ -e "$1" ]; then mv "$1" "$1.before"; fi
if [ -e "$2" ]; then mv "$2" "$2.before"; mkdir "$2"; fi`;

const HOLD = "/blackstart/run/hold";
const AWAIT = "/blackstart/run/await";

/** Puts a wait in front of restore_command, which stays as it is: what lies beyond the backup's end has to wait for the file to go. */
async function holdHistory(
  { archiver, segmentBytes }: RestoreBench,
  on: Shell,
  backup: Backup,
  { wal }: RestoreOptions,
): Promise<void> {
  const last = segmentOfBackup(backup, backup.stopLsn, segmentBytes);
  await on.run('touch "$1"; cat >"$2"', [HOLD, AWAIT], { stdin: AWAIT_SCRIPT });
  const settings = {
    recovery_prefetch: "off", // reading ahead would wait for the next segment before the end of the backup is replayed
    restore_command: `sh ${AWAIT} %f ${last}; ${archiver.restoreCommand(wal)}`,
  };
  await on.run('cat >>"$1/postgresql.auto.conf"', [DATA_DIR], { stdin: settingLines(settings) });
}

/** Files of timelines, which have a dot in their names, are asked for before anything is replayed. */
const AWAIT_SCRIPT = `while [ -e ${HOLD} ]; do
  case $1 in *.*) exit ;; esac
  expr "x$1" '>' "x$2" >/dev/null || exit
  sleep 0.05
done
`;

function tellEnd(target: RestoreTarget | null, rewound: RestoreContext["rewound"]): void {
  if (target?.lineage && target.lsn && target.upTo)
    rewound({ lineage: target.lineage, position: target.lsn, upTo: target.upTo });
}

/** A time that no position is known of, such as now, lies at the end of history. */
function restoredOf(node: string, backup: Backup, { to }: RestoreOptions, target: RestoreTarget | null): Restored {
  const { lineage, lsn } = target ?? { lineage: null, lsn: null };
  const at = lineage !== null && lsn !== null ? { lineage, lsn } : null;
  return { node, backup, target: at, latest: at === null && to !== "immediate" };
}

/**
 * What the receiver has goes into the archive first. Its last segment is called .partial until it is full (manual, pg_receivewal);
 * under that name no server asks for it, and the newest writes would be lost with all of them on disk.
 */
async function shipTail(receiver: Node, signal: AbortSignal): Promise<Bracket> {
  const { at } = await bracket(() =>
    shellOn(receiver, signal).run(
      `for file in /blackstart/disk/wal/*; do sh ${ARCHIVE_DIR}/push "$file" "$(basename "$file" .partial)"; done`,
    ),
  );
  return at;
}

/** The segment that the receiver was writing when history broke off, where its tail was shipped. */
async function unfinishedOf({ receiver }: RestoreBench, { tail }: RestoreOptions): Promise<string | null> {
  if (!receiver || tail !== "shipped") return null;
  const [name] = (await shellOn(receiver).run("cd /blackstart/disk/wal; ls | grep partial || true")).trim().split("\n");
  return name?.replace(/\.partial$/, "") || null;
}

/** The newest (or oldest) that ends before the target; history only runs forward from a backup's end. */
function chooseBackup(backups: readonly Backup[], { backup, checked }: RestoreOptions, lsn: string | null): Backup {
  const at = lsn === null ? null : parsePosition(lsn);
  const fit = backups.filter(({ stopLsn }) => !checked || at === null || (parsePosition(stopLsn) ?? at + 1n) <= at);
  const chosen = backup === "newest" ? fit.at(-1) : fit[0];
  if (chosen) return chosen;
  if (backups.length === 0) throw new Error("the archive holds no backup: there is nothing to restore from");
  throw new Error(
    `the target ${lsn} lies before the end of every backup; the oldest, ${backups[0]!.label}, ends at ${backups[0]!.stopLsn}: a target before it cannot be reached from here`,
  );
}

function recoverySettings(archiver: Archiver, options: RestoreOptions, target: Record<string, string>): string {
  const settings: Record<string, string> = {
    restore_command: archiver.restoreCommand(options.wal),
    recovery_target_timeline: "latest",
    ...(options.onEnd !== "follow" && { recovery_target_action: options.onEnd }),
    ...(options.to === "immediate" && { recovery_target: "immediate" }),
    ...target,
    primary_conninfo: "",
    primary_slot_name: "",
    // A restored machine that archives into where it came from leaves a second history there for the next restore to follow.
    ...(options.archive === "fenced" && { archive_mode: "off" }),
  };
  return settingLines(settings);
}

/** The server's start says nothing: it is asked until it takes writes, or until it is gone. */
async function served(
  { node, admin }: RestoreBench,
  wanted: "promoted" | "paused" | "consistent",
  signal: AbortSignal,
): Promise<void> {
  let state = "it did not answer";
  const done = await awaitCondition(
    async () => {
      if ((await node.state()) !== "running") throw new Error(`the server ended instead: ${await whyItEnded(node)}`);
      try {
        state = textOf((await admin.query(node.name, STATE, ADMIN_TIMEOUT_MS))[0], "state");
      } catch (thrown) {
        if (thrown instanceof pg.DatabaseError && thrown.code === WRONG_PASSWORD) throw thrown; // another cluster's
        return false; // not yet: it takes no connections before it is consistent
      }
      if (wanted !== "promoted" && state === "promoted")
        throw new Error(`${node.name} was to wait and promoted itself`);
      return state === wanted || wanted === "consistent";
    },
    { everyMs: 10, timeoutMs: RECOVERY_TIMEOUT_MS, signal },
  );
  if (!done) throw new Error(`${node.name} did not end its recovery within ${RECOVERY_TIMEOUT_MS} ms: ${state}`);
}

const STATE = `SELECT CASE WHEN NOT pg_is_in_recovery() THEN 'promoted'
  WHEN pg_get_wal_replay_pause_state() = 'paused' THEN 'paused' ELSE 'recovering' END AS state`;

function wordsOf(backups: readonly Backup[], chosen: Backup, settings: string): string {
  const lines = backups.map(
    (one) =>
      `${one === chosen ? "*" : " "} ${one.label} ${one.level} timeline ${one.timeline} ${one.startLsn} to ${one.stopLsn}, ${sizesOf(one)}`,
  );
  return `${lines.join("\n")}\n\n${settings}`;
}
