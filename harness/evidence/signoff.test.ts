import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkSignoffs, signOff, signoffDirOf } from "./signoff.ts";
import {
  allowing as allow,
  drillKeyOf,
  makePack,
  sshKey as personKey,
  sshSign,
  type TestBed,
  testBed,
} from "./testing.ts";
import { verifyPack } from "./verify.ts";

const RUN = "2026-11-23T10-00-00Z-7f3a";
let bed: TestBed;
let dir = "";
beforeEach(async () => {
  bed = testBed();
  dir = await makePack(bed, { run: RUN });
});
afterEach(() => bed.remove());

const sshKey = (name: string): string => personKey(bed, name);
const allowing = (keys: readonly string[], options = 'namespaces="drill-signoff"'): string => allow(bed, keys, options);

const signoff = async (allowedSigners: string) =>
  (await verifyPack(dir, { publicKeys: [bed.signer.fingerprint], allowedSigners })).checks.find(
    ({ name }) => name === "sign-off",
  )!;

test("a person who is allowed signs off, and the pack is as it was", async () => {
  const alice = sshKey("alice");
  const allowed = allowing([alice]);
  expect(await signoff(allowed)).toMatchObject({ outcome: "fail", detail: "nobody has signed it off" });
  await signOff(dir, RUN, alice);
  expect(await checkSignoffs(dir, RUN, allowed)).toMatchObject([{ principal: "alice@example.test" }]);
  const { ok, checks } = await verifyPack(dir, { publicKeys: [bed.signer.fingerprint], allowedSigners: allowed });
  expect([ok, checks.find(({ name }) => name === "sign-off")!.detail]).toEqual([
    true,
    "signed off by alice@example.test",
  ]);
});

test("one who is not allowed, or no longer is, has not", async () => {
  const [alice, mallory] = [sshKey("alice"), sshKey("mallory")];
  await signOff(dir, RUN, mallory);
  expect((await signoff(allowing([alice]))).detail).toContain("is by nobody who is allowed");
  const ended = allowing([mallory], 'namespaces="drill-signoff",valid-before="20200101"');
  expect(await signoff(ended)).toMatchObject({ outcome: "fail" });
});

test("foreign sign-off namespace: what was signed for another purpose does not count", async () => {
  const alice = sshKey("alice");
  const folder = signoffDirOf(bed.reports, RUN);
  mkdirSync(folder, { recursive: true });
  renameSync(sshSign(join(dir, "report.sigstore.json"), alice, "git"), join(folder, "0.sig"));
  expect(await signoff(allowing([alice]))).toMatchObject({
    outcome: "fail",
    detail: expect.stringContaining("does not hold") as unknown,
  });
});

test("a sign-off of another report, and one that was changed, do not hold", async () => {
  const alice = sshKey("alice");
  const file = await signOff(dir, RUN, alice);
  const other = await makePack(bed, { run: "2026-11-23T11-00-00Z-7f3b" });
  const folder = signoffDirOf(bed.reports, "2026-11-23T11-00-00Z-7f3b");
  mkdirSync(folder, { recursive: true });
  copyFileSync(file, join(folder, "0.sig"));
  const allowed = allowing([alice]);
  await expect(checkSignoffs(other, "2026-11-23T11-00-00Z-7f3b", allowed)).rejects.toThrow("does not hold");
  const lines = readFileSync(file, "utf8").split("\n");
  lines[3] = `${lines[3]![0] === "A" ? "B" : "A"}${lines[3]!.slice(1)}`;
  writeFileSync(file, lines.join("\n"));
  expect(await signoff(allowed)).toMatchObject({ outcome: "fail" });
});

test("one person runs, reviews and approves: the key of the drill cannot sign it off", async () => {
  const own = drillKeyOf(bed);
  await expect(signOff(dir, RUN, own)).rejects.toMatchObject({
    exitCode: 5,
    message: "The key that signed the drill cannot sign it off",
  });
  const folder = signoffDirOf(bed.reports, RUN);
  mkdirSync(folder, { recursive: true });
  renameSync(sshSign(join(dir, "report.sigstore.json"), own, "drill-signoff"), join(folder, "0.sig"));
  expect(await signoff(allowing([own]))).toMatchObject({
    outcome: "fail",
    detail: "the sign-off 0.sig is by the key that signed the drill",
  });
});

test("a key that is not there is exit 6", async () => {
  await expect(signOff(dir, RUN, join(bed.root, "none"))).rejects.toMatchObject({ exitCode: 6 });
});
