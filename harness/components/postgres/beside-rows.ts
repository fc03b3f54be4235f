import { messageOf } from "../../errors.ts";
import { type AdminConnections, type Row, textOf } from "./admin.ts";

const TIMEOUT_MS = 30_000;

/** Every sequence of the application, and the column that it numbers where it belongs to one. */
const SEQUENCES = `
  SELECT s.relname AS name, pg_sequence_last_value(s.oid)::text AS last, t.relname AS table, a.attname AS column
  FROM pg_class AS s
    LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.refclassid = 'pg_class'::regclass
      AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    LEFT JOIN pg_class AS t ON t.oid = d.refobjid
    LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE s.relkind = 'S' AND s.relnamespace = 'blackstart'::regnamespace ORDER BY s.relname`;

/** Everything that a command of the DDL makes, by kind and name, with its definition as the server prints it. */
const DEFINITIONS = `
  WITH mine AS (SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = 'blackstart'::regnamespace)
  SELECT coalesce(json_object_agg(name, definition), '{}') AS all FROM (
    SELECT 'table ' || relname AS name, '' AS definition FROM mine WHERE relkind IN ('r', 'p')
    UNION ALL SELECT 'sequence ' || relname, '' FROM mine WHERE relkind = 'S'
    UNION ALL SELECT 'view ' || relname, pg_get_viewdef(oid) FROM mine WHERE relkind IN ('v', 'm')
    UNION ALL SELECT 'index ' || relname, pg_get_indexdef(oid) FROM mine WHERE relkind IN ('i', 'I')
    UNION ALL SELECT 'column ' || relname || '.' || attname, format_type(atttypid, atttypmod)
        || CASE WHEN attnotnull THEN ' not null' ELSE '' END || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
      FROM mine JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE relkind IN ('r', 'p')
    UNION ALL SELECT 'constraint ' || relname || '.' || conname, pg_get_constraintdef(c.oid) FROM mine JOIN pg_constraint AS c ON conrelid = mine.oid
    UNION ALL SELECT 'trigger ' || relname || '.' || tgname, pg_get_triggerdef(t.oid) FROM mine JOIN pg_trigger AS t ON tgrelid = mine.oid AND NOT tgisinternal
    UNION ALL SELECT 'function ' || oid::regprocedure, md5(prosrc) FROM pg_proc WHERE pronamespace = 'blackstart'::regnamespace
    UNION ALL SELECT 'extension ' || extname, extversion FROM pg_extension
  ) AS definitions`;

/** What a server has beside its rows: how far its sequences have counted, and what its schema consists of. */
export async function besideRows(
  admin: AdminConnections,
  node: string,
  timeoutMs: number,
): Promise<Record<string, string>> {
  try {
    const [sequences, definitions] = [
      await admin.query(node, SEQUENCES, timeoutMs),
      await admin.query(node, DEFINITIONS, timeoutMs),
    ];
    return { sequences: JSON.stringify(sequences), definitions: JSON.stringify(definitions[0]?.["all"] ?? {}) };
  } catch (thrown) {
    return { beside_rows: `could not be read: ${messageOf(thrown)}` };
  }
}

/** The same sequences, held against the rows that they number: the highest number there is, and how many stand in several rows. */
export async function sequencesAgainstRows(admin: AdminConnections, node: string): Promise<Record<string, string>> {
  try {
    const found: Row[] = [];
    for (const sequence of await admin.query(node, SEQUENCES, TIMEOUT_MS)) {
      const rows = isOwned(sequence) ? await admin.query(node, numbersOf(sequence), TIMEOUT_MS) : [];
      found.push({ ...sequence, highest: rows[0]?.["highest"] ?? null, reused: rows[0]?.["reused"] ?? null });
    }
    return { sequences: JSON.stringify(found) };
  } catch (thrown) {
    return { beside_rows: `could not be read: ${messageOf(thrown)}` };
  }
}

/** Sets every sequence that numbers a column beyond the highest number in it. One that numbers none is left: no row says how far it was. */
export async function syncSequences(admin: AdminConnections, node: string): Promise<string> {
  const said: string[] = [];
  for (const sequence of await admin.query(node, SEQUENCES, TIMEOUT_MS)) {
    const name = textOf(sequence, "name");
    if (!isOwned(sequence)) {
      said.push(`${name} left as it was: it belongs to no column`);
      continue;
    }
    const [set] = await admin.query(
      node,
      `SELECT setval('blackstart.${quoted(name)}', highest::bigint)::text AS now FROM (${numbersOf(sequence)}) AS numbers WHERE highest IS NOT NULL`,
      TIMEOUT_MS,
    );
    said.push(set ? `${name} set to ${textOf(set, "now")}` : `${name} left as it was: there is no row`);
  }
  return said.join("\n");
}

const isOwned = (sequence: Row): boolean => sequence["column"] !== null;

const numbersOf = (sequence: Row): string => {
  const [column, table] = [quoted(textOf(sequence, "column")), quoted(textOf(sequence, "table"))];
  return `SELECT max(n)::text AS highest, (count(*) FILTER (WHERE times > 1))::text AS reused
    FROM (SELECT ${column} AS n, count(*) AS times FROM blackstart.${table} GROUP BY 1) AS each`;
};

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
