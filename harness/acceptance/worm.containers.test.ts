import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { makeLockedBucket } from "../components/s3/bypass.ts";
import { openClient, patience } from "../components/s3/client.ts";
import type { Trial } from "../worm.ts";
import { type DepotLab, openDepotLab } from "./depot-lab.ts";
import { type Ended, type Lab, openLab, packOf, run, scenario, start } from "./lab.ts";

const EVIDENCE = "evidence";
const ADMIN_MS = 20_000;
const bucketAt = (port: number): string => `https://127.0.0.1:${port}/${EVIDENCE}`;

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
const newKeys = (): Keys => ({
  accessKeyId: randomBytes(8).toString("hex"),
  secretAccessKey: randomBytes(20).toString("hex"),
});

/** A way to the lab's store that does not show that it is one. */
async function openWay(port: number): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const store = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [client, store],
      [store, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The environment of a bucket on the lab's store, as its owner, those who drill and those who verify would share it out. */
async function bucketEnv(
  lab: Lab,
  depot: DepotLab,
  port: number,
  keys: { drill: Keys; reader: Keys },
): Promise<NodeJS.ProcessEnv> {
  const owner = openClient({ port: depot.store.clients.port, caPem: depot.access.caPem }, depot.access, 2);
  try {
    await makeLockedBucket(owner.s3, EVIDENCE);
  } finally {
    owner.close();
  }
  const ca = path.join(lab.dir, "ca.pem");
  writeFileSync(ca, depot.access.caPem ?? "");
  return {
    BLACKSTART_WORM_BUCKET: bucketAt(port),
    BLACKSTART_WORM_CA: ca,
    BLACKSTART_WORM_ACCESS_KEY_ID: keys.drill.accessKeyId,
    BLACKSTART_WORM_SECRET_ACCESS_KEY: keys.drill.secretAccessKey,
    BLACKSTART_WORM_OWNER_ACCESS_KEY_ID: depot.access.accessKeyId,
    BLACKSTART_WORM_OWNER_SECRET_ACCESS_KEY: depot.access.secretAccessKey,
    BLACKSTART_WORM_READER_ACCESS_KEY_ID: keys.reader.accessKeyId,
    BLACKSTART_WORM_READER_SECRET_ACCESS_KEY: keys.reader.secretAccessKey,
  };
}

async function cephUser(depot: DepotLab, name: string): Promise<Keys> {
  const keys = newKeys();
  const [node] = depot.store.nodes.values();
  const user = ["user", "create", `--uid=${name}`, `--display-name=${name}`, "--max-buckets=-1"];
  const made = await node!.exec(
    [
      "radosgw-admin",
      "--name",
      "client.rgw.a",
      ...user,
      `--access-key=${keys.accessKeyId}`,
      `--secret-key=${keys.secretAccessKey}`,
    ],
    { timeoutMs: ADMIN_MS },
  );
  expect(made.code, made.stderr).toBe(0);
  return keys;
}

/** The policy that comes with the project, for the user that Ceph's owner is called here. */
async function share(depot: DepotLab): Promise<void> {
  const file = path.join(import.meta.dirname, "../../fixtures/policies/worm-bucket.json");
  const Policy = readFileSync(file, "utf8").replace("user/owner", "user/blackstart");
  const owner = openClient({ port: depot.store.clients.port, caPem: depot.access.caPem }, depot.access, 1);
  try {
    await owner.s3.send(new PutBucketPolicyCommand({ Bucket: EVIDENCE, Policy }), patience(ADMIN_MS));
  } finally {
    owner.close();
  }
}

const trialsOf = ({ stdout }: Ended): Trial[] => (JSON.parse(stdout) as { trials: Trial[] }).trials;

// Both wait half a minute for retentions to end.
test.concurrent(
  "Ceph holds against every trial; the intent and the pack of a drill are kept in it and looked up by the reader",
  async ({ expect }) => {
    const lab = openLab();
    await using depot = await openDepotLab({ provider: "ceph", tls: true });
    const keys = { drill: await cephUser(depot, "drill"), reader: await cephUser(depot, "reader") };
    await using way = await openWay(depot.store.clients.port);
    const env = await bucketEnv(lab, depot, way.port, keys);
    await share(depot);

    const under = { ...env, BLACKSTART_WORM_BUCKET: bucketAt(depot.store.clients.port) };
    const refused = [
      await start(lab, ["worm", "probe"], under).ended,
      await start(lab, ["run", scenario("postgres/primary-node-loss")], under).ended,
    ].map((ended) => [ended.code, ended.stderr]);
    const words: unknown = expect.stringContaining("is in a store of the run depot-");
    expect(refused).toEqual([
      [2, words],
      [2, words],
    ]);
    const early = await run(lab, [scenario("postgres/primary-node-loss")], env);
    expect([early.code, early.stderr]).toEqual([6, expect.stringContaining("Nobody has probed the bucket")]);

    const probe = await start(lab, ["worm", "probe", "--json"], env).ended;
    expect(probe.stderr + probe.stdout).toContain("blackstart/worm-probe/v1");
    expect(trialsOf(probe).filter(({ held }) => !held)).toEqual([]);
    expect(trialsOf(probe).length).toBe(18);
    expect(probe.code).toBe(0);

    const { code, results, stderr } = await run(lab, [scenario("postgres/primary-node-loss")], env);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/kept in 127\.0\.0\.1:\d+\/evidence: \d+ files for 400 days/);
    const pinned = ["--public-key", path.join(lab.dir, "config", "development.pub.pem")];
    const pack = packOf(lab, results[0]!);
    const verified = await start(lab, ["verify", pack, ...pinned, "--worm", "--recompute"], env).ended;
    expect(verified.stdout).toMatch(
      /ok +worm +put \S+Z into 127\.0\.0\.1:\d+\/evidence.*the report and \d+ more files/,
    );
    expect(verified.code, verified.stdout).toBe(0);
    const checked = await start(lab, ["worm", "check", ...pinned], env).ended;
    expect([checked.code, checked.stdout]).toEqual([
      0,
      expect.stringMatching(/\d+ objects of .* looked up, 0 problems/),
    ]);
  },
);

test.concurrent(
  "VersityGW does not count: the way that worked is named, and no drill keeps its evidence there",
  async ({ expect }) => {
    const lab = openLab();
    await using depot = await openDepotLab({ provider: "versitygw", tls: true });
    await using way = await openWay(depot.store.clients.port);
    const env = await bucketEnv(lab, depot, way.port, { drill: depot.access, reader: depot.access });
    const probe = await start(lab, ["worm", "probe", "--json"], env).ended;
    expect(probe.code, probe.stderr).toBe(5);
    const worked = trialsOf(probe).filter(({ held }) => !held);
    expect(worked.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "shorten the retention, then delete the version",
        "delete the version together with one whose retention is over",
        "with the drill's keys: read what they put",
      ]),
    );
    expect(worked.find(({ name }) => name.startsWith("shorten"))!.detail).toContain(
      "afterwards the version is not there",
    );
    const drill = await run(lab, [scenario("postgres/primary-node-loss")], env);
    expect([drill.code, drill.stderr]).toEqual([6, expect.stringContaining("does not count as WORM")]);
  },
);
