import type { SchemaChange } from "../../capabilities.ts";
import { grouped } from "../../text.ts";
import { type AdminConnections, textOf } from "./admin.ts";

const TIMEOUT_MS = 60_000;

/** What a release may do to the schema. Clients go on as before: none of it changes what their statements mean. */
const CHANGES: Readonly<Record<SchemaChange, string>> = {
  table: "CREATE TABLE blackstart.notes (op text PRIMARY KEY, note text NOT NULL)",
  column: "ALTER TABLE blackstart.ledger ADD COLUMN note text",
};

export async function changeSchema(admin: AdminConnections, node: string, change: SchemaChange): Promise<string> {
  await admin.query(node, CHANGES[change], TIMEOUT_MS);
  return `${CHANGES[change]} on ${node}`;
}

/** Many rows in one transaction, beside the ledger. Says where the history stood when it had committed. */
export async function runBatch(admin: AdminConnections, node: string, rows: number): Promise<string> {
  await admin.query(
    node,
    "INSERT INTO blackstart.probe (at) SELECT clock_timestamp() FROM generate_series(1, $1::int)",
    TIMEOUT_MS,
    [rows],
  );
  const [stood] = await admin.query(node, "SELECT pg_current_wal_insert_lsn()::text AS lsn", TIMEOUT_MS);
  return `${grouped(rows)} rows in one transaction on ${node}, committed before ${textOf(stood, "lsn")}`;
}
