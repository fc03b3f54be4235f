/** What a procedure looks at because the server does not: whose backup it is, and whether history really ends where recovery ended. */
import type { Node } from "../../node.ts";
import { parsePosition } from "../../position.ts";
import type { AdminConnections } from "./admin.ts";
import { endProblem, isSegment, pageAt } from "./archive-end.ts";
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
export async function reachedTheEnd(bench: GuardBench, shell: Shell, segments: string[]): Promise<void> {
  const { node, admin, archiver, segmentBytes } = bench;
  const { switch_position: said = "", switch_from_lineage: timeline = "" } = await recoveryFacts(admin, node);
  const end = parsePosition(said);
  if (end === null) throw new Error(`${node.name} does not say where its recovery ended`);
  const page = async (segment: string, offset: number): Promise<Buffer> => {
    const file = `${node.disk}/last-segment`;
    const command = archiver.restoreCommand("stock").replaceAll("%f", segment).replaceAll("%p", file);
    const script = `trap 'rm -f "$1"' EXIT; ${command}; dd if="$1" bs=8192 skip="$2" count=1 2>/dev/null | base64`;
    return Buffer.from(await shell.run(script, [file, String(offset)]), "base64");
  };
  const problem = await endProblem({ segments, timeline, end, segmentBytes }, (segment) =>
    page(segment, pageAt(end, segmentBytes)),
  );
  if (problem !== null) throw new Error(`recovery ended at ${said} on timeline ${timeline}, too early: ${problem}`);
}
