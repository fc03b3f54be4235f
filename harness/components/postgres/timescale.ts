import pg from "pg";
import { messageOf } from "../../errors.ts";
import { type AdminConnections, textOf } from "./admin.ts";

type Ask = (text: string) => Promise<Record<string, unknown>[]>;

const LOAD_TIMEOUT_MS = 60_000;
const READ_TIMEOUT_MS = 30_000;
const READINGS = 20_000;

/** Five minutes from one reading to the next, a week a chunk: 10 chunks. The content of each follows from its number. */
const SCHEMA = `CREATE TABLE blackstart.readings (at timestamptz NOT NULL, sensor int NOT NULL, value bigint NOT NULL, note text NOT NULL);
  SELECT create_hypertable('blackstart.readings', 'at', chunk_time_interval => interval '7 days')`;
const LOAD = `INSERT INTO blackstart.readings SELECT timestamptz '2026-01-01 00:00Z' + n * interval '5 minutes', n % 10, n * 7, md5(n::text)
  FROM generate_series(0, ${READINGS - 1}) AS n`;
/** All but the newest chunk, as a policy would. */
const COMPRESS = `ALTER TABLE blackstart.readings SET (timescaledb.compress, timescaledb.compress_segmentby = 'sensor');
  SELECT compress_chunk(chunk) FROM show_chunks('blackstart.readings', older_than => timestamptz '2026-03-05 00:00Z') AS chunk`;

/** A chunk that was loaded, and one that has to be made. */
const WRITE = `INSERT INTO blackstart.readings VALUES
  ('2026-01-02 00:01Z', -1, 1, 'written afterwards'), ('2027-06-01 00:00Z', -1, 2, 'written afterwards')`;

/** Background jobs may compress or drop just what is to be looked at; nothing of a drill is reported anywhere. */
export const TIMESCALE_SETTINGS = {
  shared_preload_libraries: "timescaledb",
  "timescaledb.telemetry_level": "off",
  "timescaledb.max_background_workers": 0,
};

/** Makes the hypertable and fills it; a connection of its own, because the extension has to be the first that a session meets. */
export async function loadHypertable(admin: AdminConnections, node: string): Promise<void> {
  await admin.withSession(node, LOAD_TIMEOUT_MS, (ask) => ask("CREATE EXTENSION timescaledb"));
  await admin.withSession(node, LOAD_TIMEOUT_MS, async (ask) => {
    await ask(SCHEMA);
    await ask(LOAD);
    if ((await license(ask)) === "timescale") await ask(COMPRESS);
  });
}

/**
 * What is in the hypertable now, every row read, and with `write` whether it takes rows. Only what a server refused is said to have
 * failed; one that did not answer in time has said nothing.
 */
export async function hypertableFacts(
  admin: AdminConnections,
  node: string,
  { write }: { write: boolean },
): Promise<Record<string, string>> {
  const facts: Record<string, string> = {};
  try {
    Object.assign(facts, await admin.withSession(node, READ_TIMEOUT_MS, contentFacts));
  } catch (thrown) {
    facts[thrown instanceof pg.DatabaseError ? "timescale.refused" : "timescale.unread"] = messageOf(thrown);
  }
  if (!write) return facts;
  try {
    facts["timescale.write"] = await admin.withSession(node, READ_TIMEOUT_MS, writeBoth);
  } catch (thrown) {
    facts[thrown instanceof pg.DatabaseError ? "timescale.write" : "timescale.unwritten"] = messageOf(thrown);
  }
  return facts;
}

/** The catalogue of the server itself says how many chunks there are: the extension may not be there to ask. */
const CHUNKS = "(SELECT count(*)::text FROM pg_inherits WHERE inhparent = 'blackstart.readings'::regclass)";

async function contentFacts(ask: Ask): Promise<Record<string, string>> {
  // An index-only scan can pass over a damaged page.
  await ask("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off");
  const [row] = await ask(`SELECT ${CHUNKS} AS chunks, count(*)::text AS rows,
      md5(string_agg(md5(concat_ws('|', extract(epoch FROM at), sensor, value, note)), '' ORDER BY at, sensor)) AS digest,
      (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS version
    FROM blackstart.readings`);
  const compressed = await compression(ask);
  return {
    "timescale.chunks": textOf(row, "chunks"),
    "timescale.rows": textOf(row, "rows"),
    "timescale.digest": textOf(row, "digest"),
    "timescale.version": textOf(row, "version"),
    ...(compressed !== null && { "timescale.compression": compressed }),
  };
}

/** `apache`: a build without compression; empty where the library is not loaded. */
const license = async (ask: Ask): Promise<string> =>
  textOf((await ask("SELECT current_setting('timescaledb.license', true) AS license"))[0], "license");

async function compression(ask: Ask): Promise<string | null> {
  const kind = await license(ask);
  if (kind === "") return null;
  if (kind !== "timescale") return `not in this build (${kind})`;
  const [row] = await ask(`SELECT number_compressed_chunks::text AS chunks,
      round(before_compression_total_bytes::numeric / after_compression_total_bytes, 2)::text AS ratio
    FROM hypertable_compression_stats('blackstart.readings')`);
  return `${textOf(row, "chunks")} chunks, ${textOf(row, "ratio")} to 1`;
}

/** `ok` when both rows were acknowledged and are read again, and the chunk that one of them needed was made. */
async function writeBoth(ask: Ask): Promise<string> {
  const [before] = await ask(`SELECT ${CHUNKS} AS chunks`);
  await ask(WRITE);
  const [after] = await ask(
    `SELECT ${CHUNKS} AS chunks, count(*)::text AS rows FROM blackstart.readings WHERE note = 'written afterwards'`,
  );
  const made = Number(textOf(after, "chunks")) - Number(textOf(before, "chunks"));
  if (textOf(after, "rows") === "2" && made === 1) return "ok";
  return `2 rows were acknowledged, ${textOf(after, "rows")} are read again, and ${made} chunks were made where 1 was needed`;
}
