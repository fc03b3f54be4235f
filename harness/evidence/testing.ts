/** A small but complete pack, made with the same calls that a drill makes, for the tests of this folder. No container. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evidenceOfPack, loadSigner, openJournal, openLedger, sealPack, signIntent } from "../evidence.ts";
import type { HostFacts, ImageFacts } from "../history.ts";
import type { Report } from "../report.ts";
import { nowNs } from "../time.ts";
import { evaluatorDigest } from "./evaluator.ts";
import { sha256 } from "./files.ts";
import { type Env, keygen, type Signer } from "./keys.ts";
import { readPlan } from "./pack-files.ts";
import type { Stamper } from "./timestamp.ts";
import { anchorIntent, type Vault } from "./worm.ts";

export interface TestBed {
  /** Everything below lies in it; removed by `remove`. */
  readonly root: string;
  readonly reports: string;
  readonly env: Env;
  readonly signer: Signer;
  remove(): void;
}

export function testBed(extraEnv: Env = {}): TestBed {
  const root = mkdtempSync(join(tmpdir(), "blackstart-evidence-"));
  const env = { PATH: process.env["PATH"], BLACKSTART_CONFIG: join(root, "config"), ...extraEnv };
  const reports = join(root, "reports");
  mkdirSync(reports);
  const { signer } = loadSigner(env);
  return { root, reports, env, signer, remove: () => rmSync(root, { recursive: true, force: true }) };
}

export interface PackOptions {
  readonly run?: string;
  readonly scenarioText?: string;
  /** How many of the 20 acknowledged writes the read-back does not find. */
  readonly lost?: number;
  readonly host?: Partial<HostFacts>;
  readonly images?: readonly ImageFacts[];
  /** Called with the pack's folder just before the intent is signed. */
  readonly beforeIntent?: (dir: string) => void | Promise<void>;
  /** Signs the intent only after the fault, as somebody would who wants to know the result first. */
  readonly intentAfterFault?: boolean;
  /** Who stamps the intent and the report; nobody if left out. */
  readonly stamper?: Stamper;
  /** The bucket that keeps the intent; its probe is put into the pack by `beforeIntent`. */
  readonly vault?: Vault;
  /** The images as the intent knows them; not known if left out. */
  readonly intentImages?: readonly ImageFacts[];
  readonly outcome?: "completed" | "aborted";
  /** Changes the report before it is written and sealed, as a dishonest insider with the key would. */
  readonly report?: (report: Report) => Report;
  /** Called with the pack's folder when all is written and nothing sealed. */
  readonly beforeSeal?: (dir: string) => void;
}

/**
 * Everything that the attested class asks for but a witness: pinned images, a clean tree, a clock that is right, and a key that is no
 * development key, which the bed signs with from now on.
 */
export function attestable(bed: TestBed): PackOptions {
  const { key } = keygen(join(bed.root, "drill.pem"));
  const env = { ...bed.env, BLACKSTART_SIGNING_KEY: key };
  Object.assign(bed, { env, signer: loadSigner(env).signer });
  const images = [{ ...postgresImage, origin: "pulled" as const, digest: "sha256:2" }];
  return { images, intentImages: images, host: { dirty: false, clockSynchronised: true } };
}

const WRITES = 20;

