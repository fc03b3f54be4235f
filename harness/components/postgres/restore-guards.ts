/** What a procedure looks at because the server does not: whose backup it is, and whether history really ends where recovery ended. */
import type { Node } from "../../node.ts";
import { parsePosition } from "../../position.ts";
import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { endProblem, isBehindAll, pageAt } from "./archive-end.ts";
import { type Archiver, type Backup, DATA_DIR } from "./archiver.ts";
import { recoveryFacts } from "./facts.ts";
import type { Shell } from "./shell.ts";
import { isSegment } from "./wal-names.ts";

export interface GuardBench {
  readonly node: Node;
  readonly archiver: Archiver;
  readonly admin: AdminConnections;
  readonly segmentBytes: number;
  /** What the server that is to be made anew called its own system; null where it was never asked. */
  readonly systemIdentifier: string | null;
}

/** The control file begins with the system's identifier, 8 bytes in the machine's own order. A backup of another system starts just as well. */
export async function refuseForeign({ systemIdentifier }: GuardBench, shell: Shell, backup: Backup): Promise<void> {
  const found = (await shell.run(`od -An -t u8 -N 8 "$1/global/pg_control"`, [DATA_DIR])).trim();
  if (systemIdentifier !== null && found !== systemIdentifier)
    throw new Error(
      `backup ${backup.label} is of system ${found}, and the one to be restored is ${systemIdentifier}: this is the archive of another cluster`,
    );
}

export const segmentsOf = async (archiver: Archiver): Promise<string[]> => (await archiver.names()).filter(isSegment);

/**
 * The server takes whatever is not a valid record for the end of history, so what it ended at is compared with what the archive
 * holds. Nobody is led to the restored machine before.
 */
export async function refuseEarlyEnd(
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
export async function awaitReplay(
  bench: GuardBench,
  shell: Shell,
  segments: string[],
  signal: AbortSignal,
): Promise<void> {
  const { node, admin, segmentBytes } = bench;
  const newest = segments.toSorted().at(-1);
  if (newest === undefined) throw new Error("the archive holds no segment: there is nothing to follow");
  // The newest has to be reached; the control file of a standby names an older one until its next restartpoint.
  const timeline = String(Number.parseInt(newest.slice(0, 8), 16));
  let said = "";
  let sinceMs = performance.now();
  // While somebody goes on archiving it never stands still: what the archive held when it began is enough.
  const over = async (): Promise<boolean> => {
    if ((await node.state()) !== "running") throw new Error(`the server of ${node.name} ended`);
    const now = await replayOf(admin, node);
    if (now === "") return false; // it takes no connections before it is consistent
    if (now !== said) [said, sinceMs] = [now, performance.now()];
    const end = parsePosition(said);
    if (end !== null && isBehindAll({ segments, timeline, end, segmentBytes })) return true;
    return performance.now() - sinceMs > STANDS_STILL_MS;
  };
  if (!(await awaitCondition(over, { everyMs: 100, timeoutMs: REPLAY_TIMEOUT_MS, signal })))
    throw new Error(
      `${node.name} still replayed after ${REPLAY_TIMEOUT_MS} ms, ${said === "" ? "without a word of where it stands" : `at ${said}`}`,
    );
  const problem = await problemAt(bench, shell, { segments, unfinished: null, timeline, said });
  if (problem !== null) throw new Error(`${node.name} stands still at ${said} on timeline ${timeline}: ${problem}`);
}

const REPLAY_TIMEOUT_MS = 1_800_000;

/** Empty while the server does not answer. */
async function replayOf(admin: AdminConnections, node: Node): Promise<string> {
  try {
    return textOf((await admin.query(node.name, "SELECT pg_last_wal_replay_lsn()::text AS lsn", 2_000))[0], "lsn");
  } catch {
    return "";
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
    const script = `trap 'rm -f "$1" "$1.page"' EXIT; ${command}; dd if="$1" of="$1.page" bs=8192 skip="$2" count=1 status=none; base64 "$1.page"`;
    return Buffer.from(await shell.run(script, [file, String(pageAt(end, segmentBytes))]), "base64");
  });
}
