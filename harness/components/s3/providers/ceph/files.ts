import { randomBytes, randomUUID } from "node:crypto";
import type { Credentials } from "../../provider.ts";
import {
  type Cluster,
  DATA_SHARDS,
  DISK,
  drivesOf,
  erasureCoded,
  PARITY_SHARDS,
  POOLS,
  poolName,
  PORT,
} from "../ceph-layout.ts";

/** The cluster's first map, as batches: the commands of a batch go out at once. */
export function commands(cluster: Cluster, uuids: ReadonlyMap<number, string>): object[][] {
  const coded = erasureCoded(cluster);
  const names = POOLS.map((pool) => poolName(cluster.zone, pool));
  const data = poolName(cluster.zone, "buckets.data");
  const profile = [`k=${DATA_SHARDS}`, `m=${PARITY_SHARDS}`, "crush-failure-domain=osd"];
  const pool = (name: string) => ({
    prefix: "osd pool create",
    pool: name,
    pg_num: 1,
    pgp_num: 1,
    pool_type: "replicated",
  });
  const first: object[] = drivesOf(cluster).map((id) => ({ prefix: "osd new", uuid: uuids.get(id), id }));
  if (coded) first.push({ prefix: "osd erasure-code-profile set", name: "shards", profile });
  const shards = { pg_num: 4, pgp_num: 4, pool_type: "erasure", erasure_code_profile: "shards" };
  return [
    first,
    names.filter((name) => name !== data).map(pool),
    [{ ...pool(data), ...(coded && shards) }], // the last: gateways wait for it
    names.map((name) => ({ prefix: "osd pool application enable", pool: name, app: "rgw" })),
  ];
}

/** Ceph's form of a key: type, time of making, length, 16 random bytes. */
export function cephKey(): string {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(1, 0);
  head.writeUInt32LE(Math.floor(Date.now() / 1000), 2);
  head.writeUInt16LE(16, 10);
  return Buffer.concat([head, randomBytes(16)]).toString("base64");
}

/** One key for everything inside the cluster: its own trust is not what is drilled. */
export function keyring(cluster: Cluster, key: string): string {
  const names = ["mon.", "client.admin", "client.rgw.a", "mgr.a", ...drivesOf(cluster).map((id) => `osd.${id}`)];
  return names
    .map((name) => `[${name}]\nkey = ${key}\ncaps mon = "allow *"\ncaps osd = "allow *"\ncaps mgr = "allow *"\n`)
    .join("");
}

/** A user as metadata: the program that makes users takes keys on its command line only. */
export const userJson = (id: string, { accessKeyId, secretAccessKey }: Credentials, system = false): string =>
  JSON.stringify({
    key: `user:${id}`,
    ver: { tag: randomBytes(12).toString("hex"), ver: 1 },
    mtime: new Date().toISOString(),
    data: {
      user_id: id,
      display_name: id,
      max_buckets: 1000,
      keys: [{ user: id, access_key: accessKeyId, secret_key: secretAccessKey }],
      system,
      op_mask: "read, write, delete",
      type: "rgw",
    },
  });

export const uuidsOf = (cluster: Cluster): ReadonlyMap<number, string> =>
  new Map(drivesOf(cluster).map((id) => [id, randomUUID()]));

const QUIET = ["rocksdb", "bluestore", "bluefs", "bdev", "mon", "osd", "rgw", "rgw_access", "paxos", "mgr", "mgrc"];
const MIB = 1024 * 1024;
const CERTIFICATE = "ssl_certificate=/blackstart/tls.crt ssl_private_key=/blackstart/tls.key";

