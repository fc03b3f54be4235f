import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { appendProgress, type DrillEnded, readProgress, type SuiteStarted } from "./progress.ts";

const wall = "2026-11-25T10:00:00.000Z";
const digest = "a".repeat(64);
const started: SuiteStarted = {
  kind: "suite-started",
  suite: "ci",
  suiteSha256: digest,
  shard: null,
  items: [{ key: "one-1", scenarioSha256: digest }],
  wall,
};
const ended: DrillEnded = {
  kind: "drill-ended",
  key: "one-1",
  exitCode: 1,
  wallMs: 20_000,
  run: "2026-11-25T10-00-00Z-aaaa",
  bundleSha256: digest,
  why: null,
  wall,
};

function file(): string {
  const dir = mkdtempSync(join(tmpdir(), "blackstart-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return join(dir, "progress.jsonl");
}

test("what ended is known again, whatever came of it; what only began is not, nor is a line that was cut off", () => {
  const path = file();
  appendProgress(path, started);
  appendProgress(path, { kind: "drill-started", key: "one-1", wall });
  expect([...readProgress(path).ended]).toEqual([]);
  appendProgress(path, ended);
  appendProgress(path, { kind: "suite-resumed", wall });
  appendFileSync(path, '{"kind":"drill-ended","key":"two');
  expect(readProgress(path)).toEqual({ started, resumed: 1, ended: new Map([["one-1", ended]]) });
});

test("anything else is refused with its line", () => {
  const path = file();
  appendProgress(path, started);
  appendFileSync(path, "{}\n");
  expect(() => readProgress(path)).toThrow(/progress\.jsonl:2 is no line of a suite's progress/);
  const headless = file();
  appendProgress(headless, ended);
  expect(() => readProgress(headless)).toThrow("does not begin with the start of a suite");
});
