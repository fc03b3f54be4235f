import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KeptObject, WormBucket } from "../worm.ts";
import { runsOfLedger } from "./period.ts";
import { attestable, edit, makePack, type PackOptions, type TestBed, testBed } from "./testing.ts";
import { packFiles, sha256 } from "./files.ts";
import { PACK } from "./pack-files.ts";
import { verifyPack } from "./verify.ts";
import { type FakeBucket, fakeBucket, held, keepProbeOf, WORM_NAME as NAME } from "./testing-worm.ts";
import { keepPack, openVault, packReceiptOf } from "./worm.ts";
import { checkBucket } from "./worm-check.ts";

const DAY_MS = 86_400_000;
let bed: TestBed;
let bucket: FakeBucket;
beforeEach(() => {
  bed = testBed();
  bucket = fakeBucket();
});
afterEach(() => bed.remove());

const probed = (trials = held, when = new Date(), bucket = NAME) => keepProbeOf(bed, { trials, when, bucket });

const ENV = {
  BLACKSTART_WORM_BUCKET: `https://${NAME}`,
  BLACKSTART_WORM_ACCESS_KEY_ID: "drill",
  BLACKSTART_WORM_SECRET_ACCESS_KEY: "secret",
};
const opened = (env: object = {}) => openVault({ ...ENV, ...env }, bed.reports, bed.signer);

describe("a bucket", () => {
  test("that nobody named is none, and one is opened only behind a probe of these days in which everything held", async () => {
    expect(await openVault({}, bed.reports, bed.signer)).toBeNull();
    await expect(opened()).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining("Nobody has probed"),
    });
    await probed();
    expect(await opened()).toMatchObject({ bucket: { name: NAME }, retentionDays: 400 });
    await probed(held, new Date(), "worm.example/another");
    expect(await opened()).not.toBeNull();
    await probed([...held, { name: "shorten the retention", held: false, detail: "accepted" }]);
    await expect(opened()).rejects.toMatchObject({
      exitCode: 6,
      message: `The bucket ${NAME} does not count as WORM: shorten the retention: accepted`,
    });
  });

  test.each([
    ["long ago", -32 * DAY_MS, "more than 31 days ago"],
    ["in the future", DAY_MS, "which is still to come"],
  ])("probed %s does not count", async (_when, ms, words) => {
    await probed(held, new Date(Date.now() + ms));
    await expect(opened()).rejects.toThrow(words);
  });

  test.each([
    ["BLACKSTART_WORM_BUCKET", "http://worm.example/evidence", "without TLS"],
    ["BLACKSTART_WORM_BUCKET", "https://worm.example/", "names no bucket"],
    ["BLACKSTART_WORM_BUCKET", "https://key:secret@worm.example/evidence", "names no bucket"],
    ["BLACKSTART_WORM_SECRET_ACCESS_KEY", "", "are not both"],
    ["BLACKSTART_WORM_RETENTION_DAYS", "89", "BLACKSTART_WORM_RETENTION_DAYS is 89"],
    ["BLACKSTART_WORM_RETENTION_DAYS", "400.5", "BLACKSTART_WORM_RETENTION_DAYS is 400.5"],
    ["BLACKSTART_WORM_CA", "/nowhere/ca.pem", "is not there"],
  ])("%s=%s is refused with exit 2", async (name, value, words) => {
    await probed();
    await expect(opened({ [name]: value })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(words) as unknown,
    });
  });
});

