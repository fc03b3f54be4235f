import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import yargs from "yargs";
import { putAcceptances, readAcceptances, signAcceptance } from "../evidence.ts";
import { allowing, makePack, sshKey, testBed, type TestBed } from "../evidence/testing.ts";
import type { Gate } from "../gate.ts";
import { finding } from "../render/testing.ts";
import type { Report } from "../report.ts";
import { gateCommand } from "./gate.ts";

// What a pack comes to is the business of others and their tests; here it is what its report says.
vi.mock("../analyze.ts", () => ({
  analyzePack: (dir: string) =>
    Promise.resolve(JSON.parse(readFileSync(join(dir, "views", "report.json"), "utf8")) as Report),
}));

const CHECKS = ["no-lost-writes"];
let bed: TestBed;
let suite = "";
let alice = "";
beforeEach(async () => {
  bed = testBed();
  suite = smallSuite();
  alice = sshKey(bed, "alice");
  await failedDrill();
});
afterEach(() => {
  bed.remove();
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

/** A suite of one drill, with its scenario beside it. */
function smallSuite(): string {
  for (const folder of ["suites", "postgres"]) mkdirSync(join(bed.root, folder));
  copyFileSync("scenarios/postgres/primary-node-loss.yaml", join(bed.root, "postgres", "primary-node-loss.yaml"));
  const file = join(bed.root, "suites", "small.yaml");
  writeFileSync(file, "id: small\ntitle: One drill\ndrills: [{ drill: postgres/primary-node-loss }]\ncovers: [A3]\n");
  return file;
}

/** A pack that lost writes, which somebody had accepted before. */
async function failedDrill(): Promise<void> {
  const folder = join(bed.root, "risks");
  mkdirSync(folder);
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const file = join(folder, "known.yaml");
  writeFileSync(
    file,
    `id: known\nscenario: postgres-primary-node-loss\nfinding: no-lost-writes\nfrom: ${day(-1)}\nuntil: ${day(9)}\nowner: Dana\nbecause: it is known\n`,
  );
  await signAcceptance(file, alice, CHECKS);
  await makePack(bed, {
    lost: 2,
    beforeIntent: async (dir) => putAcceptances(dir, await readAcceptances(folder, CHECKS)),
    report: (report) => ({ ...report, reasons: [finding("no-lost-writes", "fail", "2 are gone")] }),
  });
}

/** What the gate says of the verdict. That this is development evidence shuts it all the same. */
async function verdictOf(...words: string[]): Promise<[string, string]> {
  let out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  const key = join(bed.root, "config", "development.pub.pem");
  const all = ["gate", "--suite", suite, "--reports", bed.reports, "--public-key", key, "--json", "document", ...words];
  await yargs(all)
    .option("json", { choices: ["document", "stream"] as const })
    .command(gateCommand)
    .exitProcess(false)
    .parseAsync();
  expect(process.exitCode).toBe(1);
  const [row] = (JSON.parse(out) as Gate).rows;
  const { verdict, detail } = row!.checks.find(({ check }) => check === "verdict")!;
  return [verdict, detail];
}

test("a failure that people accepted is let through only where the gate is told whose word counts", async () => {
  const [verdict, detail] = await verdictOf();
  expect([verdict, detail]).toEqual(["fail", expect.stringMatching(/no-lost-writes: 2 are gone$/)]);
  const [accepted, words] = await verdictOf("--accept-risks", allowing(bed, [alice], 'namespaces="drill-risk"'));
  expect(accepted).toBe("pass");
  expect(words).toMatch(/^accepted until \d{4}-\d\d-\d\d: .*signed by alice@example\.test, because it is known$/);
});

test("the word of somebody else does not count", async () => {
  const bob = sshKey(bed, "bob");
  const [verdict, detail] = await verdictOf("--accept-risks", allowing(bed, [bob], 'namespaces="drill-risk"'));
  expect(verdict).toBe("fail");
  expect(detail).toContain("not accepted: known, of no-lost-writes, does not count: its signature is by nobody who is");
});
