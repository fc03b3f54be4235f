import { describe, expect, test } from "vitest";
import { switchFacts } from "./facts.ts";
import { nodeStart } from "./files.ts";
import { parseInfo, replicasOf } from "./info.ts";
import { redis, type RedisConfig } from "./kind.ts";
import { withoutFlush } from "./repairs.ts";
import { instantsOf } from "./sentinels.ts";
import { refusalOf, shortfallOf } from "./session.ts";
import { snapshotKeys } from "./snapshot.ts";

const replyError = (message: string, previousErrors?: Error[]): Error =>
  Object.assign(new Error(message), { name: "ReplyError", ...(previousErrors ? { previousErrors } : {}) });

describe("what an error says of the write", () => {
  test.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    "NOREPLICAS Not enough good replicas to write.",
    "READONLY You can't write against a read only replica.",
    "MISCONF Redis is configured to save RDB snapshots",
    "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down",
    "EXECABORT Transaction discarded because of previous errors.",
  ])("%s: certainly not executed", (message) => {
    expect(refusalOf(replyError(message))?.message).toBe(message);
  });

  test("the refusal inside of an aborted transaction is what is said", () => {
    const aborted = replyError("EXECABORT Transaction discarded because of previous errors.", [replyError("OOM full")]);
    expect(refusalOf(aborted)?.message).toBe("OOM full");
  });

  test.each([
    replyError("UNBLOCKED force unblock from blocking operation, instance state changed"),
    replyError("ERR something that nobody foresaw"),
    new Error("no answer within 1000 ms"),
    new Error("Connection is closed."),
    new Error("OOM is not what a connection says"),
    "OOM",
  ])("%s: nobody knows", (thrown) => {
    expect(refusalOf(thrown)).toBeNull();
  });
});

describe("when a write counts as acknowledged", () => {
  const wait = { wait: { replicas: 2, timeout: 200 } };
  const waitaof = (local: 0 | 1, replicas: number) => ({ waitaof: { local, replicas, timeout: 200 } });

  test.each([
    [wait, 2, null],
    [wait, 3, null],
    [wait, 1, "WAIT: 1 of 2 replicas confirmed within 200 ms"],
    [waitaof(1, 0), [1, 0], null],
    [waitaof(1, 1), [1, 0], "WAITAOF: fsynced here 1 of 1, on replicas 0 of 1, within 200 ms"],
    [waitaof(1, 0), [0, 3], "WAITAOF: fsynced here 0 of 1, on replicas 3 of 0, within 200 ms"],
    [waitaof(0, 1), [0, 1], null],
    [wait, "nonsense", "WAIT: NaN of 2 replicas confirmed within 200 ms"],
    [waitaof(1, 0), "nonsense", "WAITAOF: fsynced here NaN of 1, on replicas NaN of 0, within 200 ms"],
  ])("%o answered %o: %s", (how, reply, short) => {
    expect(shortfallOf(how, reply)).toBe(short);
  });
});

test("INFO is read by field, and its replicas one by one", () => {
  const info = parseInfo(
    "# Replication\r\nrole:master\r\nconnected_slaves:1\r\nslave0:ip=10.0.0.3,port=6379,state=online,offset=4711,lag=1\r\nmaster_replid2:ab:cd\r\n",
  );
  expect(info.get("role")).toBe("master");
  expect(info.get("master_replid2")).toBe("ab:cd");
  expect(replicasOf(info)).toEqual([{ address: "10.0.0.3", state: "online", offset: "4711", lag: "1" }]);
});

describe("where the history before this one ends", () => {
  const facts = (replid2: string, offset: string) =>
    switchFacts(new Map([["master_replid2", replid2], ["second_repl_offset", offset]])); // prettier-ignore

  test("the second id is valid up to the first byte that is not there", () => {
    expect(facts("ab".repeat(20), "51")).toEqual({ switch_from_lineage: "ab".repeat(20), switch_position: "50" });
  });

  test.each([
    ["0".repeat(40), "-1"],
    ["0".repeat(40), "51"],
    ["ab".repeat(20), "-1"],
    ["ab".repeat(20), "0"],
    ["ab".repeat(20), "many"],
  ])("a second id of %s up to %s says nothing", (replid2, offset) => {
    expect(facts(replid2, offset)).toEqual({});
  });
});

describe("the keys of a snapshot", () => {
  const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)]);
  const HEAD = Buffer.concat([Buffer.from("REDIS0012"), Buffer.from([0xfa]), text("redis-ver"), text("8.0.2")]);
  const START = Buffer.from([0xfe, 0, 0xfb, 4, 0]);
  const END = Buffer.from([0xff, 1, 2, 3, 4, 5, 6, 7, 8]);
  const snapshot = (...entries: Buffer[]): Buffer => Buffer.concat([HEAD, START, ...entries, END]);
  const entry = (key: Buffer, value: Buffer): Buffer => Buffer.concat([Buffer.from([0]), key, value]);

  test("plain, expiring, and with values that are integers", () => {
    const expiring = Buffer.concat([Buffer.from([0xfc]), Buffer.alloc(8), entry(text("op:b"), text("y"))]);
    const counter = entry(text("blackstart:probe"), Buffer.from([0xc1, 0x39, 0x30]));
    expect(snapshotKeys(snapshot(entry(text("op:a"), text("x")), expiring, counter))).toEqual([
      "op:a",
      "op:b",
      "blackstart:probe",
    ]);
  });

  test("long, by a length of 14 and of 32 bits", () => {
    const long = Buffer.concat([Buffer.from([0x40 | 1, 0x2c]), Buffer.alloc(300, "k")]);
    const longer = Buffer.concat([Buffer.from([0x80, 0, 1, 0, 0]), Buffer.alloc(65_536, "v")]);
    expect(snapshotKeys(snapshot(entry(long, longer)))).toEqual(["k".repeat(300)]);
  });

  test("compressed: literals, then a copy of them that overlaps itself", () => {
    // "ab", then 10 bytes from two back: a control of length 7 + 1 more, 2 besides.
    const packed = Buffer.from([1, 0x61, 0x62, 0xe0, 1, 1]);
    const key = Buffer.concat([Buffer.from([0xc3, packed.length, 12]), packed]);
    expect(snapshotKeys(snapshot(entry(key, text("x"))))).toEqual(["abababababab"]);
  });

  test.each<[string, Buffer, string]>([
    ["cut off", snapshot(entry(text("op:a"), text("x"))).subarray(0, -10), "in the middle of a key"],
    ["with a list in it", snapshot(Buffer.from([18, 1, 0x61])), "something of type 18"],
    ["that is none", Buffer.from("PK0304.........."), "this is no snapshot"],
    ["empty", Buffer.alloc(0), "in the middle of a key"],
  ])("a snapshot %s is refused and no short list", (_what, bytes, said) => {
    expect(() => snapshotKeys(bytes)).toThrow(said);
  });
});