describe("a pack whose intent a bucket keeps", () => {
  async function keptPack(options: PackOptions = {}, retentionDays = 400): Promise<string> {
    const { file } = await probed();
    return makePack(bed, {
      vault: { bucket, retentionDays },
      beforeIntent(dir) {
        mkdirSync(join(dir, "raw"), { recursive: true });
        writeFileSync(join(dir, PACK.wormProbe), readFileSync(file));
      },
      ...options,
    });
  }
  const verified = (dir: string, worm?: WormBucket) =>
    verifyPack(dir, { publicKeys: [bed.signer.fingerprint], ...(worm && { worm }) });
  const worm = async (dir: string, at?: WormBucket) =>
    (await verified(dir, at)).checks.find(({ name }) => name === "worm")!;
  const run = "2026-11-23T10-00-00Z-7f3a";

  test("has the version in its receipt; whoever has the reader's keys looks it up, and it proves when", async () => {
    const dir = await keptPack();
    const alone = await verified(dir);
    expect(alone.ok).toBe(true);
    expect(alone.checks.find(({ name }) => name === "worm")!.detail).toContain("nobody looked");
    const { ok, checks } = await verified(dir, bucket);
    expect(ok).toBe(true);
    expect(checks.find(({ name }) => name === "worm")!.detail).toMatch(/^put \S+Z into worm\.example\/evidence/);
    expect(checks.find(({ name }) => name === "time")!.detail).toContain("a WORM bucket took the intent");
    const script = spawnSync(join(dir, PACK.script), [join(bed.root, "config", "development.pub.pem")], {
      encoding: "utf8",
    });
    expect([script.status, script.stdout]).toEqual([
      0,
      expect.stringContaining(`not checked: what the bucket ${NAME}`),
    ]);
  });

  test("attested by the bucket alone: it verifies for whoever looks into it, and for nobody else", async () => {
    const dir = await keptPack(attestable(bed));
    const required = { publicKeys: [bed.signer.fingerprint], requireClass: "attested" } as const;
    expect(await verifyPack(dir, { ...required, worm: bucket })).toMatchObject({ ok: true, class: "attested" });
    const { ok, checks } = await verifyPack(dir, required);
    expect(ok).toBe(false);
    expect(checks.filter(({ outcome }) => outcome === "fail").map(({ name, detail }) => [name, detail])).toEqual([
      ["time", "attested evidence rests on the WORM bucket, and nobody looked into it (--worm)"],
    ]);
    const script = spawnSync(join(dir, PACK.script), [join(bed.root, "drill.pub.pem")], { encoding: "utf8" });
    expect([script.status, script.stderr]).toEqual([5, expect.stringContaining("cannot look into a bucket")]);
  });

  test("the report too, once the pack was put there; what was put is not put again", async () => {
    const dir = await keptPack();
    const { files } = await keepPack(bed.reports, run, { bucket, retentionDays: 400 });
    const count = bucket.kept.size;
    expect(files.length).toBe(count - 1); // the intent was there before
    expect((await keepPack(bed.reports, run, { bucket, retentionDays: 400 })).files.length).toBe(files.length);
    expect(bucket.kept.size).toBe(count);
    expect((await worm(dir, bucket)).detail).toContain("the report and ");
  });

  test("a bucket that refuses half of a pack: what it took stands in the receipt, and the rest is put later", async () => {
    await keptPack();
    const whole = fakeBucket();
    let left = 5;
    bucket.put = (...args) => (left-- > 0 ? whole.put(...args) : Promise.reject(new Error("503 SlowDown")));
    await expect(keepPack(bed.reports, run, { bucket, retentionDays: 400 })).rejects.toThrow("503 SlowDown");
    expect(packReceiptOf(bed.reports, run)!.files.length).toBe(5);
    const { files } = await keepPack(bed.reports, run, { bucket: whole, retentionDays: 400 });
    expect(files.length).toBe(whole.kept.size);
  });

  test("a pack that is not sealed is not put there", async () => {
    const dir = await keptPack();
    rmSync(join(dir, PACK.report));
    await expect(keepPack(bed.reports, run, { bucket, retentionDays: 400 })).rejects.toThrow("is not sealed");
  });

  test.each<[string, (object: KeptObject) => KeptObject, string]>([
    ["file replaced in store", (object) => ({ ...object, sha256: sha256("other") }), "has other bytes"],
    [
      "retention shortened",
      ({ retention, ...object }) => ({ ...object, retention: { ...retention, until: new Date() } }),
      "under COMPLIANCE until",
    ],
    [
      "retention weakened",
      ({ retention, ...object }) => ({ ...object, retention: { ...retention, mode: "GOVERNANCE" } }),
      "under GOVERNANCE until",
    ],
    ["put long after it says", (object) => ({ ...object, putAt: new Date(Date.now() + 3_600_000) }), "and was put"],
  ])("%s is seen by whoever looks", async (_what, change, words) => {
    const dir = await keptPack();
    for (const [id, object] of bucket.kept) bucket.kept.set(id, change(object));
    const found = await worm(dir, bucket);
    expect(found).toMatchObject({ outcome: "fail", detail: expect.stringContaining(words) as unknown });
  });

  test("version gone from the store", async () => {
    const dir = await keptPack();
    bucket.kept.clear();
    expect(await worm(dir, bucket)).toMatchObject({
      outcome: "fail",
      detail: expect.stringContaining("404 NoSuchVersion") as unknown,
    });
  });

  test("a retention below the floor does not count", async () => {
    await expect(keptPack({}, 30)).rejects.toThrow("less than 90 days");
  });

  test.each<[string, (dir: string) => void]>([
    ["receipt cut out", (dir) => rmSync(join(dir, PACK.wormReceipt))],
    ["receipt of another version", (dir) => edit(dir, PACK.wormReceipt, (text) => text.replace('"v1"', '"v9"'))],
    ["probe cut out", (dir) => rmSync(join(dir, PACK.wormProbe))],
  ])("%s is a change of the pack", async (_what, change) => {
    const dir = await keptPack();
    change(dir);
    expect((await verified(dir)).ok).toBe(false);
  });

  test("a bucket that did not take the intent: nothing is begun", async () => {
    bucket.refuse = "403 AccessDenied";
    await expect(keptPack()).rejects.toMatchObject({
      exitCode: 6,
      message: "The WORM bucket did not take the intent: 403 AccessDenied",
    });
  });

  test("a probe by another key does not verify, whatever it says", async () => {
    const stranger = testBed();
    try {
      const { file } = await keepProbeOf(stranger);
      const dir = await keptPack({ beforeIntent: (at) => writeFileSync(join(at, PACK.wormProbe), readFileSync(file)) });
      expect(await worm(dir)).toMatchObject({
        outcome: "fail",
        detail: expect.stringContaining("not pinned") as unknown,
      });
    } finally {
      stranger.remove();
    }
  });

  const checked = async () =>
    checkBucket(bed.reports, await runsOfLedger(bed.reports, { publicKeys: [bed.signer.fingerprint] }), bucket);

  test("everything that was put is looked up, and a run that one side alone knows is named", async () => {
    const dir = await keptPack();
    const all = packFiles(dir).files.length;
    expect(await checked()).toEqual({
      looked: 1,
      problems: [`${all} of ${all} files of ${run} were never put there: blackstart worm upload ${run}`],
    });
    const { files } = await keepPack(bed.reports, run, { bucket, retentionDays: 400 });
    expect(await checked()).toEqual({ looked: all + 1, problems: [] });
    await bucket.put("2026-11-01T00-00-00Z-dead/intent.sigstore.json", Buffer.from("x"), new Date());
    await bucket.put("readme.txt", Buffer.from("not ours"), new Date());
    bucket.kept.delete(`${files[0]!.key} ${files[0]!.version}`);
    expect((await checked()).problems).toEqual([
      "2026-11-01T00-00-00Z-dead is in the bucket and not in the run ledger",
      `${files[0]!.key} cannot be looked up: 404 NoSuchVersion`,
    ]);
  });

  test("a receipt that asks for less than the intent does not make a weaker retention right", async () => {
    const dir = await keptPack();
    await keepPack(bed.reports, run, { bucket, retentionDays: 30 });
    expect((await checked()).problems.length).toBe(packFiles(dir).files.length);
    expect((await worm(dir, bucket)).detail).toMatch(/^worm\.example\/evidence keeps \S+report\.sigstore\.json under/);
  });

  test("a receipt of half of the pack, a file that changed here since, and a run that never had a pack", async () => {
    const dir = await keptPack();
    const { files } = await keepPack(bed.reports, run, { bucket, retentionDays: 400 });
    const receipt = join(bed.reports, "worm", `${run}.json`);
    const whole = readFileSync(receipt, "utf8");
    writeFileSync(receipt, JSON.stringify({ ...packReceiptOf(bed.reports, run), files: files.slice(0, 3) }));
    expect((await checked()).problems).toEqual([
      `${files.length - 3} of ${files.length} files of ${run} were never put there: blackstart worm upload ${run}`,
    ]);
    writeFileSync(receipt, whole);
    const html = readFileSync(join(dir, "views/report.html"));
    writeFileSync(join(dir, "views/report.html"), "greener");
    expect((await checkBucket(bed.reports, [run], bucket)).problems).toEqual([
      `${run}/views/report.html is not what was put there`,
    ]);
    writeFileSync(join(dir, "views/report.html"), html);
    rmSync(join(dir, PACK.report));
    expect((await checkBucket(bed.reports, [run], bucket)).problems).toEqual([
      `${run} is in the bucket, and its report is gone here`,
    ]);
    for (const id of bucket.kept.keys()) if (id.includes(PACK.report)) bucket.kept.delete(id);
    // As after a crash: there is an intent, and nothing that could be put.
    expect(await checkBucket(bed.reports, [run], bucket)).toEqual({ looked: 1, problems: [] });
    rmSync(dir, { recursive: true });
    expect((await checkBucket(bed.reports, [run], bucket)).problems).toEqual([
      `${run} is in the bucket, and its pack or its receipt is gone here`,
    ]);
  });
});
