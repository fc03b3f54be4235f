import { describe, expect, test } from "vitest";
import { planOf, problemsOf } from "../../scenario/testing.ts";

const scenario = (config: string, rest = ""): string => `id: sound
title: Something happens
stack:
  cache: { kind: redis, ${config} }
workload:
  - { kind: ledger, target: cache, rate: 300/s }
steps:
  - { fault: process-crash, target: cache.primary }
${rest}verify: [no-lost-writes]
expect: pass
`;
const REPLICA = "replicas: [{ name: replica }]";

test("the defaults are sound, and written out in the plan", async () => {
  expect(await problemsOf(scenario("version: 8"))).toEqual([]);
  const { components } = await planOf(scenario(`${REPLICA}, sentinels: {}`));
  expect(components[0]).toMatchObject({
    nodes: ["cache.primary", "cache.replica", "cache.sentinel-1", "cache.sentinel-2", "cache.sentinel-3"],
    config: {
      persistence: { appendonly: true, appendfsync: "everysec", rdb: [] },
      sentinels: { count: 3, quorum: 2, downAfter: 1_000, failoverTimeout: 10_000 },
      maxmemoryPolicy: "noeviction",
      acknowledge: {},
    },
  });
});

test.each<[string, string, string]>([
  [
    "a quorum that cannot be had",
    `${REPLICA}, sentinels: { count: 3, quorum: 4 }`,
    "4:87: stack.cache.sentinels.quorum: a quorum of 4 is asked of 3 sentinels: the primary would never be called down; use a quorum of at most 3",
  ],
  [
    "sentinels with nothing to fail over to",
    "sentinels: {}",
    "4:36: stack.cache.sentinels: sentinels watch a primary without a replica: there is nothing to fail over to; add a replica, or remove the sentinels",
  ],
  [
    "WAIT for more replicas than there are",
    `${REPLICA}, acknowledge: { wait: { replicas: 2 } }`,
    "4:89: stack.cache.acknowledge.wait.replicas: 2 replicas must confirm but there are 1: no write would ever be acknowledged; use at most 1, or add replicas",
  ],
  [
    "WAITAOF for more replicas than there are",
    `acknowledge: { waitaof: { replicas: 1 } }`,
    "4:61: stack.cache.acknowledge.waitaof.replicas: 1 replicas must confirm but there are 0: no write would ever be acknowledged; use at most 0, or add replicas",
  ],
  [
    "WAITAOF here without the file",
    `persistence: { appendonly: false }, acknowledge: { waitaof: { local: 1 } }`,
    "4:94: stack.cache.acknowledge.waitaof.local: WAITAOF waits for the append-only file, and persistence.appendonly is false; turn appendonly on, or use wait",
  ],
  [
    "WAITAOF for nobody",
    "acknowledge: { waitaof: { local: 0 } }",
    "4:49: stack.cache.acknowledge.waitaof: nobody has to confirm; ask for local: 1 or replicas",
  ],
  [
    "both ways to wait",
    `${REPLICA}, acknowledge: { wait: { replicas: 1 }, waitaof: { local: 1 } }`,
    "4:103: stack.cache.acknowledge.waitaof: wait and waitaof are both given; keep one; WAITAOF on a replica implies that it has received the write",
  ],
  [
    "more replicas in touch than there are",
    "minReplicas: { count: 1 }",
    "4:47: stack.cache.minReplicas.count: 1 replicas are asked for but there are 0: every write would be refused; use a count of at most 0, or add replicas",
  ],
  [
    "a lag that the server rounds",
    `${REPLICA}, minReplicas: { count: 1, maxLag: 1500ms }`,
    "4:89: stack.cache.minReplicas.maxLag: min-replicas-max-lag is counted in whole seconds; use a whole number of seconds",
  ],
  [
    "a name that a sentinel has",
    "replicas: [{ name: replica }, { name: sentinel-1 }], sentinels: {}",
    "4:63: stack.cache.replicas[1].name: the name sentinel-1 is already taken in this component; give every node a name of its own",
  ],
  [
    "a setting that the stack owns",
    `settings: { appendfsync: no }`,
    "4:50: stack.cache.settings.appendfsync: appendfsync is set by the stack itself; use persistence.appendfsync",
  ],
])("%s is refused where it stands", async (_name, config, said) => {
  expect(await problemsOf(scenario(config))).toEqual([`x.yaml:${said}`]);
});

describe("steps", () => {
  test("a repair that the store does not know", async () => {
    const step = "  - { recover: repair, target: cache.primary, method: aof-fxi }\n";
    expect(await problemsOf(scenario("version: 8", step))).toEqual([
      'x.yaml:9:55: steps[1].method: found "aof-fxi", expected one of aof-fix, aof-undo-flush, snapshot-then-aof; did you mean aof-fix?',
    ]);
  });

  test("a file outside of the disk", async () => {
    const step = "  - { fault: file-damage, target: cache.primary, path: ../etc/passwd, damage: delete }\n";
    expect(await problemsOf(scenario("version: 8", step))).toEqual([
      expect.stringContaining('9:56: steps[1].path: found "../etc/passwd", expected a path relative to') as string,
    ]);
  });
});
