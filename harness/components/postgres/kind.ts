import { z } from "zod";
import type { ComponentKind, NodeSpec, Use } from "../../component.ts";
import { byteSize } from "../../scenario/units.ts";
import { type ArchiveConfig, archiveConfig } from "./archiver.ts";
import { archiverKind } from "./archivers.ts";
import { hasProgram, imageOf, MAJORS } from "./versions.ts";

const nodeName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, { error: "expected a name of lower-case letters, digits and dashes" });

const settings = z
  .record(
    z.string().regex(/^[a-z][a-z0-9_.]*$/, { error: "expected the name of a server setting" }),
    z.union([z.string(), z.number(), z.boolean()]),
  )
  .default({});

const ownSettings = settings.meta({ description: "Settings of this server alone, over those of all" });

const standby = z.strictObject({
  name: nodeName,
  replication: z.enum(["synchronous", "asynchronous", "logical"]).meta({
    description: "logical: a server of its own that subscribes to the primary's rows; no commit waits for it",
  }),
  failoverSlot: z.boolean().optional().meta({
    description:
      "Of a logical standby: its slot is kept in step on every physical one, so that it can follow a promotion",
  }),
  settings: ownSettings,
});

const MIB = 1024 * 1024;

const config = z.strictObject({
  version: z.literal(MAJORS).default(17).meta({ description: "Major version of the server" }),
  image: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "An image of your own; it needs sh and the server's programs" }),
  standbys: z.array(standby).default([]),
  synchronous: z
    .strictObject({ method: z.enum(["first", "any"]), count: z.int().min(1).max(16) })
    .optional()
    .meta({
      description:
        "synchronous_standby_names over the synchronous standbys, in their order; FIRST all of them if left out",
    }),
  spares: z
    .array(z.strictObject({ name: nodeName, settings: ownSettings }))
    .default([])
    .meta({ description: "Machines with an empty disk that wait to be restored onto" }),
  archive: archiveConfig
    .optional()
    .meta({ description: "Backups and a continuous archive; the first backup is taken before anybody writes" }),
  ballast: byteSize
    .refine((bytes) => bytes >= 1024 ** 2 && bytes <= 64 * 1024 ** 3, { error: "expected 1MiB to 64GiB" })
    .optional()
    .meta({
      description:
        "Made-up data, written before the first backup, so that backups have a size; a third of it does not compress",
    }),
  uniqueKey: z.boolean().default(false).meta({
    description:
      "Whether the ledger has a unique key on the operation's id, so that one written a second time is refused",
  }),
  surrogateKey: z.boolean().default(false).meta({
    description: "Whether the ledger has a primary key that a sequence fills, as most tables of applications have",
  }),
  tablespace: z
    .boolean()
    .default(false)
    .meta({ description: "Whether the ledger lies in a tablespace: another folder of the disk, beside the data" }),
  timescale: z
    .boolean()
    .default(false)
    .meta({ description: "TimescaleDB, preloaded in every server, and a filled hypertable beside the ledger" }),
  checksums: z.boolean().default(true).meta({ description: "Whether pages of data carry checksums" }),
  walSegment: byteSize
    .refine((bytes) => Number.isInteger(Math.log2(bytes)) && bytes >= MIB && bytes <= 1024 * MIB, {
      error: "expected a power of two from 1MiB to 1GiB",
    })
    .prefault("16MiB")
    .meta({ description: "Size of a segment of WAL; a small one makes many of them with a small load" }),
  settings: settings.meta({ description: "Server settings of the primary and every standby, as in postgresql.conf" }),
});

export type PostgresConfig = z.output<typeof config>;

/** Settings that the stack owns; a scenario that sets one would make the drill measure something else than it says. */
const OWNED = [
  "listen_addresses",
  "port",
  "data_directory",
  "hba_file",
  "synchronous_standby_names",
  "primary_conninfo",
  "primary_slot_name",
  "cluster_name",
  "sync_replication_slots",
  "synchronized_standby_slots",
  "log_line_prefix",
  "log_destination",
  "logging_collector",
];

interface ConfigProblem {
  path: (string | number)[];
  message: string;
  hint?: string;
}

