import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkers } from "../checkers.ts";
import type { SelftestPredicate } from "../evidence/statement.ts";
import { blackstart } from "./testing.ts";

const reports = mkdtempSync(join(tmpdir(), "blackstart-selftest-cli-"));
afterAll(() => rmSync(reports, { recursive: true }));

test("selftest --no-real --json: the statement as a document, exit 0, and the signed file beside the ledger", async () => {
  const { code, stdout, stderr } = await blackstart("selftest", "--no-real", "--json", "--reports", reports);
  expect(code).toBe(0);
  const said = JSON.parse(stdout) as SelftestPredicate & { file: string; sha256: string };
  expect(said).toMatchObject({ schema: "blackstart/selftest/v1", ok: true, real: [] });
  expect(said.notRun.map(({ control, why }) => [control, why])).toEqual(
    ["postgres", "redis", "s3"].map((store) => [`selftest-${store}`, "not asked for"]),
  );
  const heard = new Set(said.controls.map(({ checker }) => checker));
  expect(checkers.filter(({ name }) => !heard.has(name))).toEqual([]);
  expect(said.controls.every(({ ok, expected, got }) => ok && expected === got)).toBe(true);
  expect(stderr).toContain(`planted: ${said.controls.length} of ${said.controls.length} as they must be`);
  expect(readdirSync(join(reports, "selftest"))).toEqual([said.file.split("/").at(-1)]);
}, 60_000);

test("without an engine the real controls are said not to have run; --real ends with exit 6 and signs nothing", async () => {
  const before = process.env["DOCKER_HOST"];
  process.env["DOCKER_HOST"] = "unix:///nowhere";
  try {
    const kept = readdirSync(join(reports, "selftest")).length;
    const required = await blackstart("selftest", "--real", "--reports", reports);
    expect(required.code).toBe(6);
    expect(required.stderr).toContain("no container engine answers");
    expect(readdirSync(join(reports, "selftest"))).toHaveLength(kept);
    const { code, stdout } = await blackstart("selftest", "--reports", reports);
    expect(code).toBe(0);
    expect(stdout).toMatch(/real controls: not run \(no engine\)\nselftest [0-9a-f]{8}… passed: /);
  } finally {
    if (before === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = before;
  }
}, 60_000);

test("--help has examples and the exit codes", async () => {
  const { code, stdout } = await blackstart("selftest", "--help");
  expect(code).toBe(0);
  for (const word of ["--real", "--no-real", "Examples:", "without an engine", "Exit codes:"])
    expect(stdout).toContain(word);
});

test("--real and --no-real together are a usage error", async () => {
  const { code, stderr } = await blackstart("selftest", "--real", "--no-real");
  expect(stderr).toBe("--real and --no-real contradict each other\n  leave one of them out\n");
  expect(code).toBe(2);
});
