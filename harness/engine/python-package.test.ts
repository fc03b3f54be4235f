import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { withoutCredentials } from "./host-network.ts";
import { pipSettings } from "./python-package.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "blackstart-test-"));
  vi.stubEnv("HOME", home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

function write(file: string, text: string): string {
  mkdirSync(join(home, file, ".."), { recursive: true });
  writeFileSync(join(home, file), text);
  return join(home, file);
}

test("where pip fetches from is read as pip reads it: the user's file, the named file, then the environment", () => {
  write(".config/pip/pip.conf", "[global]\nindex-url = https://user.example/simple\ntimeout=9\n");
  const named = write("named.conf", "[global]\nindex-url = https://named.example/simple\ntrusted-host = a.example\n");
  const before = pipSettings({ PIP_CONFIG_FILE: named });
  expect(before.get("index-url")).toBe("https://named.example/simple");
  expect(before.get("timeout")).toBe("9");
  const after = pipSettings({ PIP_CONFIG_FILE: named, PIP_INDEX_URL: "https://environment.example/simple" });
  expect(after.get("index-url")).toBe("https://environment.example/simple");
  expect(after.get("trusted-host")).toBe("a.example");
});

test("a value over several lines is one, and what is no business of a download is left behind", () => {
  const named = write(
    "named.conf",
    [
      "# [global]",
      "[global]",
      "extra-index-url =",
      "  https://one.example/simple",
      "  https://two.example/simple",
      "cert = /somewhere/on/this/host.pem",
      "find-links = /wheels",
      "[list]",
      "index-url = https://wrong.example/simple",
      "[install]",
      "trusted-host : one.example",
    ].join("\n"),
  );
  const settings = pipSettings({ PIP_CONFIG_FILE: named, PIP_CERT: "/host.pem", PIP_FIND_LINKS: "/wheels" });
  expect(settings.get("extra-index-url")).toBe("https://one.example/simple https://two.example/simple");
  expect(settings.get("trusted-host")).toBe("one.example");
  expect(settings.get("index-url")).not.toBe("https://wrong.example/simple");
  expect([...settings.keys()]).not.toContain("cert");
  expect([...settings.keys()]).not.toContain("find-links");
});

test("pip's words are told without the credentials in them", () => {
  expect(withoutCredentials("looked at https://robot:pw@mirror.example/simple, ssh://git@b/c and a@b.c")).toBe(
    "looked at https://…@mirror.example/simple, ssh://…@b/c and a@b.c",
  );
});