function problems(value: PostgresConfig) {
  const found: ConfigProblem[] = [];
  const seen = new Set(["primary", ...(value.archive?.receiver ? ["receiver"] : [])]);
  for (const [i, { name }, list] of namedNodes(value)) {
    if (seen.has(name))
      found.push({
        path: [list, i, "name"],
        message: `the name ${name} is already taken in this component`,
        hint: "give every node a name of its own",
      });
    seen.add(name);
  }
  const synchronous =
    value.standbys.filter((s) => s.replication === "synchronous").length +
    (value.archive?.receiver === "synchronous" ? 1 : 0);
  if (value.synchronous && value.synchronous.count > synchronous) {
    found.push({
      path: ["synchronous", "count"],
      message: `${value.synchronous.count} confirmations are asked for but only ${synchronous} standbys are synchronous: every write would wait for ever`,
      hint: `use a count of at most ${synchronous}, or make more standbys synchronous`,
    });
  }
  if (!value.standbys.every(isLogical) && hasProgram(value, "pg_basebackup") === false)
    found.push({
      path: ["standbys"],
      message: `our image of version ${value.version} has no pg_basebackup that this server would let copy its data, so no physical standby can be made`,
      hint: `leave it out or make it logical, or name an image of your own that has pg_basebackup ${value.version} with image:`,
    });
  if (value.timescale && value.version !== 17 && value.image === undefined)
    found.push({
      path: ["timescale"],
      message: `our image of version ${value.version} has no TimescaleDB`,
      hint: "use version 17, or name an image of your own that has it with image:",
    });
  found.push(...tablespaceProblems(value));
  found.push(...ownedSettings(value.settings, ["settings"]));
  for (const [i, node, list] of namedNodes(value)) found.push(...ownedSettings(node.settings, [list, i, "settings"]));
  if (value.archive) found.push(...archiveProblems(value.archive, value.version));
  return [...found, ...logicalProblems(value)];
}

export const isLogical = ({ replication }: { readonly replication: string }): boolean => replication === "logical";

function logicalProblems({ version, standbys, settings, ballast }: PostgresConfig): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  if (standbys.some(isLogical) && ballast !== undefined)
    found.push({
      path: ["ballast"],
      message: "a logical standby has no table that ballast could be replicated into",
      hint: "leave ballast out, or use physical standbys",
    });
  const level = settings["wal_level"];
  if (standbys.some(isLogical) && level !== undefined && level !== "logical")
    found.push({
      path: ["settings", "wal_level"],
      message: `with wal_level ${String(level)} nobody can subscribe to the primary`,
      hint: "remove it: with a logical standby the stack sets logical",
    });
  for (const [i, standby] of standbys.entries()) {
    if (!standby.failoverSlot) continue;
    const path = ["standbys", i, "failoverSlot"];
    if (!isLogical(standby))
      found.push({
        path,
        message: `${standby.name} is a physical standby, whose slot no other server can keep`,
        hint: "say it of a standby with replication: logical",
      });
    else if (version < 17)
      found.push({
        path,
        message: `PostgreSQL ${version} cannot keep a slot on another server`,
        hint: "use version 17 or newer, or leave it out",
      });
    else if (standbys.every(isLogical))
      found.push({
        path,
        message: "there is no physical standby that could keep the slot",
        hint: "add a standby with replication: synchronous or asynchronous",
      });
  }
  return found;
}

function tablespaceProblems({ tablespace, archive, standbys }: PostgresConfig): ConfigProblem[] {
  if (!tablespace)
    return archive?.baseOnly
      ? [
          {
            path: ["archive", "baseOnly"],
            message: "there is no tablespace that a backup could leave out",
            hint: "add tablespace: true to the component, or remove it",
          },
        ]
      : [];
  if (standbys.some(isLogical))
    return [
      {
        path: ["tablespace"],
        message: "a logical standby has files of its own, and no tablespace of the primary's",
        hint: "leave it out, or use physical standbys",
      },
    ];
  if (!archive || archiverKind(archive.tool).can.includes("tablespaces")) return [];
  return [
    {
      path: ["tablespace"],
      message: `nothing is known here of how ${archive.tool} brings a tablespace back`,
      hint: "archive with plain or pgbackrest, or leave it out",
    },
  ];
}

const ownedSettings = (given: PostgresConfig["settings"], path: (string | number)[]): ConfigProblem[] =>
  Object.keys(given)
    .filter((name) => OWNED.includes(name))
    .map((name) => ({
      path: [...path, name],
      message: `${name} is set by the stack itself`,
      hint: "remove it; standbys and synchronous decide replication",
    }));

const namedNodes = ({ standbys, spares }: PostgresConfig) =>
  Object.entries({ standbys, spares }).flatMap(([list, nodes]) => nodes.map((node, i) => [i, node, list] as const));

