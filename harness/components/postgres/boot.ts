import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Boot, NodeStart, StackContext } from "../../component.ts";
import { isDepot } from "../../archive.ts";
import { type ArchiveConfig, archiveFiles, type Archiver, BUCKET } from "./archiver.ts";
import { archiverKind } from "./archivers.ts";
import { type OpenArchive, PostgresCluster } from "./cluster.ts";
import { isLogical, postgres, type PostgresConfig } from "./kind.ts";
import { slotName } from "./logical.ts";
import { conninfo, settingLines } from "./server-conf.ts";
import { DATABASE } from "./session.ts";
import { TABLESPACE_DIR } from "./tablespace.ts";
import { TIMESCALE_SETTINGS } from "./timescale.ts";

const PORT = 5432;

/** Brings up a primary and its standbys side by side and returns when the primary takes connections. */
export const boot: Boot<PostgresConfig> = async (
  name,
  config,
  context,
  password = randomBytes(24).toString("base64url"),
) => {
  const script = await readFile(path.join(import.meta.dirname, "boot.sh"), "utf8");
  const archive = config.archive ? await openArchive(name, config, config.archive, context) : null;
  const archiver = archive?.archiver ?? null;
  const specs = postgres.nodes(config).map((node) => ({ ...node, full: `${name}.${node.name}` }));
  const primary = `${name}.primary`;
  const [started, paths] = await Promise.all([
    Promise.all(
      specs.map((spec) => context.startNode(nodeStart(spec, { name, config, context, script, password, archiver }))),
    ),
    context.openPaths(name, new Map(specs.map((spec) => [spec.full, PORT])), primary),
  ]);
  const nodes = new Map(started.map((node) => [node.name, node]));
  return new PostgresCluster(name, config, {
    nodes,
    paths,
    password,
    archive,
    signal: context.signal,
    backupTaken: context.backupTaken,
  });
};

/** The store has to be there first: the files of every node say how it is reached. */
async function openArchive(
  name: string,
  { walSegment: segmentBytes }: PostgresConfig,
  config: ArchiveConfig,
  context: StackContext,
): Promise<OpenArchive> {
  const depot = await context.component(config.to);
  if (!isDepot(depot)) throw new Error(`${config.to} (${depot.kind}) keeps no objects for others`);
  const [{ open }, access] = await Promise.all([archiverKind(config.tool).load(), depot.depot(BUCKET)]);
  const archiver = open({ config, prefix: config.prefix ?? name, access, segmentBytes, depot });
  return { archiver, depot, bucket: access.bucket };
}

interface Booting {
  readonly name: string;
  readonly config: PostgresConfig;
  readonly context: StackContext;
  readonly script: string;
  readonly password: string;
  readonly archiver: Archiver | null;
}

function nodeStart(
  spec: { name: string; full: string; role: string; image: string },
  { name, config, context, script, password, archiver }: Booting,
): NodeStart {
  const { role } = spec;
  const isPrimary = role === "primary";
  const standby = config.standbys.find((s) => s.name === spec.name);
  const follows = standby !== undefined && !isLogical(standby);
  const primaryAddress = context.addressOf(`${name}.primary`);
  const slot = slotName(spec.name);
  const env = {
    ROLE: follows ? "standby" : standby ? "logical" : role.endsWith("receiver") ? "receiver" : role,
    VERSION: String(config.version),
    PRIMARY: primaryAddress,
    SLOT: slot,
    CHECKSUMS: config.checksums ? "on" : "off",
    WAL_SEGMENT_MIB: String(config.walSegment / 2 ** 20),
    ...(config.tablespace && { TABLESPACE: TABLESPACE_DIR }),
    REAPER: archiver?.leavesOrphans ? "yes" : "no",
  };
  // On the command line, for a file would be copied with the base backup.
  const argv = isPrimary
    ? Object.entries(primaryAlone(config)).flatMap(([key, value]) => ["-c", `${key}=${value}`])
    : [];
  return {
    name: spec.full,
    image: spec.image,
    argv: ["sh", "/blackstart/boot.sh", ...argv],
    env: {},
    disk: "/blackstart/disk",
    files: [
      { path: "/blackstart/boot.sh", content: script, mode: 0o755 },
      {
        path: "/blackstart/node.env",
        content: Object.entries(env)
          .map(([k, v]) => `${k}=${v}\n`)
          .join(""),
        mode: 0o644,
      },
      { path: "/blackstart/password", content: `${password}\n`, mode: 0o600 },
      { path: "/blackstart/pgpass", content: `*:*:*:*:${password}\n`, mode: 0o600 },
      {
        path: "/blackstart/server.conf",
        content: serverConf(spec.name, config, {
          // Another system that counts its timelines from 1 too: its WAL would take the place of the primary's in the archive.
          archiver: standby && !follows ? null : archiver,
          standby: follows ? { primaryAddress, slot } : null,
        }),
        mode: 0o644,
      },
      ...(archiver ? archiveFiles(archiver) : []),
    ],
  };
}

function serverConf(
  nodeName: string,
  config: PostgresConfig,
  { archiver, standby }: { archiver: Archiver | null; standby: { primaryAddress: string; slot: string } | null },
): string {
  const settings: Record<string, string | number | boolean> = {
    listen_addresses: "*",
    cluster_name: nodeName,
    wal_level: config.standbys.some(isLogical) ? "logical" : "replica",
    max_wal_senders: 10,
    max_replication_slots: 10,
    hot_standby: "on",
    wal_keep_size: "256MB",
    log_checkpoints: "on",
    log_line_prefix: "%m [%p] ",
    log_timezone: "UTC",
    shared_preload_libraries: "",
    ...archiver?.settings,
    ...(config.timescale && TIMESCALE_SETTINGS),
    ...config.settings,
    ...[...config.standbys, ...config.spares].find(({ name }) => name === nodeName)?.settings,
  };
  if (standby) {
    settings["primary_conninfo"] = conninfo(standby.primaryAddress);
    settings["primary_slot_name"] = standby.slot;
    if (config.standbys.some((s) => s.failoverSlot)) {
      // The worker that keeps slots in step logs in to a database; without feedback the primary removes what the slots still need.
      settings["primary_conninfo"] = conninfo(standby.primaryAddress, DATABASE);
      settings["sync_replication_slots"] = "on";
      settings["hot_standby_feedback"] = "on";
    }
  }
  return settingLines(settings);
}

/** What only the primary may have: a promoted standby that inherited it would wait for ever for standbys that it does not have. */
function primaryAlone(config: PostgresConfig): Record<string, string> {
  const names = synchronousNames(config);
  const failover = config.standbys.some((s) => s.failoverSlot);
  const physical = config.standbys.filter((s) => !isLogical(s)).map((s) => slotName(s.name));
  return {
    ...(names && { synchronous_standby_names: names }),
    ...(failover && { synchronized_standby_slots: physical.join(", ") }),
  };
}

/** `FIRST 1 ("standby")`; all synchronous standbys have to confirm unless the scenario says otherwise. Empty without any. */
export function synchronousNames(config: PostgresConfig): string {
  const names = config.standbys.filter((s) => s.replication === "synchronous").map((s) => `"${s.name}"`);
  if (config.archive?.receiver === "synchronous") names.push('"receiver"');
  if (names.length === 0) return "";
  const { method, count } = config.synchronous ?? { method: "first", count: names.length };
  return `${method.toUpperCase()} ${count} (${names.join(", ")})`;
}
