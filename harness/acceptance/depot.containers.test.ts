import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverCertificate } from "../components/certificate.ts";
import { openClient, patience } from "../components/s3/client.ts";
import { PROVIDERS } from "../components/s3/config.ts";
import { ask } from "../components/s3/signed.ts";
import { obtainable } from "../engine/images.ts";
import { builtReference } from "../engine/recipes.ts";
import type { ExecResult } from "../node.ts";
import { BUCKET, type DepotLab, imageOf, openDepotLab, PATIENCE_S } from "./depot-lab.ts";

/** curl's own word for a server that did not answer in time. */
const SILENT = 28;

const missing = new Set<string>();
for (const provider of PROVIDERS) if (!(await obtainable([imageOf({ provider })]))) missing.add(provider);
for (const provider of missing)
  process.stderr.write(
    `SKIPPED: the depot on ${provider}: ${builtReference(provider)} is not on this machine and no registry offers it; docker load it to run this\n`,
  );

// Each of them stands in the count, as passed or as skipped.
for (const provider of PROVIDERS)
  (missing.has(provider) ? describe.skip : describe)(`an archive on ${provider}, over TLS`, () => {
    let lab: DepotLab;
    beforeAll(async () => {
      lab = await openDepotLab({ provider, tls: true }, ["store.server"]);
    });
    afterAll(() => lab[Symbol.asyncDispose]());

    const get = (key: string): Promise<ExecResult> =>
      lab.archiver.exec(
        [
          "curl",
          "--cacert",
          "/blackstart/ca.crt",
          "--config",
          "/blackstart/curl.conf",
          `https://${lab.access.host}:${lab.access.port}/${BUCKET}/${key}`,
        ],
        { timeoutMs: 20_000 },
      );

    /** PUT and GET by a client of this machine, over the client path. */
    async function roundTrip(caPem: string): Promise<string | undefined> {
      const client = openClient({ port: lab.store.clients.port, caPem }, lab.access, 1);
      const at = { Bucket: BUCKET, Key: "clients/one" };
      try {
        await client.s3.send(new PutObjectCommand({ ...at, Body: "sent" }), patience(5_000));
        return await (await client.s3.send(new GetObjectCommand(at), patience(5_000))).Body?.transformToString();
      } finally {
        client.close();
      }
    }

    test("clients that trust the drill's authority are served, and no others", async () => {
      await expect(roundTrip(lab.access.caPem!)).resolves.toBe("sent");
      const { caPem: other } = await serverCertificate("store", ["127.0.0.1"]);
      await expect(roundTrip(other)).rejects.toThrow(/certificate/);
      const withoutTls = ask({ port: lab.store.clients.port, caPem: null }, { method: "GET", path: "/" }, 5_000);
      expect(await withoutTls.then(({ status }) => status, String)).toSatisfy(
        (said) => said === 400 || /hang up|ECONNRESET/.test(String(said)),
      );
      const url = `https://127.0.0.1:${lab.store.clients.port}/`;
      await expect(fetch(url)).rejects.toMatchObject({ cause: { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" } });
    });

    test("pgBackRest reads back what it wrote, and refuses a store that it cannot know", async () => {
      const stdin = "a segment";
      expect(await lab.pgbackrest(["repo-put", "wal/0001"], { stdin })).toMatchObject({ code: 0 });
      expect(await lab.pgbackrest(["repo-get", "wal/0001"])).toMatchObject({ code: 0, stdout: stdin });
      const refused = await lab.pgbackrest(["repo-get", "wal/0001"], { ca: "none" });
      expect(refused.code).not.toBe(0);
      expect(refused.stdout).toContain("unable to verify certificate");
      expect((await lab.store.getObject(BUCKET, "wal/0001")).toString()).toBe(stdin);
    });

    test("what was archived can be looked at, damaged and removed", async () => {
      const keys = Array.from({ length: 1_050 }, (_, i) => `many/${String(i).padStart(4, "0")}`);
      for (let from = 0; from < keys.length; from += 50)
        await Promise.all(keys.slice(from, from + 50).map((key) => lab.store.putObject(BUCKET, key, Buffer.from(key))));
      const listed = await lab.store.objects(BUCKET, "many/"); // a page has at most a thousand
      expect(listed).toEqual(keys.map((key) => ({ key, bytes: 9 })));
      expect((await get(keys[0]!)).stdout).toBe(keys[0]);
      const damaged = Buffer.from([0, 255, 10, 0]);
      await lab.store.putObject(BUCKET, keys[0]!, damaged);
      expect((await lab.store.getObject(BUCKET, keys[0]!)).equals(damaged)).toBe(true);
      await lab.store.removeObject(BUCKET, keys[0]!);
      await lab.store.removeObject(BUCKET, keys[0]!);
      await expect(lab.store.getObject(BUCKET, keys[0]!)).rejects.toThrow(
        `${BUCKET}/${keys[0]} could not be read: 404 NoSuchKey`,
      );
      expect((await get(keys[0]!)).stderr).toContain("404");
      expect(await lab.store.objects(BUCKET, "many/")).toHaveLength(keys.length - 1);
    });

    test("what befalls the client path befalls the archiver, and not the harness's own way", async () => {
      await lab.store.putObject(BUCKET, "slow", Buffer.from("slow"));
      const slow = await lab.store.clients.poison({
        type: "latency",
        stream: "downstream",
        attributes: { latency: PATIENCE_S * 1_000 + 500, jitter: 0 },
      });
      expect((await get("slow")).code).toBe(SILENT);
      const fromMs = performance.now();
      await lab.store.getObject(BUCKET, "slow");
      expect(performance.now() - fromMs).toBeLessThan(PATIENCE_S * 1_000);
      await slow.cure();
      expect(await get("slow")).toMatchObject({ code: 0, stdout: "slow" });
    });

    test("a store that is cut from its clients is silent for the archiver too", async () => {
      await lab.store.putObject(BUCKET, "cut", Buffer.from("cut"));
      const node = lab.store.nodes.get("store.server")!;
      const cut = { direction: "both", peers: ["clients"] } as const;
      await node.cut(cut);
      expect((await get("cut")).code).toBe(SILENT);
      expect(await node.droppedPackets()).toBeGreaterThan(0);
      await node.join(cut);
      expect(await get("cut")).toMatchObject({ code: 0, stdout: "cut" });
    });
  });