/** ceph.conf. What is tuned is how soon the cluster notices, boots and repairs; what decides durability is Ceph's default. */
export function cephConf(cluster: Cluster, fsid: string, tls: boolean): string {
  const coded = erasureCoded(cluster);
  const sections: Record<string, Record<string, string | number | boolean>> = {
    global: {
      fsid,
      mon_host: "v2:@MON@:3300",
      mon_initial_members: "a",
      auth_cluster_required: "cephx",
      auth_service_required: "cephx",
      auth_client_required: "cephx",
      auth_allow_insecure_global_id_reclaim: false,
      keyring: "/blackstart/keyring",
      ms_bind_msgr1: false,
      log_to_stderr: true,
      err_to_stderr: true,
      log_file: "",
      mon_cluster_log_file: "",
      mon_cluster_log_to_stderr: true,
      // What a store logs at level 0 and below is what went wrong; the rest is thousands of lines at every boot.
      ...Object.fromEntries(QUIET.map((what) => [`debug_${what}`, "0/0"])),
      // The half seconds and seconds that a small cluster would otherwise wait for its own timers.
      mon_client_hunt_interval: 0.2,
      mon_client_hunt_interval_backoff: 1,
      ms_max_backoff: 0.5,
      paxos_propose_interval: 0.05,
      paxos_min_wait: 0.01,
      mon_tick_interval: 1,
      osd_pool_default_size: coded ? 3 : 1,
      osd_pool_default_min_size: coded ? 2 : 1,
      osd_pool_default_pg_autoscale_mode: "off",
      osd_pool_default_pg_num: 1,
      osd_pool_default_pgp_num: 1,
      osd_crush_chooseleaf_type: 0,
      mon_allow_pool_size_one: true,
      mon_warn_on_pool_no_redundancy: false,
      mon_warn_on_osd_down_out_interval_zero: false,
      mon_max_pg_per_osd: 500,
      osd_heartbeat_interval: 1,
      osd_heartbeat_grace: 5,
      mon_osd_min_down_reporters: 1,
      mon_osd_down_out_interval: 0,
    },
    mon: { mon_data: `${DISK}/mon`, mon_data_avail_warn: 5, mon_data_avail_crit: 2 },
    // The modules of the manager are none of a drill's business, and those of Debian 13 fail.
    mgr: { mgr_data: `${DISK}/mgr`, mgr_module_path: "/blackstart/no-modules", mgr_stats_period: 1 },
    osd: {
      osd_objectstore: "bluestore",
      bluestore_block_create: true,
      bluestore_block_size: 4096 * MIB,
      bluestore_block_preallocate_file: false,
      bluestore_fsck_on_mkfs: false,
      // An object lies on its drive at once instead of in the database's log first; either is synced before the acknowledgement.
      bluestore_prefer_deferred_size_hdd: 0,
      bluestore_cache_autotune: false,
      bluestore_cache_size: 64 * MIB,
      osd_memory_target: 896 * MIB,
      osd_op_num_shards: 2,
      osd_op_num_threads_per_shard: 1,
      osd_op_queue: "wpq",
      osd_mclock_skip_benchmark: true,
      osd_max_backfills: 8,
      // Ceph takes a file for a slow disk and rests 0.1 s after each object.
      osd_recovery_sleep_hdd: 0,
      osd_recovery_max_active: 16,
      osd_scrub_auto_repair: false,
      // A scrub that was ordered starts now.
      osd_scrub_backoff_ratio: 0,
      osd_max_scrubs: 4,
    },
    client: {
      rgw_frontends: `beast ${tls ? `ssl_port=${PORT} ${CERTIFICATE}` : `port=${PORT}`} tcp_nodelay=1`,
      rgw_data_sync_poll_interval: 1,
      // A bucket that is written to again within this time is not told of again: 30 s, and so long is the second site behind.
      rgw_data_log_window: 1,
      rgw_meta_sync_poll_interval: 1,
      rgw_thread_pool_size: 32,
      // A request that found no drive is sent again at this pace, 5 s by default; after this time the map is asked for, 10 s.
      objecter_tick_interval: 0.2,
      objecter_timeout: 1,
      // Lists of work to be done, each an object that is made at the first start, one after the other.
      rgw_objexp_hints_num_shards: 1,
      rgw_lc_max_objs: 1,
      rgw_gc_max_objs: 1,
      rgw_enable_ops_log: false,
    },
  };
  return Object.entries(sections)
    .map(
      ([name, values]) =>
        `[${name}]\n${Object.entries(values)
          .map(([key, value]) => `${key} = ${String(value)}\n`)
          .join("")}`,
    )
    .join("");
}
