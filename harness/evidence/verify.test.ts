import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleFromJSON, type SerializedBundle } from "@sigstore/bundle";
import type { PublicKey } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { evidenceOfPack } from "../evidence.ts";
import { readPublicKey } from "./keys.ts";
import { PACK } from "./pack-files.ts";
import { analyzeSynthetic, edit, makePack, testBed, type TestBed } from "./testing.ts";
import { verifyPack } from "./verify.ts";

let bed: TestBed;
let sealed: string;
let dir: string;
let publicKey: string;
beforeAll(async () => {
  bed = testBed();
  sealed = await makePack(bed, { run: "sealed" });
  publicKey = join(bed.root, "config/development.pub.pem");
  dir = join(bed.root, "copy");
});
afterAll(() => bed.remove());
beforeEach(() => {
  rmSync(dir, { recursive: true, force: true });
  cpSync(sealed, dir, { recursive: true });
});

test("a pack verifies wherever it lies, with every check that was asked for", async () => {
  const publicKeys = [readPublicKey(publicKey)];
  const verification = await verifyPack(dir, { publicKeys, recompute: analyzeSynthetic, ledgerDir: bed.reports });
  const asked = verification.checks.filter(({ name }) => name !== "sign-off"); // which has tests of its own
  expect(asked.map((check) => check.outcome)).toEqual(asked.map(() => "ok"));
  expect(verification).toMatchObject({ ok: true, run: "sealed", class: "development", verdict: "pass" });
});

test("what was not asked for is said to be not checked", async () => {
  const { ok, checks } = await verifyPack(dir, { publicKeys: [bed.signer.fingerprint] });
  expect(ok).toBe(true);
  expect(checks.filter((check) => check.outcome === "not-checked").map((check) => check.name)).toEqual([
    "ledger",
    "sign-off",
    "recompute",
  ]);
});

test("a recomputation that crashes is a failed check", async () => {
  const { ok, checks } = await verifyPack(dir, {
    publicKeys: [bed.signer.fingerprint],
    recompute: () => Promise.reject(new Error("analyze broke")),
  });
  expect(ok).toBe(false);
  expect(checks.at(-1)).toEqual({ name: "recompute", outcome: "fail", detail: "analyze broke" });
});

test.each([
  ["the evaluator that judged it", {}, false],
  ["another version, whose words may differ", { evaluatorSha256: "0".repeat(64) }, true],
])("a recomputation by %s", async (_who, host, wordsMayDiffer) => {
  const pack = await makePack(bed, { run: wordsMayDiffer ? "judged-by-another" : "judged-by-this", host, lost: 1 });
  const publicKeys = [bed.signer.fingerprint];
  const differing = (change: object) => async (from: string) => ({ ...(await analyzeSynthetic(from)), ...change });
  const words = await verifyPack(pack, { publicKeys, recompute: differing({ title: "in other words" }) });
  expect(words.ok).toBe(wordsMayDiffer);
  const figures = await verifyPack(pack, { publicKeys, recompute: differing({ phantom: 1 }) });
  expect(figures.checks.at(-1)).toMatchObject({
    outcome: "fail",
    detail: expect.stringContaining("phantom: 1 is not 0") as string,
  });
});

test("an aborted drill is sealed and entered as aborted", async () => {
  const aborted = await makePack(bed, { run: "aborted", outcome: "aborted" });
  expect((await verifyPack(aborted, { publicKeys: [bed.signer.fingerprint], ledgerDir: bed.reports })).ok).toBe(true);
  expect(readFileSync(join(bed.reports, "ledger/entries.jsonl"), "utf8")).toContain('"kind":"aborted","run":"aborted"');
});

