import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const repository = join(import.meta.dirname, "..");

/** A clone of its own with faked programs first on PATH: nothing of this machine is installed, started or changed. */
let clone: string;
const LOCK = JSON.stringify({ packages: { "": {}, "node_modules/a": { version: "1.0.0" } } });

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), "blackstart-test-"));
  mkdirSync(join(clone, "bin"));
  mkdirSync(join(clone, "node_modules/.bin"), { recursive: true });
  copyFileSync(join(repository, "bootstrap"), join(clone, "bootstrap"));
  writeFileSync(join(clone, "package-lock.json"), LOCK);
  symlinkSync(process.execPath, join(clone, "node_modules/.bin/node"));
  writeFileSync(join(clone, "node_modules/.blackstart-lock"), `${createHash("sha256").update(LOCK).digest("hex")}\n`);
  fake("docker", "exit 1");
  fake("apt-get", "touch apt-was-called");
  fake("npm", "touch npm-was-called; exit 1");
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

function fake(program: string, script: string): void {
  writeFileSync(join(clone, "bin", program), `#!/bin/sh\n${script}\n`);
  chmodSync(join(clone, "bin", program), 0o755);
}

function bootstrap(args: string[] = [], env: Record<string, string> = {}) {
  const { DOCKER_HOST: _, ...inherited } = process.env;
  const path = `${join(clone, "bin")}:${process.env["PATH"]}`;
  const result = spawnSync(join(clone, "bootstrap"), args, {
    cwd: clone,
    env: { ...inherited, PATH: path, ...env },
    encoding: "utf8",
  });
  expect(result.stdout).toBe("");
  return {
    code: result.status,
    said: result.stderr,
    called: (program: string) => existsSync(join(clone, `${program}-was-called`)),
  };
}

describe("bootstrap", () => {
  test("says nothing and fetches nothing when nothing is missing", () => {
    fake("docker", "echo 20.10.24");
    const { code, said, called } = bootstrap();
    expect({ code, said }).toEqual({ code: 0, said: "" });
    expect(["npm", "apt"].filter(called)).toEqual([]);
  });

  test("installs the packages of a changed lock file once, and never an engine when none is asked for", () => {
    writeFileSync(join(clone, "package-lock.json"), LOCK.replace("1.0.0", "2.0.0"));
    fake("npm", 'echo "npm $*" >&2; echo on stdout');
    const first = bootstrap(["--no-engine"]);
    expect(first).toMatchObject({ code: 0, said: expect.stringContaining("npm install --no-save") });
    expect(first.called("apt")).toBe(false);
    expect(bootstrap(["--no-engine"])).toMatchObject({ code: 0, said: "" });
  });

  test("accepts a tree that npm itself says is the one of the lock file", () => {
    rmSync(join(clone, "node_modules/.blackstart-lock"));
    writeFileSync(join(clone, "node_modules/.package-lock.json"), LOCK);
    const result = bootstrap(["--no-engine"]);
    expect(result).toMatchObject({ code: 0, said: "" });
    expect(result.called("npm")).toBe(false);
  });

  test("says what failed when the packages cannot be installed", () => {
    rmSync(join(clone, "node_modules/.blackstart-lock"));
    expect(bootstrap(["--no-engine"])).toMatchObject({ code: 6, said: expect.stringContaining("npm install failed") });
  });

  test("never installs an engine when DOCKER_HOST names one that does not answer", () => {
    fake("id", "echo 0");
    const result = bootstrap([], { DOCKER_HOST: "tcp://127.0.0.1:1" });
    expect(result).toMatchObject({ code: 6, said: expect.stringContaining("DOCKER_HOST=tcp://127.0.0.1:1") });
    expect(result.called("apt")).toBe(false);
  });

  test("never installs an engine beside a docker context that somebody chose", () => {
    fake("docker", '[ "$1" = context ] && echo lab');
    fake("id", "echo 0");
    const result = bootstrap();
    expect(result).toMatchObject({ code: 6, said: expect.stringContaining("the docker context lab") });
    expect(result.called("apt")).toBe(false);
  });

  test("says exactly what to install when it may not install it", () => {
    fake("id", "echo 1000");
    fake("node", "exit 1"); // an engine of this machine must not answer
    const result = bootstrap();
    expect(result).toMatchObject({
      code: 6,
      said: expect.stringContaining("sudo apt-get install docker.io iptables iproute2"),
    });
    expect(result.called("apt")).toBe(false);
  });
});

test("the launcher works from any folder and through a symbolic link", () => {
  symlinkSync(join(repository, "blackstart"), join(clone, "bs"));
  const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };
  expect(execFileSync("../bs", ["--version"], { cwd: join(clone, "bin"), encoding: "utf8" })).toBe(`${version}\n`);
});
