import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkSignoffs, signOff, signoffDirOf } from "./signoff.ts";
import { makePack, type TestBed, testBed } from "./testing.ts";
import { verifyPack } from "./verify.ts";

const RUN = "2026-11-23T10-00-00Z-7f3a";
let bed: TestBed;
let dir = "";
beforeEach(async () => {
  bed = testBed();
  dir = await makePack(bed, { run: RUN });
});
afterEach(() => bed.remove());

function sshKey(name: string, ...type: string[]): string {
  const file = join(bed.root, name);
  execFileSync("ssh-keygen", ["-q", ...(type.length > 0 ? type : ["-t", "ed25519"]), "-N", "", "-C", name, "-f", file]);
  return file;
}

/** Allows the keys of these files, each under its name; `options` as in allowed_signers. */
function allowing(keys: readonly string[], options = 'namespaces="drill-signoff"'): string {
  const file = join(bed.root, "allowed_signers");
  const lines = keys.map(
    (key) => `${key.split("/").at(-1)}@example.test ${options} ${readFileSync(`${key}.pub`, "utf8")}`,
  );
  writeFileSync(file, lines.join(""));
  return file;
}

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
  execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-n", "git", "-f", alice, join(dir, "report.sigstore.json")], {
    stdio: "pipe",
  });
  const folder = signoffDirOf(bed.reports, RUN);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(dir, "report.sigstore.json.sig"), join(folder, "0.sig"));
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
  // The same P-256 key, as OpenSSH takes it.
  const own = join(bed.root, "own");
  copyFileSync(join(bed.root, "config", "development.pem"), own);
  execFileSync("chmod", ["600", own]);
  writeFileSync(`${own}.pub`, execFileSync("ssh-keygen", ["-y", "-f", own]));
  await expect(signOff(dir, RUN, own)).rejects.toMatchObject({
    exitCode: 5,
    message: "The key that signed the drill cannot sign it off",
  });
  execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-n", "drill-signoff", "-f", own, join(dir, "report.sigstore.json")], {
    stdio: "pipe",
  });
  const folder = signoffDirOf(bed.reports, RUN);
  mkdirSync(folder, { recursive: true });
  renameSync(join(dir, "report.sigstore.json.sig"), join(folder, "0.sig"));
  expect(await signoff(allowing([own]))).toMatchObject({
    outcome: "fail",
    detail: "the sign-off 0.sig is by the key that signed the drill",
  });
});

test("a key that is not there is exit 6", async () => {
  await expect(signOff(dir, RUN, join(bed.root, "none"))).rejects.toMatchObject({ exitCode: 6 });
});
