import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { analyze } from "../analyze.ts";
import { checkers } from "../checkers.ts";
import { componentKinds } from "../components.ts";
import { readSelftest } from "../evidence/selftest.ts";
import { testBed, type TestBed } from "../evidence/testing.ts";
import { loadHistory } from "../history/load.ts";
import { realControls } from "./real-controls.ts";
import { selftest } from "./selftest.ts";

let bed: TestBed;
beforeAll(() => {
  bed = testBed();
});
afterAll(() => bed.remove());

const BLIND = "balances";

test("with a blind checker it is red, names it, and is signed all the same", async () => {
  const blind = checkers.map((checker) =>
    checker.name === BLIND
      ? { ...checker, check: () => ({ check: BLIND, verdict: "pass" as const, detail: "fine", evidence: [] }) }
      : checker,
  );
  const { kept, exitCode } = await selftest({
    reportsDir: bed.reports,
    env: bed.env,
    signal: new AbortController().signal,
    listen: () => undefined,
    real: "none",
    judge: async (dir) => analyze(await loadHistory(dir), {}, blind),
  });
  expect(exitCode).toBe(1);
  const { ok, controls } = readSelftest(readFileSync(kept.file), "it");
  expect(ok).toBe(false);
  expect([...new Set(controls.filter((one) => !one.ok).map(({ checker }) => checker))]).toEqual([BLIND]);
  expect(controls.find((one) => !one.ok)).toMatchObject({ checker: BLIND, got: "pass: fine" });
}, 60_000);

test("an interrupted one signs nothing", async () => {
  const options = { reportsDir: bed.reports, env: bed.env, listen: () => undefined, real: "none" as const };
  const signal = AbortSignal.abort(new Error("interrupted"));
  await expect(selftest({ ...options, signal })).rejects.toThrow("interrupted");
}, 60_000);

test("there is a real control for every kind of store, and each declares its loss within bounds", async () => {
  const controls = await realControls();
  const kinds = controls.flatMap(({ plan }) => plan.components.map(({ kind }) => kind));
  expect(kinds.toSorted()).toEqual(componentKinds.map(({ kind }) => kind).toSorted());
  for (const { plan } of controls) {
    expect(plan.scenario.id).toMatch(/^selftest-/);
    expect(plan.expect).toMatchObject({ verdict: "fail", failed: ["no-lost-writes"] });
    expect(plan.expect.lost?.max).toBeGreaterThan(plan.expect.lost!.min);
  }
  expect((await realControls(["s3"])).map(({ plan }) => plan.scenario.id)).toEqual(["selftest-s3"]);
});
