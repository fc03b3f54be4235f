import { copyFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import yargs from "yargs";
import { makePack, testBed, type TestBed } from "../evidence/testing.ts";
import { keygenCommand } from "./keygen.ts";
import { verifyCommand } from "./verify.ts";

let bed: TestBed;
let dir: string;
let publicKey: string;
beforeAll(async () => {
  bed = testBed();
  dir = await makePack(bed);
  publicKey = join(bed.root, "config/development.pub.pem");
});
afterAll(() => bed.remove());
afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

/** Runs one command as the command line does and gives what it printed. */
async function cli(...words: string[]): Promise<{ out: string; err: string; exitCode: unknown }> {
  let [out, err] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true));
  const parser = yargs(words).option("json", { choices: ["document", "stream"] as const });
  await parser
    .command(verifyCommand)
    .command(keygenCommand)
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new Error(message);
    })
    .parseAsync();
  return { out, err, exitCode: process.exitCode };
}

test("verify with the key: exit 0, one line a check", async () => {
  const { out, err, exitCode } = await cli("verify", "--public-key", publicKey, dir);
  expect(exitCode).toBe(0);
  expect(out).toMatch(/^ok {4}bundle .*\n[^]*ok {4}signature {5}ECDSA P-256 by [0-9a-f]{64}\n/);
  expect(err).toContain("evidence class development, verdict pass");
});

test("verify with a fingerprint in capitals and colons, and the ledger", async () => {
  const colons = bed.signer.fingerprint.toUpperCase().match(/../g)!.join(":");
  expect(await cli("verify", dir, "--fingerprint", colons, "--ledger", bed.reports)).toMatchObject({ exitCode: 0 });
});

test("verify without a key: exit 5, and what to do", async () => {
  const { out, err, exitCode } = await cli("verify", dir);
  expect(exitCode).toBe(5);
  expect(out).toContain(`the pack claims the key ${bed.signer.fingerprint}`);
  expect(err).toContain("--public-key or --fingerprint");
});

test("verify --class attested refuses a development run", async () => {
  const { err, exitCode } = await cli("verify", dir, "--public-key", publicKey, "--class", "attested");
  expect(exitCode).toBe(5);
  expect(err).toContain("NOT VERIFIED (class)");
});

test("verify --json is one document", async () => {
  const { out, err } = await cli("verify", dir, "--public-key", publicKey, "--json", "document");
  expect(JSON.parse(out)).toMatchObject({ schema: "blackstart/verification/v1", ok: true, class: "development" });
  expect(err).toBe("");
});

test("verify refuses a key that lies in the pack, and words that are no fingerprint or folder", async () => {
  const own = join(dir, "raw/own.pem");
  copyFileSync(publicKey, own);
  await expect(cli("verify", dir, "--public-key", own)).rejects.toMatchObject({
    exitCode: 5,
    message: expect.stringContaining("lies in the pack") as string,
  });
  await expect(cli("verify", dir, "--fingerprint", "abc")).rejects.toMatchObject({ exitCode: 2 });
  await expect(cli("verify", dir, "--public-key", join(dir, "verify.sh"))).rejects.toMatchObject({ exitCode: 2 });
  await expect(cli("verify", join(dir, "none"))).rejects.toMatchObject({ exitCode: 2 });
});

test("keygen prints the fingerprint and overwrites nothing", async () => {
  const out = join(bed.root, "drill.pem");
  const made = await cli("keygen", "--out", out);
  expect(made.out).toMatch(/^[0-9a-f]{64}\n$/);
  expect(made.err).toContain("mode 0600");
  expect(statSync(out).mode & 0o777).toBe(0o600);
  await expect(cli("keygen", "--out", out)).rejects.toMatchObject({ exitCode: 2 });
});
