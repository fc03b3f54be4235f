import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PACK } from "./pack-files.ts";
import { makeAttestedPack, makePack, type PackOptions, type TestBed, testBed } from "./testing.ts";
import { type Authority, makeAuthority } from "./testing-authority.ts";
import { loadStamper, type Stamper, timeOf } from "./timestamp.ts";
import { verifyPack } from "./verify.ts";

/** A time-stamp authority of OpenSSL's behind HTTP, as a company might run one; and a second one that nobody trusts. */
let root = "";
let good: Authority;
let other: Authority;
let server: Server;
let answer: (query: Buffer) => Buffer;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "blackstart-tsa-"));
  [good, other] = [makeAuthority(root, "good"), makeAuthority(root, "other")];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => response.end(answer(Buffer.concat(chunks))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.close();
  rmSync(root, { recursive: true });
});

let bed: TestBed;
let stamper: Stamper;
beforeEach(() => {
  answer = (query) => good.answer(query);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`;
  stamper = loadStamper({ BLACKSTART_TSA_URL: url, BLACKSTART_TSA_CERTIFICATE: good.certificate })!;
  bed = testBed();
});
afterEach(() => bed.remove());

const signature = Buffer.from("a signature");

describe("an authority", () => {
  test("stamps the bytes that it is given, and no others", async () => {
    const token = (await stamper.stamp(signature))!;
    const time = await timeOf(token, signature, good.certificate);
    expect(Math.abs(time.getTime() - Date.now())).toBeLessThan(10_000);
    await expect(timeOf(token, Buffer.from("another"), good.certificate)).rejects.toThrow("message imprint mismatch");
    await expect(timeOf(token, signature, other.certificate)).rejects.toThrow(/^openssl: /);
    const changed = Buffer.from(token);
    changed[changed.length - 1]! ^= 1;
    await expect(timeOf(changed, signature, good.certificate)).rejects.toThrow(/^openssl: /);
  });

  test.each<[string, (query: Buffer) => Buffer, string]>([
    ["another authority's answer", (query) => other.answer(query), "does not hold: openssl: "],
    ["an answer to another question", () => Buffer.from("no"), "does not hold: openssl: "],
    ["an answer without end", () => Buffer.alloc(100_000), "it answered 100000 bytes"],
  ])("%s is refused with exit 6", async (_what, otherwise, words) => {
    answer = otherwise;
    await expect(stamper.stamp(signature)).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining(words) as unknown,
    });
  });

  test("that is not there, and half a configuration, are said", async () => {
    const gone = loadStamper({
      BLACKSTART_TSA_URL: "http://127.0.0.1:9/",
      BLACKSTART_TSA_CERTIFICATE: good.certificate,
    })!;
    await expect(gone.stamp(signature)).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining("gave no token") as unknown,
    });
    expect(loadStamper({})).toBeNull();
    expect(() => loadStamper({ BLACKSTART_TSA_URL: "http://x/" })).toThrow("only one is set");
    expect(() =>
      loadStamper({ BLACKSTART_TSA_URL: "file:///x", BLACKSTART_TSA_CERTIFICATE: good.certificate }),
    ).toThrow("no http or https address");
  });
});

describe("a pack with time stamps", () => {
  const verified = (dir: string, tsaCertificates: readonly string[]) =>
    verifyPack(dir, { publicKeys: [bed.signer.fingerprint], tsaCertificates });
  const time = async (dir: string, certificates: readonly string[]) =>
    (await verified(dir, certificates)).checks.find(({ name }) => name === "time")!;

  test("holds under the authority's root, and the times of intent and report stand in it", async () => {
    const dir = await makePack(bed, { stamper });
    expect(await time(dir, [good.certificate])).toMatchObject({
      outcome: "ok",
      detail: expect.stringMatching(/^intent stamped \S+Z, report \S+Z$/) as unknown,
    });
    expect(await time(dir, [other.certificate, good.certificate])).toMatchObject({ outcome: "ok" });
    expect(await time(dir, [other.certificate])).toMatchObject({ outcome: "fail" });
    expect((await time(dir, [])).detail).toContain("no certificate of an authority was given");
  });

  test("an intent whose token is another's, or that is stamped long after it says, does not", async () => {
    const token = (await stamper.stamp(signature))!;
    const strange: Stamper = { name: stamper.name, stamp: () => Promise.resolve(token) };
    const dir = await makePack(bed, { stamper: strange });
    expect(await time(dir, [good.certificate])).toMatchObject({
      outcome: "fail",
      detail: expect.stringContaining("message imprint mismatch") as unknown,
    });
  });

  test("an authority that is gone at the end takes nothing from the evidence but the second stamp", async () => {
    let asked = 0;
    const once: Stamper = {
      name: stamper.name,
      stamp: (bytes) => (asked++ === 0 ? stamper.stamp(bytes) : Promise.reject(new Error("gone"))),
    };
    const dir = await makePack(bed, { stamper: once });
    expect((await time(dir, [good.certificate])).detail).toContain("the report has no time stamp");
  });
});

describe("attested evidence", () => {
  const attested = (options: PackOptions = {}) => makeAttestedPack(bed, { stamper, ...options });
  const verification = (dir: string, tsaCertificates: readonly string[]) =>
    verifyPack(dir, { publicKeys: [bed.signer.fingerprint], requireClass: "attested", tsaCertificates });

  test("is attested under the pinned key and the authority's root, and only there", async () => {
    const dir = await attested();
    expect(await verification(dir, [good.certificate])).toMatchObject({ ok: true, class: "attested" });
    const without = await verification(dir, []);
    expect(without.ok).toBe(false);
    expect(
      without.checks.filter(({ outcome }) => outcome === "fail").map(({ name, detail }) => [name, detail]),
    ).toEqual([["time", "attested evidence rests on a time stamp, and no certificate of an authority was given"]]);
    expect((await verification(dir, [other.certificate])).ok).toBe(false);
  });

  test("missing time token: without a witness it is development, whatever else holds", async () => {
    const dir = await attested({ stamper: undefined as never });
    const { ok, checks, class: evidence } = await verification(dir, [good.certificate]);
    expect([ok, evidence]).toEqual([false, "development"]);
    expect(checks.find(({ name }) => name === "class")!.detail).toContain(
      "nobody outside of this host saw the intent before the fault",
    );
  });

  test("a token that is cut out of the bundle is a change of the pack", async () => {
    const dir = await attested();
    const file = join(dir, PACK.intent);
    const bundle = JSON.parse(readFileSync(file, "utf8")) as {
      verificationMaterial: { timestampVerificationData?: unknown };
    };
    delete bundle.verificationMaterial.timestampVerificationData;
    writeFileSync(file, `${JSON.stringify(bundle)}\n`);
    expect((await verification(dir, [good.certificate])).ok).toBe(false);
  });
});
