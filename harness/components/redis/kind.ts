import { z } from "zod";
import type { ComponentKind, NodeSpec } from "../../component.ts";
import { byteSize, positiveDuration } from "../../scenario/units.ts";

const nodeName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, { error: "expected a name of lower-case letters, digits and dashes" });

const sentinels = z.strictObject({
  count: z.int().min(1).max(9).default(3),
  quorum: z.int().min(1).default(2).meta({ description: "Sentinels that must agree that the primary is down" }),
  downAfter: positiveDuration.prefault("1s").meta({ description: "Silence after which a sentinel calls a node down" }),
  failoverTimeout: positiveDuration.prefault("10s"),
});

const persistence = z.strictObject({
  appendonly: z.boolean().default(true),
  appendfsync: z.enum(["always", "everysec", "no"]).default("everysec"),
  rdb: z
    .array(z.strictObject({ seconds: z.int().min(1), changes: z.int().min(1) }))
    .max(8)
    .default([])
    .meta({
      description: "Save points: a snapshot after so many seconds if there were so many changes; none if empty",
    }),
});

const replicas = z.int().min(0).max(16);

const acknowledge = z.strictObject({
  wait: z
    .strictObject({ replicas: replicas.min(1), timeout: positiveDuration.prefault("200ms") })
    .optional()
    .meta({
      description: "WAIT: so many replicas have received the write, in memory",
    }),
  waitaof: z
    .strictObject({
      local: z.union([z.literal(0), z.literal(1)]).default(1),
      replicas: replicas.default(0),
      timeout: positiveDuration.prefault("200ms"),
    })
    .optional()
    .meta({ description: "WAITAOF: the write is fsynced here (local: 1) and on so many replicas" }),
});

const config = z.strictObject({
  version: z.literal(8).default(8).meta({ description: "Major version of the server" }),
  image: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "An image of your own; it needs sh and the server's programs" }),
  replicas: z
    .array(z.strictObject({ name: nodeName }))
    .max(16)
    .default([]),
  sentinels: sentinels
    .optional()
    .meta({ description: "Sentinels that watch the primary and fail over; none if left out" }),
  persistence: persistence.prefault({}),
  minReplicas: z
    .strictObject({ count: replicas.min(1), maxLag: positiveDuration.prefault("10s") })
    .optional()
    .meta({ description: "min-replicas-to-write and min-replicas-max-lag: fewer replicas, and writes are refused" }),
  maxmemory: byteSize.optional(),
  maxmemoryPolicy: z
    .enum([
      "noeviction",
      "allkeys-lru",
      "allkeys-lfu",
      "allkeys-random",
      "volatile-lru",
      "volatile-lfu",
      "volatile-random",
      "volatile-ttl",
    ])
    .default("noeviction"),
  acknowledge: acknowledge
    .prefault({})
    .meta({ description: "When a writer counts a write as acknowledged; a short count is indeterminate" }),
  settings: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]*$/, { error: "expected the name of a server setting" }),
      z.union([z.string().regex(/^[^\r\n"\\]*$/, { error: "expected one line" }), z.number(), z.boolean()]),
    )
    .default({})
    .meta({ description: "Server settings of the primary and every replica, as in redis.conf" }),
});

/** Procedures on the files of a node, by the name that a scenario gives under `method`. */
const REPAIRS = {
  "aof-fix": "redis-check-aof --fix on the append-only file, which cuts it at the first thing it does not understand",
  "aof-undo-flush": "Stops the server at once, takes FLUSHALL out of the append-only file and starts again",
  "snapshot-then-aof":
    "Starts on the snapshot with appendonly no, looks at what is there, then turns appendonly on and waits for the rewrite",
} as const;

export type Repair = keyof typeof REPAIRS;

export type RedisConfig = z.output<typeof config>;

/** Settings that the stack owns; a scenario that sets one would make the drill measure something else than it says. */
const OWNED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["bind", "port", "dir", "daemonize", "logfile", "pidfile", "include", "aclfile", "requirepass", "masterauth"].map(
      (name) => [name, "remove it"],
    ),
  ),
  ...Object.fromEntries(
    ["masteruser", "protected-mode", "dbfilename", "appendfilename", "appenddirname", "databases", "tls-port"].map(
      (name) => [name, "remove it"],
    ),
  ),
  // A replication id that changes by itself would leave writes in a history that nobody can name.
  "repl-backlog-ttl": "remove it; the history keeps its id for as long as the drill lasts",
  replicaof: "remove it; replicas decides replication",
  "replica-announce-ip": "remove it; replicas decides replication",
  "replica-announce-port": "remove it; replicas decides replication",
  appendonly: "use persistence.appendonly",
  appendfsync: "use persistence.appendfsync",
  save: "use persistence.rdb",
  "min-replicas-to-write": "use minReplicas",
  "min-replicas-max-lag": "use minReplicas",
  maxmemory: "use maxmemory",
  "maxmemory-policy": "use maxmemoryPolicy",
};

interface Problem {
  path: (string | number)[];
  message: string;
  hint?: string;
}

