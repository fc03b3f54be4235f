import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { analyzePack } from "../analyze.ts";
import { componentKind } from "../components.ts";
import { resolveImages, type ResolvedImage } from "../engine/images.ts";
import { BlackstartError, messageOf, usage } from "../errors.ts";
import {
  acceptancesFor,
  anchorIntent,
  type Env,
  evaluatorFacts,
  evidenceOfPack,
  type Journal,
  keepPack,
  type Ledger,
  loadSigner,
  loadStamper,
  newestSelftest,
  openJournal,
  openLedger,
  openVault,
  putAcceptances,
  sealPack,
  type SealedPack,
  SELFTEST,
  type SignedAcceptance,
  signIntent,
  type Vault,
  WORM,
} from "../evidence.ts";
import type { HostFacts, ImageFacts } from "../history.ts";
import type { Plan } from "../plan.ts";
import type { Listener } from "../progress.ts";
import { reporters } from "../renderers.ts";
import type { Report } from "../report.ts";
import { ADR_004 } from "../scenario/policy.ts";
import { EXIT } from "../verdict.ts";
import { imagesOf, ownImages } from "./plan-images.ts";
import { hostFacts, watchStalls } from "./host.ts";
import { Record } from "./record.ts";
import { runPlan } from "./run-plan.ts";
import { startWatcher } from "./watcher.ts";
import { refuseStoreOfDrill } from "./worm-place.ts";

export interface DrillOptions {
  /** The scenario's file; its bytes are what the intent signs. */
  readonly file: string;
  readonly plan: Plan;
  readonly reportsDir: string;
  /** Risks that people accepted, of any scenario; none if left out. */
  readonly acceptances?: readonly SignedAcceptance[];
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly listen: Listener;
}

export interface DrillEnd {
  readonly report: Report;
  readonly sealed: SealedPack;
  readonly packDir: string;
  /** What could not be undone or removed, in words; empty on a clean host. */
  readonly unclean: readonly string[];
  /** The abort that ended the run, if one did. */
  readonly error: unknown;
}

/**
 * One drill from intent to sealed pack: sign what will be done, do it, judge it from disk, sign what came of it. Rejects without
 * having broken anything when the machine is not ready (exit 6); the run is then void in the ledger.
 */
export async function conductDrill(options: DrillOptions): Promise<DrillEnd> {
  const { plan, reportsDir, env, signal, listen } = options;
  const { signer, created } = loadSigner(env);
  const acceptances = acceptancesFor(plan.scenario.id, options.acceptances ?? [], signer);
  const stamper = loadStamper(env);
  await refuseStoreOfDrill(env);
  const vault = await openVault(env, reportsDir, signer);
  if (created) listen({ kind: "note", text: `made a development key for this machine; its public half is ${created}` });
  const ledger = await openLedger(reportsDir, env);
  for (const orphan of await ledger.closeOrphans())
    listen({ kind: "note", text: `the run ${orphan.run} had ended without a word and is closed as crashed` });
  const images = await resolveImages([...imagesOf(plan)], (line) => listen({ kind: "note", text: line }), signal);

  const run = newRunId();
  const packDir = path.join(reportsDir, run);
  const record = new Record(packDir);
  const evaluator = evaluatorFacts();
  await writeSources(options, packDir);
  await writeStatements(options, packDir, newestSelftest(reportsDir, signer, evaluator.evaluatorSha256), vault);
  putAcceptances(packDir, acceptances);
  const host = await hostFacts({
    ...evaluator,
    blackstart: packageJson.version,
    environmentKind: "container-lab",
    eventLoopStallMs: 0,
  });
  const imageFacts = factsOf(plan, images);
  await record.host(host, imageFacts);
  const wormBucket = vault?.bucket.name ?? null;
  const intent = await signIntent({ dir: packDir, run, signer, stamper, wormBucket, ledger, host, images: imageFacts });
  if (vault) await anchor(packDir, run, vault, ledger);

  const journal = openJournal(path.join(packDir, "raw", "events.jsonl"));
  journal.append("run-started", { run, scenario: plan.scenario.id, seed: plan.seed });
  journal.append("intent-signed", intent);
  const watcher = startWatcher(run, reportsDir);
  const stalls = watchStalls();
  const measured: Listener = (event) => {
    if (event.kind === "phase-started" && event.phase === "steady") stalls.start();
    if (event.kind === "phase-started" && event.phase === "read-back") stalls.stop();
    listen(event);
  };
  const references = new Map([...images].map(([name, image]) => [name, image.reference]));
  const end = await runPlan({
    run,
    plan,
    record,
    journal: journal.append,
    flushJournal: journal.flush,
    images: references,
    signal,
    listen: measured,
  });
  stalls.stop();
  const down = end.takeDown(); // goes on while the record is judged
  try {
    await completeRecord(record, journal, { ...host, eventLoopStallMs: stalls.worstMs() }, imageFacts);
    const neverStarted = end.error instanceof BlackstartError && end.error.exitCode === EXIT.notReady;
    if (neverStarted) {
      await ledger.closeRun(run, { kind: "void", bundleSha256: null, reason: messageOf(end.error) });
      for (const what of await down) listen({ kind: "note", text: `not cleaned up: ${what}` });
      throw end.error;
    }
    const report = await judge(packDir);
    listen({ kind: "note", text: `verdict: ${report.verdict}` });
    const sealed = await sealPack({ dir: packDir, report, signer, stamper, ledger });
    if (vault) await keep(reportsDir, run, vault, listen);
    return { report, sealed, packDir, unclean: await down, error: end.error };
  } finally {
    await down;
    watcher.dismiss();
    vault?.bucket.close();
  }
}

