import { messageOf } from "../../errors.ts";
import type { ClockBracket } from "../../history.ts";
import type { Node } from "../../node.ts";
import { bracket } from "../../time.ts";
import { awaitCondition } from "../../wait.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { DATABASE, USER } from "./session.ts";

const TIMEOUT_MS = 2_000;

/** Settings that decide whether an acknowledged write survives, and where the node stands. Values as the server prints them. */
const FACTS = `
  SELECT json_object_agg(name, value) AS values FROM (
    SELECT name, setting AS value FROM pg_settings WHERE name IN ('synchronous_commit', 'synchronous_standby_names', 'fsync',
      'full_page_writes', 'data_checksums', 'wal_level', 'wal_sync_method', 'archive_mode', 'archive_timeout', 'wal_segment_size', 'server_version', 'cluster_name', 'shared_preload_libraries')
    UNION ALL SELECT 'in_recovery', pg_is_in_recovery()::text
    UNION ALL SELECT 'process_start', pg_postmaster_start_time()::text
    UNION ALL SELECT 'system_identifier', system_identifier::text FROM pg_control_system()
    UNION ALL SELECT 'wal_position', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_insert_lsn() END::text
    UNION ALL SELECT 'lineage', CASE WHEN pg_is_in_recovery() THEN NULL
      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END::text
    UNION ALL SELECT 'last_archived_wal', last_archived_wal FROM pg_stat_archiver
    UNION ALL SELECT 'replication', coalesce(json_agg(json_build_object('name', application_name, 'state', state, 'sync_state', sync_state,
      'backend_start', backend_start, 'flush_lsn', flush_lsn))::text, '[]') FROM pg_stat_replication
  ) AS facts WHERE value IS NOT NULL`;

export async function nodeFacts(
  admin: AdminConnections,
  node: string,
  timeoutMs: number,
): Promise<Record<string, string>> {
  const rows = await admin.query(node, FACTS, timeoutMs);
  return rows[0]?.["values"] as Record<string, string>;
}

/**
 * Where the history before the recovery ends: at the switch point of the newest timeline, else where crash recovery of this
 * start ended. After a promotion pg_control_checkpoint() still shows the old timeline, so the .history file is read.
 */
export async function recoveryFacts(admin: AdminConnections, node: Node): Promise<Record<string, string>> {
  const files = await admin.query(
    node.name,
    `SELECT name, pg_read_file('pg_wal/' || name) AS text FROM pg_ls_dir('pg_wal') AS name WHERE name ~ '^[0-9A-F]{8}\\.history$' ORDER BY name DESC LIMIT 1`,
    TIMEOUT_MS,
  );
  const ancestors = ancestorsOf(textOf(files[0], "text"));
  const last = ancestors.at(-1);
  const facts: Record<string, string> = {};
  if (last) {
    Object.assign(facts, { switch_position: last.lsn, switch_from_lineage: last.timeline });
    facts["ancestry"] = ancestors.map(({ timeline, lsn }) => `${timeline} ${lsn}`).join(", ");
  }
  const log = await node.logs();
  const sinceStart = log.slice(log.lastIndexOf("starting PostgreSQL"));
  const redo = /redo done at ([0-9A-F]+\/[0-9A-F]+)/i.exec(sinceStart)?.[1];
  if (redo) facts["recovery_end_position"] = redo;
  if (sinceStart.includes("database system was shut down at")) facts["clean_shutdown"] = "true";
  return facts;
}

/** Every timeline before this one with the position where it was left, the oldest first. */
export const ancestorsOf = (history: string): { timeline: string; lsn: string }[] =>
  history.split("\n").flatMap((line) => {
    const [, timeline, lsn] = /^(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line) ?? [];
    return timeline && lsn ? [{ timeline, lsn }] : [];
  });

/** Until 14 counters come to a process that hands them out late: only what it gathered after this question was put counts. */
const FAILURES = `SELECT coalesce(sum(checksum_failures), 0)::text AS failures,
  coalesce(pg_stat_get_snapshot_timestamp() >= $1::timestamptz, true) AS fresh FROM pg_stat_database`;

export async function integrityFacts(admin: AdminConnections, node: string): Promise<Record<string, string>> {
  const [now] = await admin.query(node, "SELECT clock_timestamp()::text AS now", TIMEOUT_MS);
  let failures = "";
  const counted = await awaitCondition(
    async () => {
      const [row] = await admin.query(node, FAILURES, TIMEOUT_MS, [textOf(now, "now")]);
      failures = textOf(row, "failures");
      return row?.["fresh"] === true;
    },
    { everyMs: 20, timeoutMs: TIMEOUT_MS, signal: new AbortController().signal },
  );
  return counted ? { checksum_failures: failures } : {};
}

/** Every index against its heap. Reads only; what it says goes into the facts as it stands. */
export async function amcheck(node: Node): Promise<Record<string, string>> {
  try {
    const said = await node.exec(
      ["/blackstart/bin/pg_amcheck", "-U", USER, "-d", DATABASE, "--heapallindexed", "-s", "blackstart"],
      { timeoutMs: 60_000 },
    );
    // 126 and 127: the engine found nothing to run.
    if (said.code === 126 || said.code === 127) return { "amcheck.output": "pg_amcheck is not in this image" };
    return {
      "amcheck.exit": String(said.code),
      "amcheck.output": `${said.stdout}${said.stderr}`.trim().slice(0, 4_000),
    };
  } catch (thrown) {
    return { "amcheck.output": `could not be run: ${messageOf(thrown)}` };
  }
}

const CLOCK_TIMEOUT_MS = 300;

/** The server's clock between two looks at ours; none of a node that does not answer, for it has no clock to compare. */
export async function clockOf(admin: AdminConnections, node: Node): Promise<ClockBracket["stores"]> {
  if ((await node.state()) !== "running") return [];
  try {
    await admin.query(node.name, "SELECT 1", CLOCK_TIMEOUT_MS); // so that no connecting stands inside the bracket
    const { value, at } = await bracket(() => admin.query(node.name, CLOCK, CLOCK_TIMEOUT_MS));
    const wallNs = `${textOf(value[0], "us")}000`;
    return [{ node: node.name, fromNs: String(at.fromNs), toNs: String(at.toNs), wallNs }];
  } catch {
    return [];
  }
}

const CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text AS us";