describe("FLUSHALL in an append-only file", () => {
  const set = (key: string): string => `*3\r\n$3\r\nset\r\n$${key.length}\r\n${key}\r\n$1\r\nx\r\n`;

  test.each(["*1\r\n$8\r\nflushall\r\n", "*1\r\n$8\r\nFLUSHALL\r\n", "*2\r\n$8\r\nFlushAll\r\n$4\r\nsync\r\n"])(
    "%j is taken out, and what stands around it stays",
    (command) => {
      const before = set("op:1");
      const { kept, cut } = withoutFlush(Buffer.from(`${before}${command}${set("op:2")}`));
      expect(kept.toString()).toBe(set("op:1") + set("op:2"));
      expect(cut).toEqual([before.length]);
    },
  );

  test("a key of that name is no command", () => {
    const content = Buffer.from(`*2\r\n$3\r\nget\r\n$8\r\nflushall\r\n${set("flushall")}`);
    expect(withoutFlush(content)).toEqual({ kept: content, cut: [] });
  });

  test("bytes that are no text come through unchanged", () => {
    const bytes = Buffer.from([0, 255, 128, 13, 10]);
    const { kept } = withoutFlush(Buffer.concat([bytes, Buffer.from("*1\r\n$8\r\nflushall\r\n"), bytes]));
    expect(kept).toEqual(Buffer.concat([bytes, bytes]));
  });
});

test("the instants of a failover in a sentinel's log: of this primary, of this outage, and no others", () => {
  const log = `8:X 24 Nov 2026 20:00:00.500 # +odown master cache 10.0.0.2 6379 #quorum 2/2
8:X 24 Nov 2026 20:51:00.123 # +sdown master cache 10.0.0.2 6379
8:X 24 Nov 2026 20:51:00.200 # +odown master cache 10.0.0.2 6379 #quorum 2/2
8:X 24 Nov 2026 20:51:00.201 # +odown master other 10.0.0.9 6379 #quorum 2/2
8:X 24 Nov 2026 20:51:00.300 # +elected-leader master cache 10.0.0.2 6379
8:X 24 Nov 2026 20:51:01.400 * +promoted-slave slave 10.0.0.3:6379 10.0.0.3 6379 @ cache 10.0.0.2 6379
said by nobody: +odown master cache`;
  const at = (time: string): number => Date.parse(`2026-11-24T${time}Z`);
  expect(instantsOf(log, "cache", at("20:50:00"))).toEqual([
    { name: "detected", wallMs: at("20:51:00.200") },
    { name: "elected", wallMs: at("20:51:00.300") },
    { name: "promoted", wallMs: at("20:51:01.400") },
  ]);
});

describe("what a node is started with", () => {
  const password = "s3cret-of-the-test";
  const start = (config: object, name = "primary") => {
    const parsed = redis.config.parse(config) as RedisConfig;
    const spec = redis.nodes(parsed).find((node) => node.name === name)!;
    return nodeStart(spec, {
      component: "cache",
      config: parsed,
      addressOf: (node) => node,
      script: "",
      password,
    });
  };
  const conf = (config: object, name?: string): string =>
    start(config, name).files.find(({ path }) => path.endsWith("server.conf"))!.content;

  test("the password stands in files that only root reads, and nowhere else", () => {
    const { argv, env, files } = start({ replicas: [{ name: "replica" }], sentinels: {} }, "sentinel-1");
    expect(JSON.stringify([argv, env])).not.toContain(password);
    const secret = files.filter((file) => file.content.includes(password));
    expect(secret.map(({ path, mode }) => [path, mode])).toEqual([
      ["/blackstart/password", 0o600],
      ["/blackstart/server.conf", 0o600],
    ]);
  });

  test("settings in the server's own words", () => {
    const text = conf({
      persistence: { appendonly: false, rdb: [{ seconds: 60, changes: 5 }] },
      maxmemory: "8MiB",
      settings: { rdbchecksum: false, "notify-keyspace-events": "" },
    });
    expect(text).toContain("appendonly no\n");
    expect(text).toContain("save 60 5\n");
    expect(text).toContain("maxmemory 8388608\n");
    expect(text).toContain("rdbchecksum no\n");
    expect(text).toContain('notify-keyspace-events ""\n');
    expect(text).not.toContain("replicaof");
    expect(conf({})).toContain('save ""\n');
    expect(conf({ replicas: [{ name: "replica" }] }, "replica")).toContain("replicaof cache.primary 6379\n");
  });
});