/** What nobody outside of this host has seen is not begun; the run is void then. */
async function anchor(packDir: string, run: string, vault: Vault, ledger: Ledger): Promise<void> {
  try {
    await anchorIntent(packDir, run, vault);
  } catch (thrown) {
    await ledger.closeRun(run, { kind: "void", bundleSha256: null, reason: messageOf(thrown) });
    throw thrown;
  }
}

/** The pack is sealed and its verdict stands, whether or not the bucket takes it now. */
async function keep(reportsDir: string, run: string, vault: Vault, listen: Listener): Promise<void> {
  try {
    const { files } = await keepPack(reportsDir, run, vault);
    listen({
      kind: "note",
      text: `kept in ${vault.bucket.name}: ${files.length} files for ${vault.retentionDays} days`,
    });
  } catch (thrown) {
    const again = `./blackstart worm upload ${run} --reports ${reportsDir}`;
    listen({
      kind: "note",
      text: `NOT kept in ${vault.bucket.name}: ${messageOf(thrown)}. Put it there with ${again}`,
    });
  }
}

/** What was signed earlier and the report will speak of: the selftest of the evaluator, and the probe of the bucket. */
async function writeStatements(
  { listen }: DrillOptions,
  packDir: string,
  { found, passedOver }: ReturnType<typeof newestSelftest>,
  vault: Awaited<ReturnType<typeof openVault>>,
): Promise<void> {
  if (found) await writeFile(path.join(packDir, SELFTEST), found.bytes);
  if (vault) await writeFile(path.join(packDir, WORM.probe), vault.probe.bytes);
  if (passedOver[0] !== undefined)
    listen({ kind: "note", text: `${passedOver.length} selftests on record are not used: ${passedOver[0]}` });
}

async function completeRecord(
  record: Record,
  journal: Journal,
  host: HostFacts,
  images: readonly ImageFacts[],
): Promise<void> {
  journal.close();
  await record.close();
  await record.host(host, images);
}

/** Judges the pack from disk and writes every view of what came of it. */
async function judge(packDir: string): Promise<Report> {
  await writeFile(
    path.join(packDir, "raw", "context.json"),
    `${JSON.stringify({ ...evidenceOfPack(packDir), pack: packDir }, null, 2)}\n`,
  );
  const report = await analyzePack(packDir);
  await mkdir(path.join(packDir, "views"), { recursive: true });
  await Promise.all(
    reporters.map(async (reporter) => {
      const view = reporter.render(report);
      if (view !== null) await writeFile(path.join(packDir, reporter.file), view);
    }),
  );
  return report;
}

/** The exact bytes that were planned from; a file that changed since is refused. */
async function writeSources({ file, plan }: DrillOptions, packDir: string): Promise<void> {
  const [scenario, policy] = await Promise.all([readFile(file), readFile(ADR_004)]);
  for (const [bytes, sha256, what] of [
    [scenario, plan.scenario.sha256, file],
    [policy, plan.policy.sha256, "the policy"],
  ] as const) {
    if (createHash("sha256").update(bytes).digest("hex") !== sha256)
      throw usage(`${what} changed while the drill was being prepared`, "run it again");
  }
  const raw = path.join(packDir, "raw");
  await Promise.all([
    writeFile(path.join(raw, "scenario.yaml"), scenario),
    writeFile(path.join(raw, "policy.yaml"), policy),
    writeFile(path.join(raw, "plan.json"), `${JSON.stringify(plan, null, 2)}\n`),
  ]);
}

function factsOf(plan: Plan, images: ReadonlyMap<string, ResolvedImage>): ImageFacts[] {
  const used = [
    ...plan.components.flatMap(({ name, kind, config }) =>
      componentKind(kind)!
        .nodes(config)
        .map((node) => ({ component: `${name}.${node.name}`, image: node.image })),
    ),
    ...ownImages(plan),
  ];
  return used.map(({ component, image }) => {
    const { reference, id, digest, origin } = images.get(image)!;
    return { component, name: reference, id, digest, origin };
  });
}

/** `2026-11-23T10-00-00Z-7f3a`: sorts by time, fits into file and container names. */
const newRunId = (): string =>
  `${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}Z-${randomBytes(2).toString("hex")}`;
