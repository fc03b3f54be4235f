/** What a procedure looks at because the server does not: whose backup it is, and whether history really ends where recovery ended. */
import type { Node } from "../../node.ts";
import { parsePosition } from "../../position.ts";
import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { endProblem, isBehindAll, isSegment, pageAt } from "./archive-end.ts";
import { ARCHIVE_DIR, type Archiver, type Backup, DATA_DIR } from "./archiver.ts";
import { recoveryFacts } from "./facts.ts";
import type { Shell } from "./shell.ts";

export interface GuardBench {
  readonly node: Node;
  readonly archiver: Archiver;
  readonly admin: AdminConnections;
  readonly segmentBytes: number;
  /** What the server that is to be made anew called its own system; null where it was never asked. */
  readonly systemIdentifier: string | null;
}

export async function takeFiles(shell: Shell, archiver: Archiver): Promise<void> {
  for (const [name, content] of Object.entries(archiver.files))
    await shell.run(`cat >"$1"; chmod 600 "$1"`, [`${ARCHIVE_DIR}/${name}`], { stdin: content });
}

/** The control file begins with the system's identifier, 8 bytes in the machine's own order. A backup of another system starts just as well. */
export async function isOurs({ systemIdentifier }: GuardBench, shell: Shell, backup: Backup): Promise<void> {
  const found = (await shell.run(`od -An -t u8 -N 8 "$1/global/pg_control"`, [DATA_DIR])).trim();
  if (systemIdentifier !== null && found !== systemIdentifier)
    throw new Error(
      `backup ${backup.label} is of system ${found}, and the one to be restored is ${systemIdentifier}: this is the archive of another cluster`,
    );
}

export async function segmentsOf(archiver: Archiver): Promise<string[]> {
  if (!archiver.objects)
    throw new Error("the archiver does not tell what it holds: where history must end is not known");
  return (await archiver.objects("segment")).map(({ name }) => name).filter(isSegment);
}

/**
 * The server takes whatever is not a valid record for the end of history, so what it ended at is compared with what the archive
 * holds. Nobody is led to the restored machine before.
 */
export async function reachedTheEnd(
  bench: GuardBench,
  shell: Shell,
  archive: { segments: string[]; unfinished: string | null },
): Promise<void> {
  const { node, admin } = bench;
  const { switch_position: said = "", switch_from_lineage: timeline = "" } = await recoveryFacts(admin, node);
  const problem = await problemAt(bench, shell, { ...archive, timeline, said });
  if (problem !== null) throw new Error(`recovery ended at ${said} on timeline ${timeline}, too early: ${problem}`);
}

/** How long a standby may stand still before somebody has to look: it asks for a segment again every 5 s (manual, 19.5.5). */
const STANDS_STILL_MS = 8_000;

/** A standby that cannot read on does not end: it asks again for ever. Only where its replay stands can tell. */
export async function replayedAll(
  bench: GuardBench,
  shell: Shell,
  segments: string[],
  signal: AbortSignal,
): Promise<void> {
  const { node, admin, segmentBytes } = bench;
  let said = "";
  let sinceMs = performance.now();
  let timeline = "";
  // While somebody goes on archiving it never stands still: what the archive held when it began is enough.
  const over = async (): Promise<boolean> => {
    if ((await node.state()) !== "running") throw new Error(`the server of ${node.name} ended`);
    const now = await replayOf(admin, node);
    if (now.lsn !== said) [said, sinceMs, timeline] = [now.lsn, performance.now(), now.timeline];
    const end = parsePosition(said);
    if (end !== null && isBehindAll({ segments, timeline, end, segmentBytes })) return true;
    return performance.now() - sinceMs > STANDS_STILL_MS;
  };
  await awaitCondition(over, { everyMs: 100, timeoutMs: REPLAY_TIMEOUT_MS, signal });
  if (said === "") throw new Error(`${node.name} did not get as far as to say where it stands`);
  const problem = await problemAt(bench, shell, { segments, unfinished: null, timeline, said });
  if (problem !== null) throw new Error(`${node.name} stands still at ${said} on timeline ${timeline}: ${problem}`);
}

const REPLAY_TIMEOUT_MS = 1_800_000;

async function replayOf(admin: AdminConnections, node: Node): Promise<{ lsn: string; timeline: string }> {
  try {
    const [row] = await admin.query(
      node.name,
      "SELECT pg_last_wal_replay_lsn()::text AS lsn, (SELECT timeline_id::text FROM pg_control_checkpoint()) AS timeline",
      2_000,
    );
    return { lsn: textOf(row, "lsn"), timeline: textOf(row, "timeline") };
  } catch {
    return { lsn: "", timeline: "" }; // it takes no connections before it is consistent
  }
}

async function problemAt(
  { node, archiver, segmentBytes }: GuardBench,
  shell: Shell,
  {
    segments,
    unfinished,
    timeline,
    said,
  }: { segments: string[]; unfinished: string | null; timeline: string; said: string },
): Promise<string | null> {
  const end = parsePosition(said);
  if (end === null) throw new Error(`${node.name} does not say where its recovery ended`);
  return endProblem({ segments, unfinished, timeline, end, segmentBytes }, async (segment) => {
    const file = `${node.disk}/last-segment`;
    const command = archiver.restoreCommand("stock").replaceAll("%f", segment).replaceAll("%p", file);
    const script = `trap 'rm -f "$1"' EXIT; ${command}; dd if="$1" bs=8192 skip="$2" count=1 2>/dev/null | base64`;
    return Buffer.from(await shell.run(script, [file, String(pageAt(end, segmentBytes))]), "base64");
  });
}