function problems(value: RedisConfig): Problem[] {
  return [...nameProblems(value), ...quorumProblems(value), ...acknowledgeProblems(value), ...settingProblems(value)];
}

function nameProblems(value: RedisConfig): Problem[] {
  const seen = new Set(["primary", ...sentinelNames(value)]);
  return value.replicas.flatMap(({ name }, i) => {
    const taken = seen.has(name);
    seen.add(name);
    return taken
      ? [
          {
            path: ["replicas", i, "name"],
            message: `the name ${name} is already taken in this component`,
            hint: "give every node a name of its own",
          },
        ]
      : [];
  });
}

function quorumProblems({ sentinels: watch, replicas: copies, minReplicas }: RedisConfig): Problem[] {
  const found: Problem[] = [];
  if (watch && watch.quorum > watch.count)
    found.push({
      path: ["sentinels", "quorum"],
      message: `a quorum of ${watch.quorum} is asked of ${watch.count} sentinels: the primary would never be called down`,
      hint: `use a quorum of at most ${watch.count}`,
    });
  if (watch && copies.length === 0)
    found.push({
      path: ["sentinels"],
      message: "sentinels watch a primary without a replica: there is nothing to fail over to",
      hint: "add a replica, or remove the sentinels",
    });
  if (minReplicas && minReplicas.count > copies.length)
    found.push({
      path: ["minReplicas", "count"],
      message: `${minReplicas.count} replicas are asked for but there are ${copies.length}: every write would be refused`,
      hint: `use a count of at most ${copies.length}, or add replicas`,
    });
  if (minReplicas && minReplicas.maxLag % 1_000 !== 0)
    found.push({
      path: ["minReplicas", "maxLag"],
      message: "min-replicas-max-lag is counted in whole seconds",
      hint: "use a whole number of seconds",
    });
  return found;
}

function acknowledgeProblems({ acknowledge: how, replicas: copies, persistence: kept }: RedisConfig): Problem[] {
  const found: Problem[] = [];
  if (how.wait && how.waitaof)
    found.push({
      path: ["acknowledge", "waitaof"],
      message: "wait and waitaof are both given",
      hint: "keep one; WAITAOF on a replica implies that it has received the write",
    });
  for (const key of ["wait", "waitaof"] as const) {
    const asked = how[key]?.replicas ?? 0;
    if (asked > copies.length)
      found.push({
        path: ["acknowledge", key, "replicas"],
        message: `${asked} replicas must confirm but there are ${copies.length}: no write would ever be acknowledged`,
        hint: `use at most ${copies.length}, or add replicas`,
      });
  }
  if (how.waitaof && !kept.appendonly)
    found.push({
      path: ["acknowledge", "waitaof", ...(how.waitaof.local === 1 ? ["local"] : [])],
      message: "WAITAOF waits for the append-only file, and persistence.appendonly is false",
      hint: "turn appendonly on, or use wait",
    });
  if (how.waitaof && how.waitaof.local === 0 && how.waitaof.replicas === 0)
    found.push({
      path: ["acknowledge", "waitaof"],
      message: "nobody has to confirm",
      hint: "ask for local: 1 or replicas",
    });
  return found;
}

const settingProblems = (value: RedisConfig): Problem[] =>
  Object.keys(value.settings).flatMap((name) => {
    const hint = OWNED[name];
    return hint === undefined
      ? []
      : [{ path: ["settings", name], message: `${name} is set by the stack itself`, hint }];
  });

export const sentinelNames = ({ sentinels: watch }: RedisConfig): string[] =>
  Array.from({ length: watch?.count ?? 0 }, (_, i) => `sentinel-${i + 1}`);

const nodes = (value: RedisConfig): NodeSpec[] => {
  const image = value.image ?? "redis";
  return [
    { name: "primary", role: "primary", image },
    ...value.replicas.map(({ name }) => ({ name, role: "replica", image })),
    ...sentinelNames(value).map((name) => ({ name, role: "sentinel", image })),
  ];
};

const kind: ComponentKind<RedisConfig> = {
  kind: "redis",
  summary: "Redis 8: a primary, any number of replicas, and sentinels that fail over",
  config,
  nodes,
  problems,
  triggers: ["aof-rewrite", "bgsave"],
  checks: ["no-lost-writes", "membership"],
  workloads: ["ledger", "orders", "service"],
  offers: "entries",
  recoveries: ["wait", "start", "promote", "failover", "repair", "exec", "reconcile"],
  repairs: () => Object.keys(REPAIRS),
  settings: {
    appendonly: "no: what is not in a snapshot is gone when the process ends",
    appendfsync: "always: on the disk before the answer; everysec: up to about a second may be lost with the machine",
    save: "when snapshots are made; empty: never",
    "min-replicas-to-write": "fewer replicas in touch, and writes are refused",
    "min-replicas-max-lag": "how long a silent replica counts as in touch, in seconds",
    "maxmemory-policy": "anything but noeviction deletes acknowledged keys when memory is full",
    acknowledge: "what a writer waits for before it counts a write as acknowledged",
  },
  load: () => import("./boot.ts"),
};

export const redis = kind as unknown as ComponentKind;
