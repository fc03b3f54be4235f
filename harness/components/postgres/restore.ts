import type { RestoreContext, RestoreOptions } from "../../component.ts";
import type { Node } from "../../node.ts";
import { parsePosition } from "../../position.ts";
import { type Bracket, bracket } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { type Archiver, ARCHIVE_DIR, type Backup, DATA_DIR, sizesOf } from "./archiver.ts";
import type { Escrow } from "./escrow.ts";
import { openForWork, startServer } from "./maintenance.ts";
import type { Points } from "./points.ts";
import { segmentAt } from "./segments.ts";
import { type Shell, shellOn } from "./shell.ts";

const ADMIN_TIMEOUT_MS = 2_000;
const RECOVERY_TIMEOUT_MS = 1_800_000;

export interface RestoreBench {
  readonly node: Node;
  /** The machine that has history as it was made, where there is one. */
  readonly receiver: Node | null;
  readonly archiver: Archiver;
  readonly admin: AdminConnections;
  readonly points: Points;
  readonly escrow: Escrow;
}

/** A machine made anew: backup, settings of the recovery, server. Resolves when it takes writes, or has paused where that was asked. */
export async function restoreNode(
  bench: RestoreBench,
  options: RestoreOptions,
  context: RestoreContext,
): Promise<void> {
  const { node } = bench;
  const { signal, mark } = context;
  if (options.stage !== "history") await fill(bench, options, context);
  if (options.stage === "base") return mark("consistent", await consistent(bench, signal));
  const { at: restored } = await bracket(async () => {
    if (options.stage === "history") await shellOn(node).run('rm -f "$1"', [HOLD]);
    else await startServer(node);
    await served(bench, options.onEnd, signal);
  });
  mark("restored", restored);
}

/** A server in recovery takes readers as soon as it is consistent, and this one cannot get further. */
async function consistent({ node, admin }: RestoreBench, signal: AbortSignal): Promise<Bracket> {
  const { at } = await bracket(async () => {
    await startServer(node);
    await answers({ node, admin }, signal, () => true);
  });
  return at;
}

async function fill(
  { node, receiver, archiver, points, escrow }: RestoreBench,
  options: RestoreOptions,
  { signal, mark, keep, rewound }: RestoreContext,
): Promise<void> {
  await openForWork(node, signal);
  const shell = shellOn(node);
  if (options.access === "escrow") await escrow.open(shell);
  if (receiver && options.tail === "shipped") mark("tail shipped", await shipTail(receiver));
  const target = options.to === "latest" || options.to === "immediate" ? null : points.target(options);
  const backups = await archiver.list(shell);
  const backup = chooseBackup(backups, options, target?.lsn ?? null);
  const settings = recoverySettings(archiver, options, target?.settings ?? {});
  await keep("restore.txt", wordsOf(backups, backup, settings));
  const { at: fetched } = await bracket(async () => {
    await shell.run(`rm -rf "$1.before"; if [ -e "$1" ]; then mv "$1" "$1.before"; fi`, [DATA_DIR]);
    await archiver.fetch(shell, backup);
    await shell.run(`cat >>"$1/postgresql.auto.conf"; touch "$1/recovery.signal"`, [DATA_DIR], { stdin: settings });
  });
  if (options.stage === "base") await holdHistory(shell, backup, archiver.restoreCommand(options.wal));
  mark("fetched", fetched);
  if (target?.lineage && target.lsn) rewound({ lineage: target.lineage, position: target.lsn });
}

/**
 * What the receiver has goes into the archive first. Its last segment is called .partial until it is full (manual, pg_receivewal);
 * under that name no server asks for it, and the newest writes would be lost with all of them on disk.
 */