test("a pack is sealed once, and never with what it cannot hold", async () => {
  const link = (pack: string): void => symlinkSync("/etc/hostname", join(pack, "raw/link"));
  await expect(makePack(bed, { run: "with-link", beforeSeal: link })).rejects.toThrow(
    /raw\/link: neither a regular file/,
  );
  const space = (pack: string): void => writeFileSync(join(pack, "raw/a b"), "");
  await expect(makePack(bed, { run: "with-space", beforeSeal: space })).rejects.toThrow(/raw\/a b: a name/);
  const again = (pack: string): void => copyFileSync(join(sealed, PACK.report), join(pack, PACK.report));
  await expect(makePack(bed, { run: "again", beforeSeal: again })).rejects.toThrow(/sealed before/);
  const cut = (pack: string): void =>
    edit(pack, PACK.journal, (text) => text.slice(0, text.trimEnd().lastIndexOf("\n") + 1));
  await expect(makePack(bed, { run: "cut", beforeSeal: cut })).rejects.toThrow(/no run-ended/);
});

test("what a report says of its evidence is read from the pack alone", () => {
  expect(evidenceOfPack(dir)).toMatchObject({
    class: "development",
    attempts: { number: 1, windowDays: 30, passed: 0, failed: 0, other: 0 },
    intent: { ledgerIndex: 0 },
    keyFingerprint: bed.signer.fingerprint,
  });
  rmSync(join(dir, PACK.intent));
  expect(evidenceOfPack(dir)).toMatchObject({
    class: "development",
    classReasons: ["no intent was signed"],
    intent: null,
  });
});

test("no path of this machine and no key gets into the pack", () => {
  const everything = execFileSync(
    "sh",
    ["-c", "cat $(find . -type f); jq -r .dsseEnvelope.payload ./*.json | base64 -d"],
    { cwd: dir, encoding: "utf8" },
  );
  for (const secret of [bed.root, "PRIVATE KEY", process.cwd()]) expect(everything).not.toContain(secret);
});

