import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { evaluatorFacts } from "./evaluator.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "blackstart-evaluator-"));
  mkdirSync(join(root, "harness/checkers"), { recursive: true });
  writeFileSync(join(root, "harness/evidence.ts"), "export {}");
  writeFileSync(join(root, "harness/checkers/loss.ts"), "1");
  writeFileSync(join(root, "harness/checkers/loss.test.ts"), "a test");
});
afterEach(() => rmSync(root, { recursive: true }));
const sh = (script: string): string => execFileSync("sh", ["-c", script], { cwd: root, encoding: "utf8" });
const commit = (): string =>
  sh("git init -q . && git add . && git -c user.name=t -c user.email=t@example.org commit -qm x");

test("anyone can compute the digest with find and sha256sum", () => {
  const byHand = sh(
    "find harness -type f ! -name '*.test.ts' | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-64",
  );
  expect(evaluatorFacts(root).evaluatorSha256).toBe(byHand.trim());
});

test("it changes with a source and with a name, and not with a test", () => {
  const before = evaluatorFacts(root).evaluatorSha256;
  writeFileSync(join(root, "harness/checkers/loss.test.ts"), "another test");
  expect(evaluatorFacts(root).evaluatorSha256).toBe(before);
  writeFileSync(join(root, "harness/checkers/loss.ts"), "2");
  expect(evaluatorFacts(root).evaluatorSha256).not.toBe(before);
});

test("clean, dirty, and not known are three things", () => {
  expect(evaluatorFacts(root).dirty).toBeNull();
  commit();
  expect(evaluatorFacts(root).dirty).toBe(false);
  writeFileSync(join(root, "my-scenario.yaml"), "a user's own file decides no verdict");
  expect(evaluatorFacts(root).dirty).toBe(false);
  writeFileSync(join(root, "harness/checkers/extra.ts"), "3");
  expect(evaluatorFacts(root).dirty).toBe(true);
});

test("sources that an outer repository ignores are not as committed", () => {
  writeFileSync(join(root, ".gitignore"), "harness\n");
  commit();
  expect(evaluatorFacts(root).dirty).toBeNull();
});
