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
  const [row] = await admin.query(node, "SELECT pg_walfile_name(pg_switch_wal()) AS name", ADMIN_TIMEOUT_MS);
  const name = textOf(row, "name");
  const objects = archiver.objects?.bind(archiver);
  if (!objects) throw new Error("the archiver does not tell what it holds");
  const there = await awaitCondition(async () => (await objects("segment")).some((one) => one.name === name), {
    everyMs: 50,
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (!there) throw new Error(`${name} was not in the archive ${TIMEOUT_MS} ms after ${node} had ended it`);
  return `the archive has everything up to ${name}`;
}