/** Makes and seals a pack; returns its folder. */
export async function makePack(bed: TestBed, options: PackOptions = {}): Promise<string> {
  const run = options.run ?? "2026-11-23T10-00-00Z-7f3a";
  const dir = join(bed.reports, run);
  const ledger = await openLedger(bed.reports, bed.env);
  mkdirSync(join(dir, "raw"), { recursive: true });
  mkdirSync(join(dir, "views"));
  const host = hostFacts(options.host);
  writeInputs(dir, options.scenarioText ?? SCENARIO);
  const journal = openJournal(join(dir, "raw/events.jsonl"));
  journal.append("run-started", { run, scenario: "postgres-primary-node-loss", seed: 7 });
  const fault = (): void => {
    journal.append("step-started", { step: "node-loss" });
    const [fromNs, toNs] = [String(nowNs()), String(nowNs())];
    journal.append("fault-effective", { step: "node-loss", fault: "node-loss", target: "db.primary", fromNs, toNs });
  };
  if (options.intentAfterFault) fault();
  await options.beforeIntent?.(dir);
  const intent = await signIntent({
    dir,
    run,
    signer: bed.signer,
    stamper: options.stamper ?? null,
    wormBucket: options.vault?.bucket.name ?? null,
    ledger,
    host,
    images: options.intentImages ?? null,
  });
  if (options.vault) await anchorIntent(dir, run, options.vault);
  journal.append("intent-signed", intent);
  journal.flush();
  if (!options.intentAfterFault) fault();
  journal.append("run-ended", { outcome: options.outcome ?? "completed" });
  journal.close();
  writeRaw(dir, options.lost ?? 0, host, options.images ?? [postgresImage]);
  const report = (options.report ?? ((r) => r))(await analyzeSynthetic(dir));
  writeFileSync(join(dir, "views/report.json"), JSON.stringify(report, null, 2));
  writeFileSync(join(dir, "views/report.html"), `<p>${report.verdict}</p>`);
  options.beforeSeal?.(dir);
  await sealPack({ dir, report, signer: bed.signer, stamper: options.stamper ?? null, ledger });
  return dir;
}

export const makeAttestedPack = (bed: TestBed, options: PackOptions): Promise<string> =>
  makePack(bed, { ...attestable(bed), ...options });

const SCENARIO = "id: postgres-primary-node-loss\nobjectives: { recoveryTime: 5m, lostWrites: 0 }\n";
const postgresImage: ImageFacts = {
  component: "db",
  name: "postgres-17",
  id: "sha256:1",
  digest: null,
  origin: "built",
};

const hostFacts = (host: Partial<HostFacts> = {}): HostFacts => ({
  kernel: "6.1",
  cpus: 2,
  memoryBytes: 8e9,
  engine: "28.2",
  node: "v24.0.0",
  blackstart: "0.1.0",
  evaluatorSha256: evaluatorDigest(),
  dirty: true,
  environmentKind: "container-lab",
  clockSynchronised: null,
  preload: null,
  eventLoopStallMs: 3,
  ...host,
});

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function writeInputs(dir: string, scenario: string): void {
  const policy = "id: adr-004\nrecoveryTime: 5m\nlostWrites: 0\n";
  writeFileSync(join(dir, "raw/scenario.yaml"), scenario);
  writeFileSync(join(dir, "raw/policy.yaml"), policy);
  const plan = {
    schema: "blackstart/plan/v1",
    scenario: {
      id: "postgres-primary-node-loss",
      title: "t",
      file: "s.yaml",
      sha256: sha256(scenario),
      covers: [],
      controls: [],
    },
    overrides: [],
    seed: 7,
    policy: { id: "adr-004", sha256: sha256(policy) },
    objectives: { recoveryTimeMs: 300_000, lostWrites: 0, detectionMs: 1_000 },
    verify: ["no-lost-writes"],
    expect: { verdict: "pass" },
  };
  writeFileSync(join(dir, "raw/plan.json"), json(plan));
}

function writeRaw(dir: string, lost: number, host: HostFacts, images: readonly ImageFacts[]): void {
  const ops = Array.from({ length: WRITES }, (_, i) => ({
    op: `op-${i}`,
    store: "db",
    sha256: sha256(`payload ${i}`),
  }));
  const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const timed = ops.map((op, i) => ({
    ...op,
    invokedNs: String(i),
    endedNs: String(i + 1),
    outcome: "ok",
    error: null,
  }));
  writeFileSync(join(dir, "raw/operations.jsonl"), lines(timed));
  writeFileSync(join(dir, "raw/recovered.jsonl"), lines(ops.slice(0, WRITES - lost)));
  writeFileSync(
    join(dir, "raw/probes.jsonl"),
    lines([{ probe: "db", dueNs: "1", endedNs: "2", ok: true, error: null }]),
  );
  writeFileSync(join(dir, "raw/host.json"), json(host));
  writeFileSync(join(dir, "raw/images.json"), json(images));
  writeFileSync(join(dir, "raw/clock.json"), json({ synchronised: null }));
}