function archiveProblems(archive: ArchiveConfig, version: number): ConfigProblem[] {
  const { tool, versions, options } = archiverKind(archive.tool);
  const unknown = Object.keys(archive).filter((key) => !["tool", "to", "prefix", ...options].includes(key));
  return [
    ...(versions.includes(version)
      ? []
      : [
          {
            path: ["archive", "tool"],
            message: `${tool} does not work with PostgreSQL ${version}`,
            hint: `it serves ${versions.join(", ")}`,
          },
        ]),
    ...unknown.map((key) => ({
      path: ["archive", key],
      message: `${key} means nothing to ${tool}`,
      hint: options.length > 0 ? `it knows ${options.join(", ")}` : "remove it",
    })),
  ];
}

function uses({ archive }: PostgresConfig): Use[] {
  if (!archive) return [];
  const { needs } = archiverKind(archive.tool);
  return [{ path: ["archive", "to"], component: archive.to, offers: "objects", ...(needs && { capability: needs }) }];
}

const nodes = (value: PostgresConfig): NodeSpec[] => {
  const image =
    value.image ??
    (value.archive ? archiverKind(value.archive.tool).image(value.version) : imageOf(value, value.timescale));
  return [
    { name: "primary", role: "primary", image },
    ...value.standbys.map((s) => ({ name: s.name, role: `${s.replication} standby`, image })),
    ...(value.archive?.receiver ? [{ name: "receiver", role: `${value.archive.receiver} receiver`, image }] : []),
    ...value.spares.map((s) => ({ name: s.name, role: "spare", image })),
  ];
};

/** What a fault may look for on a node's disk. */
export const PLACES = {
  "wal-segment": "a file of pg_wal from the redo point of the last checkpoint to the end; middle needs three of them",
  "wal-page": "one page of 8 KiB in those files",
  heap: "a page of the ledger's table that holds rows; its value is the payload of one of them",
  index: "a leaf page of the ledger's index; its value is the key of one entry",
  clog: "the byte in pg_xact that says whether the transaction of a row committed, for a row on which nobody has noted it",
  control: "pg_control",
  "backup-label": "the label of a base backup that no server has started on",
  "history-file": "a timeline's history in pg_wal",
} as const;

/** Procedures on a node, by the name that a scenario gives under `method`. What no sane runbook has is called forbidden. */
const REPAIRS = {
  "copy-in-place":
    "The base backup in the folder `copy` of the disk takes the place of the data, with the WAL that is there",
  "forbidden-pg-resetwal": "pg_resetwal -f: the server starts, and whatever stood only in the WAL is gone",
  "forbidden-ignore-checksums":
    "Reads everything with ignore_checksum_failure, then a checkpoint: damaged pages get a valid checksum",
} as const;

export type Repair = keyof typeof REPAIRS;

const kind: ComponentKind<PostgresConfig> = {
  kind: "postgres",
  summary: "PostgreSQL 14 to 18: a primary and any number of streaming or logical standbys",
  config,
  nodes,
  uses,
  problems,
  capabilities: ({ archive, standbys, timescale, ...server }) => [
    "schema",
    "batches",
    "statements",
    "page-writes",
    ...(hasProgram(server, "pg_rewind") !== false ? ["rewind"] : []),
    ...(archive ? ["archive", ...archiverKind(archive.tool).can] : []),
    ...(archive?.encrypted ? ["encryption"] : []),
    ...(timescale ? ["hypertable"] : []),
    ...(standbys.some(isLogical) ? ["logical standbys"] : []),
  ],
  triggers: ["wal-switch", "checkpoint", "mid-checkpoint", "base-backup", "recovery"],
  checks: [
    "no-lost-writes",
    "membership",
    "balances",
    "checksums",
    "amcheck",
    "archiving-alarm",
    "no-damage-noticed",
    "hypertable",
    "drop-in",
    "subscribers",
  ],
  workloads: ["ledger", "orders", "service"],
  offers: "rows",
  recoveries: [
    "wait",
    "start",
    "promote",
    "repoint",
    "sync-sequences",
    "follow",
    "restore",
    "copy-back",
    "rejoin",
    "repair",
    "exec",
    "reconcile",
    "replay-unsure",
  ],
  repairs: (value) =>
    Object.keys(REPAIRS).filter(
      (name) => name !== "forbidden-pg-resetwal" || hasProgram(value, "pg_resetwal") !== false,
    ),
  places: PLACES,
  settings: {
    synchronous_commit: "what an acknowledged write has reached",
    synchronous_standby_names: "which standbys must confirm",
    fsync: "off: a crash of the machine may lose or corrupt anything",
    full_page_writes: "off: torn pages after a crash of the machine",
    data_checksums: "off: corruption is read as data",
    archive: "where history is kept besides the machine, and by which tool",
    wal_level: "what can be replicated and restored",
  },
  load: () => import("./boot.ts"),
};

export const postgres = kind as unknown as ComponentKind;
