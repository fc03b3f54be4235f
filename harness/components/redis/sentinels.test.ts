import { describe, expect, test } from "vitest";
import type { Node } from "../../node.ts";
import type { AdminConnections } from "./admin.ts";
import { Sentinels } from "./sentinels.ts";

type Answer = (node: string, args: readonly (string | number)[]) => unknown;

const nodeAt = (name: string, address: string): Node => ({ name, address, logs: async () => "" }) as unknown as Node;
const PRIMARY = nodeAt("cache.primary", "10.0.0.2");
const REPLICA = nodeAt("cache.replica", "10.0.0.3");
const WATCHERS = ["cache.sentinel-1", "cache.sentinel-2"].map((name, i) => nodeAt(name, `10.0.0.${10 + i}`));

/** Sentinels that answer as told; a thrown answer is a sentinel that is gone. */
const sentinels = (answer: Answer): Sentinels =>
  new Sentinels("cache", WATCHERS, {
    command: async (node: string, _timeoutMs: number, ...args: (string | number)[]) => answer(node, args),
  } as unknown as AdminConnections);

const master = (changes: Record<string, string> = {}): string[] =>
  Object.entries({ flags: "master", "num-other-sentinels": "1", "num-slaves": "1", ...changes }).flat();

describe("what sentinels must know before a drill", () => {
  const missing = (changes: Record<string, string>, replicaFlags = "slave") =>
    sentinels((_node, [, what]) =>
      what === "MASTER"
        ? master(changes)
        : what === "REPLICAS"
          ? [["name", "10.0.0.3:6379", "flags", replicaFlags]]
          : [["name", "other", "flags", "sentinel"]],
    ).missing(1);

  test.each<[Record<string, string>, string, string]>([
    [{}, "slave", ""],
    [{ flags: "s_down,master" }, "slave", "cache.sentinel-1 calls the primary s_down,master"],
    [{ "num-other-sentinels": "0" }, "slave", "cache.sentinel-1 knows 0 other sentinels"],
    [{ "num-slaves": "0" }, "slave", "cache.sentinel-1 knows 0 replicas"],
    [{}, "s_down,slave", "cache.sentinel-1 calls 10.0.0.3:6379 s_down,slave"],
    [{}, "slave,disconnected", "cache.sentinel-1 calls 10.0.0.3:6379 slave,disconnected"],
  ])("%o, a replica that is %s: %j", async (changes, flags, said) => {
    expect(await missing(changes, flags)).toBe(said);
  });

  test("a sentinel that does not answer is an error", async () => {
    const silent = sentinels(() => {
      throw new Error("gone");
    });
    await expect(silent.missing(1)).rejects.toThrow("gone");
  });
});

describe("whom the sentinels name", () => {
  const named = (address: string, role: string, timeoutMs = 50): Promise<{ node: string }> =>
    sentinels((node, args) => {
      if (node === "cache.sentinel-2") throw new Error("gone");
      return args[0] === "ROLE" ? [role] : [address, "6379"];
    }).awaitFailover(PRIMARY.name, [PRIMARY, REPLICA], timeoutMs, new AbortController().signal);

  test("one sentinel is enough, if the node agrees", async () => {
    expect((await named(REPLICA.address, "master")).node).toBe("cache.replica");
  });

  test.each([
    ["the one that serves already", PRIMARY.address, "master"],
    ["one that is still a replica", REPLICA.address, "slave"],
    ["one that nobody knows", "10.9.9.9", "master"],
  ])("%s is no failover", async (_what, address, role) => {
    await expect(named(address, role)).rejects.toThrow("no sentinel named another primary than cache.primary");
  });

  test("without sentinels nobody fails over", async () => {
    const none = new Sentinels("cache", [], {} as AdminConnections);
    await expect(none.awaitFailover("cache.primary", [], 50, new AbortController().signal)).rejects.toThrow(
      "has no sentinels",
    );
  });

  test("the look at it lies between the last that showed the old node and the first that showed the new", async () => {
    let looks = 0;
    const moved = await sentinels((_node, args) => {
      if (args[0] === "ROLE") return ["master"];
      return [++looks <= WATCHERS.length ? PRIMARY.address : REPLICA.address, "6379"];
    }).awaitFailover(PRIMARY.name, [PRIMARY, REPLICA], 1_000, new AbortController().signal);
    const widthMs = Number(moved.at.toNs - moved.at.fromNs) / 1e6;
    expect(widthMs).toBeGreaterThanOrEqual(9); // the pause between the two looks is in it
  });
});
