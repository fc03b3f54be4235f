import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BlackstartError } from "../errors.ts";
import { candidates } from "./connect.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "blackstart-test-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const idOf = (context: string) => createHash("sha256").update(context).digest("hex");

function choose(context: string, meta?: object): void {
  mkdirSync(join(home, ".docker/contexts/meta", idOf(context)), { recursive: true });
  writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ currentContext: context }));
  if (meta) writeFileSync(join(home, ".docker/contexts/meta", idOf(context), "meta.json"), JSON.stringify(meta));
}

describe("where an engine is looked for", () => {
  test("DOCKER_HOST is the only place when it is set", () => {
    choose("lab", { Endpoints: { docker: { Host: "tcp://192.0.2.1:2376" } } });
    expect(candidates({ DOCKER_HOST: "tcp://192.0.2.7:2375" }, home, 1000)).toEqual([
      { address: "tcp://192.0.2.7:2375", from: "DOCKER_HOST" },
    ]);
  });

  test("the current docker context comes next, with its certificates", () => {
    choose("lab", { Endpoints: { docker: { Host: "tcp://192.0.2.1:2376" } } });
    const certificates = join(home, ".docker/contexts/tls", idOf("lab"), "docker");
    mkdirSync(certificates, { recursive: true });
    expect(candidates({}, home, 1000)).toEqual([
      { address: "tcp://192.0.2.1:2376", from: "docker context lab", certificates },
    ]);
  });

  test("DOCKER_CONTEXT chooses another context than the configuration", () => {
    choose("other", { Endpoints: { docker: { Host: "unix:///other.sock" } } });
    choose("lab", { Endpoints: { docker: { Host: "unix:///lab.sock" } } });
    expect(candidates({ DOCKER_CONTEXT: "other" }, home, 1000)[0]?.address).toBe("unix:///other.sock");
  });

  test("a context without an endpoint is an error that names it, not another engine", () => {
    choose("gone");
    expect(() => candidates({}, home, 1000)).toThrow(BlackstartError);
    expect(() => candidates({}, home, 1000)).toThrow("docker context gone");
  });

  test("else the usual sockets: the system's, a rootless engine's, Docker Desktop's, Podman's", () => {
    choose("default");
    expect(candidates({ XDG_RUNTIME_DIR: "/run/user/7" }, home, 1000).map((c) => c.address)).toEqual([
      "unix:///var/run/docker.sock",
      "unix:///run/user/7/docker.sock",
      `unix://${home}/.docker/run/docker.sock`,
      `unix://${home}/.docker/desktop/docker.sock`,
      "unix:///run/user/7/podman/podman.sock",
      "unix:///run/podman/podman.sock",
    ]);
  });

  test("a configuration that cannot be read says which file", () => {
    mkdirSync(join(home, ".docker"));
    writeFileSync(join(home, ".docker/config.json"), "{");
    expect(() => candidates({}, home, 1000)).toThrow(join(home, ".docker/config.json"));
  });
});
