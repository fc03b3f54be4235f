import { type AdminConnections, textOf } from "./admin.ts";
import { archiveNow } from "./archive-now.ts";
import type { Archiver } from "./archiver.ts";

const TIMEOUT_MS = 10_000;

/** What people do with a machine that was restored for practice: they write, and whatever it archives is there for the next restore. */
export async function tryOut(
  { admin, archiver, node }: { admin: AdminConnections; archiver: Archiver | null; node: string },
  rows: number,
  signal: AbortSignal,
): Promise<string> {
  await admin.query(
    node,
    `INSERT INTO blackstart.ledger (op, payload) SELECT 'trial-' || n, md5(n::text) FROM generate_series(1, $1::int) AS n`,
    TIMEOUT_MS,
    [rows],
  );
  const [row] = await admin.query(node, "SELECT current_setting('archive_mode') AS mode", TIMEOUT_MS);
  const written = `${rows} rows written into ${node}`;
  if (!archiver || textOf(row, "mode") === "off") return `${written}, which archives nothing`;
  return `${written}; ${await archiveNow({ admin, archiver, node }, signal)}`;
}