async function shipTail(receiver: Node): Promise<Bracket> {
  const { at } = await bracket(() =>
    shellOn(receiver).run(`. ${ARCHIVE_DIR}/store
      for file in /blackstart/disk/wal/*; do sh ${ARCHIVE_DIR}/push "$file" "$(basename "$file" .partial)"; done`),
  );
  return at;
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
    recovery_target_action: options.onEnd,
    ...(options.to === "immediate" && { recovery_target: "immediate" }),
    ...target,
    primary_conninfo: "",
    primary_slot_name: "",
    // A restored machine that archives into where it came from leaves a second history there for the next restore to follow.
    ...(options.archive === "fenced" && { archive_mode: "off" }),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join("");
}

const HOLD = "/blackstart/run/hold";
const AWAIT = "/blackstart/run/await";

/** Puts a wait in front of restore_command, which stays as it is: what lies beyond the backup's end has to wait for the file to go. */
async function holdHistory(on: Shell, { timeline, stopLsn }: Backup, command: string): Promise<void> {
  const control = await on.run('pg_controldata -D "$1"', [DATA_DIR]);
  const segmentBytes = Number(/Bytes per WAL segment:\s+(\d+)/.exec(control)?.[1]);
  const last = segmentAt(Number(timeline), parsePosition(stopLsn) ?? 0n, segmentBytes);
  await on.run('touch "$1"; cat >"$2"', [HOLD, AWAIT], { stdin: AWAIT_SCRIPT });
  // Reading ahead would wait for the next segment before the end of the backup is replayed.
  const line = `recovery_prefetch = off\nrestore_command = '${`sh ${AWAIT} %f ${last}; ${command}`.replaceAll("'", "''")}'\n`;
  await on.run('cat >>"$1/postgresql.auto.conf"', [DATA_DIR], { stdin: line });
}

/** Files of timelines, which have a dot in their names, are asked for before anything is replayed. */
const AWAIT_SCRIPT = `while [ -e ${HOLD} ]; do
  case $1 in *.*) exit ;; esac
  expr "x$1" '>' "x$2" >/dev/null || exit
  sleep 0.05
done
`;

/** The server's start says nothing: it is asked until it takes writes, or until it is gone. */
async function served(bench: RestoreBench, onEnd: "promote" | "pause", signal: AbortSignal): Promise<void> {
  await answers(bench, signal, (state) => state === (onEnd === "pause" ? "paused" : "promoted"));
}

async function answers(
  { node, admin }: Pick<RestoreBench, "node" | "admin">,
  signal: AbortSignal,
  asked: (state: string) => boolean,
): Promise<void> {
  let state = "it did not answer";
  const done = await awaitCondition(
    async () => {
      if ((await node.state()) !== "running") throw new Error(`the server ended instead: ${await lastWords(node)}`);
      try {
        state = textOf((await admin.query(node.name, STATE, ADMIN_TIMEOUT_MS))[0], "state");
      } catch {
        return false; // not yet: it takes no connections before it is consistent
      }
      return asked(state);
    },
    { everyMs: 10, timeoutMs: RECOVERY_TIMEOUT_MS, signal },
  );
  if (!done) throw new Error(`${node.name} did not end its recovery within ${RECOVERY_TIMEOUT_MS} ms: ${state}`);
}

const STATE = `SELECT CASE WHEN NOT pg_is_in_recovery() THEN 'promoted'
  WHEN pg_get_wal_replay_pause_state() = 'paused' THEN 'paused' ELSE 'recovering' END AS state`;

async function lastWords(node: Node): Promise<string> {
  const lines = (await node.logs()).trim().split("\n");
  const serious = lines.filter((line) => /\b(FATAL|PANIC)\b/.test(line));
  return (serious.length > 0 ? serious : lines).slice(-2).join("; ");
}

function wordsOf(backups: readonly Backup[], chosen: Backup, settings: string): string {
  const lines = backups.map(
    (one) =>
      `${one === chosen ? "*" : " "} ${one.label} ${one.level} timeline ${one.timeline} ${one.startLsn} to ${one.stopLsn}, ${sizesOf(one)}`,
  );
  return `${lines.join("\n")}\n\n${settings}`;
}
