import { spawnSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "..", "..");

test("the example in the repository verifies with its key, and its verdict comes out the same from its raw files", () => {
  const args = [
    "harness/cli.ts",
    "verify",
    "reports/example/pack",
    "--public-key",
    "reports/example/key.pub.pem",
    "--recompute",
  ];
  const said = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  expect(said.status, said.stdout + said.stderr).toBe(0);
  expect(said.stdout).toMatch(/^ok +recompute/m);
});