test.each([PACK.report, PACK.intent])("@sigstore/verify accepts %s with nothing but the public key", (file) => {
  const bundle = JSON.parse(readFileSync(join(dir, file), "utf8")) as SerializedBundle;
  const hint = Buffer.from(bed.signer.fingerprint, "hex").toString("base64");
  const keys = { [hint]: { rawBytes: bed.signer.spki } as PublicKey };
  const nothing = { mediaType: "", certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
  const verifier = new Verifier(toTrustMaterial(nothing, keys), {
    tlogThreshold: 0,
    ctlogThreshold: 0,
    timestampThreshold: 0,
  });
  expect(() => verifier.verify(toSignedEntity(bundleFromJSON(bundle)))).not.toThrow();
});

describe("verify.sh, with openssl, jq and coreutils", () => {
  beforeAll(() => {
    for (const tool of ["openssl", "jq", "sha256sum"])
      if (spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0)
        throw new Error(
          `${tool} is not installed and verify.sh cannot be tested: apt-get install openssl jq coreutils`,
        );
  });
  const run = (...args: string[]): { status: number | null; said: string } => {
    const { status, stdout, stderr } = spawnSync("sh", [join(dir, PACK.script), ...args], {
      encoding: "utf8",
      cwd: bed.root,
    });
    return { status, said: stdout + stderr };
  };

  test("accepts the pack, names the key, the files, the class and the verdict, and leaves nothing behind", () => {
    const { status, said } = run(publicKey);
    expect(said).toContain(`VERIFIED: signature by ${bed.signer.fingerprint}, 16 files, class development`);
    expect(said).toContain('"verdict":"pass"');
    expect(status).toBe(0);
    expect(run(publicKey).status).toBe(0);
  });

  test("a trusted copy of the script verifies any folder", () => {
    const copy = join(bed.root, "trusted.sh");
    copyFileSync(join(import.meta.dirname, "verify.sh"), copy);
    expect(spawnSync("sh", [copy, publicKey, "development", dir]).status).toBe(0);
  });

  test("the script in the pack is the one of the sources", () => {
    expect(readFileSync(join(dir, PACK.script))).toEqual(readFileSync(join(import.meta.dirname, "verify.sh")));
  });

  const foreign = (): string => {
    const key = join(bed.root, "foreign.pub.pem");
    execFileSync(
      "sh",
      ["-c", `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout > ${key}`],
      { stdio: "pipe" },
    );
    return key;
  };
  const ownKey = (): string => (copyFileSync(publicKey, join(dir, "key.pub.pem")), join(dir, "key.pub.pem"));
  const reshaped = (
    change: (bundle: { dsseEnvelope: { signatures: unknown[]; payloadType: string; payload: string } }) => void,
  ): void =>
    edit(dir, PACK.report, (text) => {
      const bundle = JSON.parse(text) as Parameters<typeof change>[0];
      change(bundle);
      return JSON.stringify(bundle);
    });
  test.each<[string, () => string[], RegExp]>([
    ["no key", () => [], /no public key was given/],
    ["a key that is not there", () => [join(dir, "none.pem")], /./],
    ["another key", () => [foreign()], /signature of intent.sigstore.json is not one by this key/],
    ["a key from the pack itself", () => [ownKey()], /key\.pub\.pem lies in the pack/],
    ["the wrong class", () => [publicKey, "attested"], /this is a development run/],
    ["an unknown class", () => [publicKey, "gold"], /the class is attested or development/],
    [
      "a changed file",
      () => (edit(dir, "raw/operations.jsonl", (t) => t.replace("ok", "no")), [publicKey]),
      /operations.jsonl: FAILED[^]*not the ones that were signed/,
    ],
    ["a missing file", () => (rmSync(join(dir, "raw/clock.json")), [publicKey]), /clock.json[^]*missing/],
    ["an added file", () => (writeFileSync(join(dir, "raw/.hidden"), ""), [publicKey]), /added: raw\/\.hidden/],
    [
      "an added folder with a file",
      () => (mkdirSync(join(dir, "x/y"), { recursive: true }), writeFileSync(join(dir, "x/y/z"), ""), [publicKey]),
      /added: x\/y\/z/,
    ],
    [
      "a file with a newline in its name",
      () => (writeFileSync(join(dir, "VERIFY.md\nverify.sh"), ""), [publicKey]),
      /added|missing/,
    ],
    [
      "a link",
      () => (rmSync(join(dir, "raw/clock.json")), symlinkSync("host.json", join(dir, "raw/clock.json")), [publicKey]),
      /is a link/,
    ],
    [
      "a changed payload",
      () => (
        reshaped(
          (b) =>
            (b.dsseEnvelope.payload = `${b.dsseEnvelope.payload.slice(0, 40)}AAAA${b.dsseEnvelope.payload.slice(44)}`),
        ),
        [publicKey]
      ),
      /signature of report/,
    ],
    [
      "two signatures",
      () => (reshaped((b) => b.dsseEnvelope.signatures.push(b.dsseEnvelope.signatures[0])), [publicKey]),
      /one signature/,
    ],
    [
      "another payload type",
      () => (reshaped((b) => (b.dsseEnvelope.payloadType = "text/plain")), [publicKey]),
      /in-toto/,
    ],
    [
      "the intent as the report",
      () => (copyFileSync(join(dir, PACK.intent), join(dir, PACK.report)), [publicKey]),
      /does not state the report/,
    ],
    [
      "the report as the intent",
      () => (copyFileSync(join(dir, PACK.report), join(dir, PACK.intent)), [publicKey]),
      /does not state an intent/,
    ],
    ["garbage for a bundle", () => (writeFileSync(join(dir, PACK.report), "{"), [publicKey]), /not a bundle/],
    ["no bundle", () => (rmSync(join(dir, PACK.report)), [publicKey]), /is missing/],
  ])("refuses %s", (_what, prepare, message) => {
    const { status, said } = run(...prepare());
    expect(said).toMatch(message);
    expect(said).not.toContain("VERIFIED");
    expect(status).not.toBe(0);
  });
});
