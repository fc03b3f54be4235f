import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT } from "../verdict.ts";
import { engine } from "./connect.ts";
import { resolveImages } from "./images.ts";
import { fetchPythonPackage } from "./python-package.ts";

const PASSWORD = "pw-of-the-mirror";
const folder = mkdtempSync(join(tmpdir(), "blackstart-test-"));
const archive = join(folder, "tiny-1.0.tar.gz");
let mirror: ReturnType<typeof createServer>;
let image: string;

/** A mirror of the Python registry as a company has one: it gives nothing to those it does not know. */
beforeAll(async () => {
  mkdirSync(join(folder, "tiny-1.0"));
  writeFileSync(join(folder, "tiny-1.0/setup.py"), "from setuptools import setup\nsetup(name='tiny', version='1.0')\n");
  execFileSync("tar", ["-C", folder, "-czf", archive, "tiny-1.0"]);
  mirror = createServer((request, response) => {
    const known = request.headers.authorization === `Basic ${Buffer.from(`robot:${PASSWORD}`).toString("base64")}`;
    if (!known) response.writeHead(401, { "www-authenticate": "Basic realm=mirror" }).end();
    else if (request.url === "/simple/tiny/")
      response.writeHead(200, { "content-type": "text/html" }).end('<a href="/tiny-1.0.tar.gz">tiny-1.0.tar.gz</a>');
    else response.end(readFileSync(archive));
  });
  await new Promise<void>((resolve) => mirror.listen(0, "127.0.0.1", resolve));
  image = (await resolveImages(["pip"], () => undefined, AbortSignal.timeout(200_000))).get("pip")!.reference;
});
afterAll(() => {
  mirror.close();
  rmSync(folder, { recursive: true, force: true });
});

const fetched = join(folder, "package.tar.gz");
const sha256 = () => createHash("sha256").update(readFileSync(archive)).digest("hex");
async function fetch(password: string, pin = sha256()): Promise<void> {
  const { port } = mirror.address() as AddressInfo;
  const host = {
    settings: new Map([["index-url", `http://robot:${password}@127.0.0.1:${port}/simple`]]),
    proxies: { NO_PROXY: "127.0.0.1" },
    certificates: "",
    hostNetwork: true,
  };
  const pack = { name: "tiny", version: "1.0", sha256: pin };
  await fetchPythonPackage(await engine(), image, pack, fetched, host, AbortSignal.timeout(120_000));
}

test("a source archive comes from a mirror that asks for a password, byte by byte", async () => {
  await fetch(PASSWORD);
  expect(readFileSync(fetched).equals(readFileSync(archive))).toBe(true);
});

test("where the mirror says no: exit 6, pip's last words, and no password in them", async () => {
  const failure = (await fetch("a-wrong-one").catch((thrown: unknown) => thrown)) as Error;
  expect(failure).toMatchObject({
    exitCode: EXIT.notReady,
    message: expect.stringContaining("Could not find a version"),
  });
  expect(failure.message).not.toContain("a-wrong-one");
});

test("another archive under the pinned name is refused: exit 6", async () => {
  await expect(fetch(PASSWORD, "0".repeat(64))).rejects.toMatchObject({
    exitCode: EXIT.notReady,
    message: expect.stringContaining("DO NOT MATCH THE HASHES"),
  });
});

test("no container of it is left", async () => {
  const containers = await (await engine()).listContainers({ all: true, filters: { ancestor: [image] } });
  expect(containers).toEqual([]);
});
