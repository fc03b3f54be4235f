import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { blackstart } from "./testing.ts";

let root = "";
let risks = "";
let file = "";
let key = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "blackstart-risk-"));
  risks = join(root, "risks");
  mkdirSync(risks);
  file = join(risks, "slow.yaml");
  key = join(root, "id");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (until: string, finding = "recovery-time"): void =>
  writeFileSync(
    file,
    `id: slow\nscenario: postgres-primary-node-loss\nfinding: ${finding}\nfrom: 2026-11-01\nuntil: ${until}\nowner: Dana\nbecause: known\n`,
  );

test("accept-risk signs a sound file and says until when", async () => {
  write("2027-02-01");
  expect(await blackstart("accept-risk", file, "--key", key)).toEqual({
    code: 0,
    stdout: `recovery-time of postgres-primary-node-loss is accepted until 2027-02-01 (slow): ${file}.sig\n`,
    stderr: "",
  });
  const { stdout } = await blackstart("accept-risk", file, "--key", key, "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "blackstart/accept-risk/v1",
    id: "slow",
    signature: `${file}.sig`,
  });
});

test("accept-risk says everything that is wrong, signs nothing, and exits 2", async () => {
  write("2099-02-01", "recovery-tim");
  const { code, stderr } = await blackstart("accept-risk", file, "--key", key);
  expect(code).toBe(2);
  expect(stderr).toBe(
    `2 problems in ${file}, nothing was started\n${file}:3:10: finding: found "recovery-tim", expected a check, as the findings of a report name it; did you mean recovery-time?\n${file}:5:8: until: found "2099-02-01", expected a day at most 366 days after from\n`,
  );
  expect(existsSync(`${file}.sig`)).toBe(false);
});

test.each([
  ["one scenario", ["scenarios/postgres/primary-node-loss.yaml"]],
  ["a suite", ["--suite", "ci"]],
])("run of %s starts nothing with an acceptance that is not signed", async (_what, words) => {
  write("2027-02-01");
  const reports = join(root, "reports");
  const { code, stderr } = await blackstart("run", ...words, "--acceptances", risks, "--reports", reports);
  expect(stderr).toContain(`${file}: its signature is missing; sign it: blackstart accept-risk`);
  expect(code).toBe(2);
  expect(existsSync(reports)).toBe(false);
  expect(readdirSync(risks)).toEqual(["slow.yaml"]);
});

test("gate and verify refuse a file of allowed signers that is not there", async () => {
  const none = join(root, "none");
  const gate = await blackstart("gate", "--reports", root, "--accept-risks", none);
  expect([gate.code, gate.stderr]).toEqual([2, `--accept-risks: ${none} is not there\n`]);
  const verify = await blackstart("verify", risks, "--allowed-signers", none);
  expect([verify.code, verify.stderr]).toEqual([2, `--allowed-signers: ${none} is not there\n`]);
});
