import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import type { Archiver } from "./archiver.ts";

const TIMEOUT_MS = 60_000;
const ADMIN_TIMEOUT_MS = 5_000;

/** Ends the segment that is being written, and waits until the archive itself has it: the server only knows what it was told. */
export async function archiveNow(
  { admin, archiver, node }: { admin: AdminConnections; archiver: Archiver; node: string },
  signal: AbortSignal,
): Promise<string> {
  // A switch does nothing where nothing was written since the one before.
  const text = "SELECT pg_walfile_name(pg_switch_wal()) AS name FROM pg_create_restore_point('archive-now')";
  const [row] = await admin.query(node, text, ADMIN_TIMEOUT_MS);
  const name = textOf(row, "name");
  const listed = async (): Promise<boolean> => (await archiver.names()).includes(name);
  const there = await awaitCondition(listed, { everyMs: 50, timeoutMs: TIMEOUT_MS, signal });
  if (!there) throw new Error(`${name} was not in the archive ${TIMEOUT_MS} ms after ${node} had ended it`);
  return `the archive has everything up to ${name}`;
}
