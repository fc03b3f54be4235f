import type { Mistake, Mistaken } from "../../archive.ts";
import { bracket } from "../../time.ts";
import { type AdminConnections, type Row, textOf } from "./admin.ts";
import type { Points } from "./points.ts";

const TIMEOUT_MS = 5_000;

const STATEMENTS: Readonly<Record<Mistake, string>> = {
  "drop-table": "DROP TABLE blackstart.ledger",
  truncate: "TRUNCATE blackstart.ledger",
  "bad-update": "UPDATE blackstart.ledger SET payload = reverse(payload)",
};

/** How many of the rows that were there before are looked at again. */
const SAMPLE_ROWS = 100;

/** A statement that the server obeys. It replicates within milliseconds: no standby is a backup. */
export async function err(
  { admin, points, node }: { admin: AdminConnections; points: Points; node: string },
  mistake: Mistake,
  name: string,
): Promise<Mistaken> {
  const before = await admin.query(node, `SELECT op, payload FROM blackstart.ledger LIMIT ${SAMPLE_ROWS}`, TIMEOUT_MS);
  const { at, value: point } = await bracket(() => points.around(node, name, STATEMENTS[mistake]));
  const [regclass] = await admin.query(node, "SELECT to_regclass('blackstart.ledger')::text AS name", TIMEOUT_MS);
  const table = textOf(regclass, "name") !== "";
  const after = table ? await again(admin, node, before) : [];
  const same = after.filter((row) =>
    before.some((old) => old["op"] === row["op"] && old["payload"] === row["payload"]),
  );
  const observed =
    before.length > 0 &&
    {
      "drop-table": !table,
      truncate: table && after.length === 0,
      "bad-update": after.length > 0 && same.length === 0,
    }[mistake];
  const found = table ? `${after.length} are there and ${same.length} as they were` : "the table is gone";
  return { at, observed, proof: `${STATEMENTS[mistake]}; of ${before.length} rows seen before ${found}; at ${point}` };
}

const again = (admin: AdminConnections, node: string, rows: readonly Row[]): Promise<Row[]> =>
  admin.query(node, "SELECT op, payload FROM blackstart.ledger WHERE op = ANY($1)", TIMEOUT_MS, [
    rows.map((row) => row["op"]),
  ]);
