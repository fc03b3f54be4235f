import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { z } from "zod";
import type { CorruptOptions } from "../../../../capabilities.ts";
import { messageOf } from "../../../../errors.ts";
import type { Node } from "../../../../node.ts";
import { bracket } from "../../../../time.ts";
import { type Endpoint, LEDGER, openClient, patience } from "../../client.ts";
import type { Credentials, Damage } from "../../provider.ts";
import { contentOf, inParallel } from "../../read-back.ts";
import { ask, askDaemon } from "./cluster.ts";
import { type Cluster, DISK, erasureCoded, poolName } from "../ceph-layout.ts";
import { beginnings, NEEDLE_BYTES } from "./shards.ts";

const ASK_MS = 20_000;
const EXEC_MS = 60_000;
const PARALLEL = 8;

interface Rotting {
  readonly keys: readonly string[];
  readonly options: CorruptOptions;
  readonly credentials: Credentials;
  /** Of the gateway. */
  readonly at: Endpoint;
  readonly door: Node;
  readonly drives: readonly { id: number; node: Node }[];
  readonly cluster: Cluster;
  readonly monitor: Node;
}

interface Target {
  readonly key: string;
  /** By the drives whose shard is to be damaged, those that readers are served from first: how it begins, in hexadecimal. */
  readonly on: ReadonlyMap<number, string>;
}

/** Turns over a byte of the content of each object on so many drives. */
export async function damageObjects(rotting: Rotting): Promise<Damage> {
  const { options, drives } = rotting;
  if (options.part !== "data")
    throw new Error(
      `Ceph keeps ${options.part === "whole" ? "all of an object on a drive" : "what it knows of an object"} in its own database, which cannot be changed from outside: use part: data`,
    );
  const targets = await targetsOf(rotting);
  const { value: said, at } = await bracket(() =>
    Promise.all(
      drives.map(async ({ id, node }) => {
        const mine = targets.flatMap(({ on }) => on.get(id) ?? []);
        if (mine.length === 0) return [];
        const lines = await rot(
          node,
          "find",
          mine.map((needle) => `${fileOf(id)} ${needle}`),
        );
        await askDaemon(node, `osd.${id}`, ["cache drop"], ASK_MS); // else readers would be served from memory
        return lines.map((line) => ({ id, node, words: line.split(" ") }));
      }),
    ),
  );
  const changed = said.flat().filter(({ words: [, , , before, after] }) => before !== after);
  const reached = new Set(changed.map(({ id, words }) => `${id} ${words[1]}`));
  const keyOf = new Map(targets.flatMap(({ key, on }) => [...on].map(([id, needle]) => [`${id} ${needle}`, key])));
  return {
    at,
    changes: changed.map(
      ({ id, words: [, needle, offset, before, after] }) =>
        `${keyOf.get(`${id} ${needle}`)} on osd.${id} at ${offset}: ${before} is ${after}`,
    ),
    unchanged: targets.flatMap(({ key, on }) =>
      [...on]
        .filter(([id, needle]) => !reached.has(`${id} ${needle}`))
        .map(([id]) => `${key} was not found on osd.${id}`),
    ),
    undo: () => undo(changed),
  };
}

const fileOf = (id: number): string => `${DISK}/osd.${id}/block`;

async function rot(node: Node, how: "find" | "back", lines: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await node.exec(["python3", "/blackstart/rot.py", how], {
    timeoutMs: EXEC_MS,
    stdin: lines.map((line) => `${line}\n`).join(""),
  });
  if (code !== 0) throw new Error(`changing bytes in ${node.name} failed: ${stderr.trim().split("\n").at(-1)}`);
  return stdout.split("\n").filter((line) => line !== "");
}

/** Only a byte that still is what the damage made of it is set back: Ceph may have written the object elsewhere since. */
async function undo(changed: readonly { id: number; node: Node; words: readonly string[] }[]): Promise<void> {
  const failed: string[] = [];
  for (const [node, mine] of Map.groupBy(changed, (one) => one.node)) {
    try {
      await rot(
        node,
        "back",
        mine.map(({ words: [file, , ...rest] }) => [file, ...rest].join(" ")),
      );
    } catch (thrown) {
      if ((await node.state()) !== "stopped") failed.push(messageOf(thrown)); // the disk of a node that is gone goes with it
    }
  }
  if (failed.length > 0) throw new Error(failed.join("; "));
}

const bucketStats = z.object({ marker: z.string() });
const objectMap = z.object({ acting: z.array(z.number()) });

/** Where each object lies: its name inside the cluster, its drives by the cluster's own map, its first bytes as a reader gets them. */
async function targetsOf({ keys, options, credentials, at, door, cluster, monitor }: Rotting): Promise<Target[]> {
  const stats = await door.exec(["radosgw-admin", "--name", "client.rgw.a", "bucket", "stats", `--bucket=${LEDGER}`], {
    timeoutMs: ASK_MS,
  });
  if (stats.code !== 0) throw new Error(`the gateway does not say where its bucket lies: ${stats.stderr.trim()}`);
  const { marker } = bucketStats.parse(JSON.parse(stats.stdout));
  const client = openClient(at, credentials, PARALLEL);
  const found: { key: string; content: Buffer; object: string }[] = [];
  try {
    await inParallel(keys, PARALLEL, async (key) => {
      const head = await client.s3.send(new HeadObjectCommand({ Bucket: LEDGER, Key: key }), patience(ASK_MS));
      const content = await contentOf(client, key);
      if (content === null || content.length < NEEDLE_BYTES)
        throw new Error(
          `${key} has ${content?.length ?? 0} bytes; fewer than ${NEEDLE_BYTES} cannot be told from others on a drive`,
        );
      const versioned = head.VersionId && head.VersionId !== "null";
      const object = versioned ? `${marker}__:${head.VersionId}_${key}` : `${marker}_${key}`;
      found.push({ key, content: Buffer.from(content, "latin1"), object });
    });
  } finally {
    client.close();
  }
  const pool = poolName(cluster.zone, "buckets.data");
  const maps = await ask(
    monitor,
    found.map(({ object }) => ({ prefix: "osd map", pool, object, format: "json" })),
    ASK_MS,
  );
  return found.map(({ key, content }, i) => {
    const { acting } = objectMap.parse(JSON.parse(maps[i]!));
    const shards = beginnings(content);
    const holding = acting.flatMap((id, shard): [number, string][] => {
      const needle = erasureCoded(cluster) ? shards[shard] : shards[0]; // of a replicated object every drive has all
      return needle ? [[id, Buffer.from(needle).toString("hex")]] : [];
    });
    if (options.copies > holding.length)
      throw new Error(
        `${key} has bytes of its own on ${holding.length} drives; they cannot be changed on ${options.copies}`,
      );
    return { key, on: new Map(holding.slice(0, options.copies)) };
  });
}
