import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { analyzePack } from "../analyze.ts";
import type { ResolvedImage } from "../engine/images.ts";
import { readAcceptances, signAcceptance } from "../evidence.ts";
import { allowing, drillKeyOf, sshKey, testBed, type TestBed } from "../evidence/testing.ts";
import { verifyPack } from "../evidence/verify.ts";
import { readScenarios } from "../scenario/read-scenario.ts";
import { conductDrill, type DrillEnd } from "./conduct.ts";
import type { PlanEnd, PlanRun } from "./run-plan.ts";

// A drill in which nothing happens: what stands around the bracket is looked at here, and no container is needed for it.
vi.mock("../engine/images.ts", () => ({
  resolveImages: (names: readonly string[]): Promise<Map<string, ResolvedImage>> =>
    Promise.resolve(
      new Map(names.map((name) => [name, { name, reference: name, id: "sha256:1", digest: null, origin: "built" }])),
    ),
}));
vi.mock("./watcher.ts", () => ({ startWatcher: () => ({ dismiss: () => undefined }) }));
vi.mock("./host.ts", () => ({
  watchStalls: () => ({ start: () => undefined, stop: () => undefined, worstMs: () => 0 }),
  hostFacts: (measured: object) =>
    Promise.resolve({
      kernel: "k",
      cpus: 2,
      memoryBytes: 8e9,
      engine: "e",
      node: "n",
      clockSynchronised: true,
      preload: null,
      ...measured,
    }),
}));
vi.mock("./run-plan.ts", () => ({
  runPlan: ({ journal }: PlanRun): Promise<PlanEnd> => {
    journal("run-ended", { outcome: "completed" });
    return Promise.resolve({ error: null, takeDown: () => Promise.resolve([]) });
  },
}));

const FILE = "scenarios/postgres/primary-node-loss.yaml";
const CHECKS = ["recovery-time"];
let bed: TestBed;
let risks = "";
beforeEach(() => {
  bed = testBed();
  risks = join(bed.root, "risks");
  mkdirSync(risks);
});
afterEach(() => bed.remove());

async function accept(id: string, scenario: string, key: string): Promise<void> {
  const file = join(risks, `${id}.yaml`);
  const text = `id: ${id}\nscenario: ${scenario}\nfinding: recovery-time\nfrom: 2026-01-01\nuntil: 2026-02-01\nowner: Dana\nbecause: known\n`;
  writeFileSync(file, text);
  await signAcceptance(file, key, CHECKS);
}

async function conducted(): Promise<DrillEnd> {
  const { scenarios } = await readScenarios([FILE]);
  return conductDrill({
    file: FILE,
    plan: scenarios[0]!.variants[0]!.plan(7),
    reportsDir: bed.reports,
    acceptances: await readAcceptances(risks, CHECKS),
    env: bed.env,
    signal: new AbortController().signal,
    listen: () => undefined,
  });
}

test("a drill takes the risks of its scenario into its pack and its report, expired ones too, and its verdict is its own", async () => {
  const alice = sshKey(bed, "alice");
  await accept("known", "postgres-primary-node-loss", alice);
  await accept("another", "redis-primary-crash", alice);
  const { packDir, report } = await conducted();
  expect(report).toMatchObject({ verdict: "unknown", acceptances: [{ id: "known", state: "expired" }] });
  expect(report.acceptances).toHaveLength(1);
  expect(existsSync(join(packDir, "raw/acceptances/known.yaml.sig"))).toBe(true);
  expect(readFileSync(join(packDir, "views/summary.txt"), "utf8")).toContain(
    "Accepted risk known: recovery-time, expired",
  );
  const { checks } = await verifyPack(packDir, {
    publicKeys: [bed.signer.fingerprint],
    allowedSigners: allowing(bed, [alice], 'namespaces="drill-risk"'),
    recompute: analyzePack,
  });
  const failed = checks.filter(({ outcome }) => outcome === "fail").map(({ name }) => name);
  expect(failed).toEqual(["sign-off"]); // nobody has, and that is another matter
  expect(checks.find(({ name }) => name === "acceptances")).toMatchObject({
    outcome: "ok",
    detail: "1 risk acceptance: known by alice@example.test",
  });
});

test("a risk that the drill's own key accepted starts nothing", async () => {
  await accept("known", "postgres-primary-node-loss", drillKeyOf(bed));
  await expect(conducted()).rejects.toMatchObject({ exitCode: 2 });
  expect(existsSync(join(bed.reports, "ledger"))).toBe(false);
});