const rows = (dir: string, file: string): Record<string, string>[] =>
  readFileSync(join(dir, file), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>);

/** Stands for analyzePack: derives a report from the raw files alone. */
export function analyzeSynthetic(dir: string): Promise<Report> {
  const plan = readPlan(dir);
  const found = new Set(rows(dir, "raw/recovered.jsonl").map((row) => `${row["op"]} ${row["sha256"]}`));
  const acknowledged = rows(dir, "raw/operations.jsonl").filter((row) => row["outcome"] === "ok");
  const lost = acknowledged.filter((row) => !found.has(`${row["op"]} ${row["sha256"]}`)).length;
  const run = rows(dir, "raw/events.jsonl")[0]?.["data"] as unknown as { run: string };
  return Promise.resolve({
    schema: "blackstart/result/v1",
    run: run.run,
    scenario: plan.scenario.id,
    scenarioSha256: plan.scenario.sha256,
    ...evidenceOfPack(dir),
    verdict: lost === 0 ? "pass" : "fail",
    expect: "pass",
    exitCode: lost === 0 ? 0 : 1,
    reasons: [],
    recoveryTime: { objectiveMs: 300_000, lowerMs: 912.4, upperMs: 931 },
    detection: null,
    operations: { invoked: WRITES, acknowledged: acknowledged.length, failed: 0, indeterminate: 0 },
    lost: { count: lost, shape: lost === 0 ? "none" : "suffix", seconds: 0, walBytes: 0, byStore: { db: lost } },
    phantom: 0,
    resurrected: 0,
    duplicated: 0,
    mutated: 0,
    stale: 0,
    guaranteed: { zeroLoss: true, why: [] },
    pack: `reports/${run.run}`,
    bundle: `reports/${run.run}/report.sigstore.json`,
  } as unknown as Report);
}

/** A person's SSH key; `type` as ssh-keygen takes it. */
export function sshKey(bed: TestBed, name: string, ...type: string[]): string {
  const file = join(bed.root, name);
  execFileSync("ssh-keygen", ["-q", ...(type.length > 0 ? type : ["-t", "ed25519"]), "-N", "", "-C", name, "-f", file]);
  return file;
}

/** The key that signs the bed's drills, as OpenSSH takes it. */
export function drillKeyOf(bed: TestBed): string {
  const own = join(bed.root, "own");
  copyFileSync(join(bed.root, "config", "development.pem"), own);
  chmodSync(own, 0o600);
  writeFileSync(`${own}.pub`, execFileSync("ssh-keygen", ["-y", "-f", own]));
  return own;
}

/** Allows the keys of these files, each under its name; `options` as in allowed_signers. */
export function allowing(bed: TestBed, keys: readonly string[], options: string): string {
  const file = join(bed.root, "allowed_signers");
  const lines = keys.map(
    (key) => `${key.split("/").at(-1)}@example.test ${options} ${readFileSync(`${key}.pub`, "utf8")}`,
  );
  writeFileSync(file, lines.join(""));
  return file;
}

/** Signs as ssh-keygen does by itself, for whatever purpose; the signature lies beside the file. */
export function sshSign(file: string, keyFile: string, namespace: string): string {
  execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-n", namespace, "-f", keyFile, file], { stdio: "pipe" });
  return `${file}.sig`;
}

/** Changes a file of a sealed pack, which may be read-only by then. */
export function edit(dir: string, file: string, change: (text: string) => string): void {
  const path = join(dir, file);
  chmodSync(path, 0o644);
  const before = readFileSync(path, "utf8");
  const after = change(before);
  if (after === before) throw new Error(`the edit of ${file} changed nothing`);
  writeFileSync(path, after);
}
