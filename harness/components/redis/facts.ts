import type { Redis } from "ioredis";
import { type Info, parseInfo, replicasOf } from "./info.ts";
import type { Acknowledge } from "./session.ts";

const SETTINGS = [
  "appendonly",
  "appendfsync",
  "no-appendfsync-on-rewrite",
  "save",
  "min-replicas-to-write",
  "min-replicas-max-lag",
  "maxmemory",
  "maxmemory-policy",
  "stop-writes-on-bgsave-error",
  "rdbchecksum",
  "aof-load-truncated",
] as const;

/** Fields of INFO that are facts under their own name. */
const STATES = [
  "role",
  "loading",
  "aof_enabled",
  "aof_last_write_status",
  "aof_last_bgrewrite_status",
  "rdb_last_bgsave_status",
  "rdb_changes_since_last_save",
  "redis_version",
  "connected_slaves",
  "evicted_keys",
  "master_link_status",
] as const;

export const INVENTORY = "the keys of a snapshot that the server made for a full synchronisation";

/** What a server says of itself: settings that decide whether an acknowledged write survives, and where its history stands. */
export async function serverFacts(
  client: Redis,
  acknowledge: Acknowledge,
  nodeAt: (address: string) => string,
): Promise<Record<string, string>> {
  const [text, settings] = await Promise.all([client.info(), client.call("CONFIG", "GET", ...SETTINGS)]);
  const info = parseInfo(text);
  const values: Record<string, string> = {};
  for (let i = 0, list = settings as string[]; i + 1 < list.length; i += 2) values[list[i]!] = list[i + 1]!;
  for (const name of STATES) {
    const value = info.get(name);
    if (value !== undefined) values[name] = value;
  }
  values["acknowledge"] = acknowledgeText(acknowledge);
  values["in_recovery"] = String(info.get("role") !== "master");
  values["process_start"] = info.get("run_id") ?? ""; // drawn anew at every start of the process
  values["replication_offset"] = info.get("master_repl_offset") ?? "";
  values["replicas"] = JSON.stringify(replicasOf(info).map((r) => ({ ...r, name: nodeAt(r.address) })));
  if (info.get("role") === "master") values["lineage"] = info.get("master_replid") ?? "";
  return values;
}

/** `plain`, `WAIT 1 200` or `WAITAOF 1 0 200`: as the command would be sent. */
const acknowledgeText = ({ wait, waitaof }: Acknowledge): string =>
  wait
    ? `WAIT ${wait.replicas} ${wait.timeout}`
    : waitaof
      ? `WAITAOF ${waitaof.local} ${waitaof.replicas} ${waitaof.timeout}`
      : "plain";

/**
 * Where the history before this one ends. A promoted replica keeps the id of the history that it left as its second one, valid up to
 * the first byte that it does not have: its own offset and one more (shiftReplicationId in Redis' replication.c). A primary that
 * starts from a snapshot does the same with the id and offset that stand in it.
 */
export function switchFacts(info: Info): Record<string, string> {
  const left = info.get("master_replid2") ?? "";
  const firstMissing = Number(info.get("second_repl_offset") ?? "-1");
  if (/^0*$/.test(left) || !Number.isSafeInteger(firstMissing) || firstMissing < 1) return {};
  return { switch_from_lineage: left, switch_position: String(firstMissing - 1) };
}
