import { z } from "zod";
import type { ComponentKind, NodeSpec, Use } from "../../component.ts";
import { type ArchiveConfig, archiveConfig } from "./archiver.ts";
import { archiverKind } from "./archivers.ts";

const nodeName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, { error: "expected a name of lower-case letters, digits and dashes" });

const standby = z.strictObject({
  name: nodeName,
  replication: z.enum(["synchronous", "asynchronous"]),
});

const config = z.strictObject({
  version: z.literal(17).default(17).meta({ description: "Major version of the server" }),
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
    .array(z.strictObject({ name: nodeName }))
    .default([])
    .meta({ description: "Machines with an empty disk that wait to be restored onto" }),
  archive: archiveConfig
    .optional()
    .meta({ description: "Backups and a continuous archive; the first backup is taken before anybody writes" }),
  uniqueKey: z.boolean().default(false).meta({
    description:
      "Whether the ledger has a unique key on the operation's id, so that one written a second time is refused",
  }),
  settings: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_.]*$/, { error: "expected the name of a server setting" }),
      z.union([z.string(), z.number(), z.boolean()]),
    )
    .default({})
    .meta({ description: "Server settings of the primary and every standby, as in postgresql.conf" }),
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
  const synchronous = value.standbys.filter((s) => s.replication === "synchronous").length;
  if (value.synchronous && value.synchronous.count > synchronous) {
    found.push({
      path: ["synchronous", "count"],
      message: `${value.synchronous.count} confirmations are asked for but only ${synchronous} standbys are synchronous: every write would wait for ever`,
      hint: `use a count of at most ${synchronous}, or make more standbys synchronous`,
    });
  }
  for (const name of Object.keys(value.settings)) {
    if (OWNED.includes(name))
      found.push({
        path: ["settings", name],
        message: `${name} is set by the stack itself`,
        hint: "remove it; standbys and synchronous decide replication",
      });
  }
  if (value.archive) found.push(...archiveProblems(value.archive, value.version));
  return found;
}

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
  const image = value.image ?? (value.archive ? archiverKind(value.archive.tool).image(value.version) : "postgres");
  return [
    { name: "primary", role: "primary", image },
    ...value.standbys.map((s) => ({ name: s.name, role: `${s.replication} standby`, image })),
    ...(value.archive?.receiver ? [{ name: "receiver", role: `${value.archive.receiver} receiver`, image }] : []),
    ...value.spares.map((s) => ({ name: s.name, role: "spare", image })),
  ];
};

const kind: ComponentKind<PostgresConfig> = {
  kind: "postgres",
  summary: "PostgreSQL 17 with data checksums: a primary and any number of streaming standbys",
  config,
  nodes,
  capabilities: ({ archive }) => [...(archive ? ["archive"] : []), ...(archive?.encrypted ? ["encryption"] : [])],
  uses,
  problems,
  triggers: ["wal-switch", "checkpoint"],
  checks: ["no-lost-writes", "membership", "balances", "checksums", "amcheck", "archiving-alarm"],
  workloads: ["ledger", "orders", "service"],
  offers: "rows",
  recoveries: ["wait", "start", "promote", "restore", "exec", "reconcile", "replay-unsure"],
  settings: {
    synchronous_commit: "what an acknowledged write has reached",
    synchronous_standby_names: "which standbys must confirm",
    fsync: "off: a crash of the machine may lose or corrupt anything",
    full_page_writes: "off: torn pages after a crash of the machine",
    data_checksums: "off: corruption is read as data",
    wal_level: "what can be replicated and restored",
  },
  load: () => import("./boot.ts"),
};

export const postgres = kind as unknown as ComponentKind;
