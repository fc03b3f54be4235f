/**
 * Evidence in a WORM bucket: the intent before anything is broken, every file of the pack after it was sealed. The bucket counts only
 * behind a signed probe that tried every way around its lock and failed. What is on record here is a claim; whoever has the reader's
 * keys looks it up (`verify --worm`).
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, notReady } from "../errors.ts";
import {
  nameOf,
  openWorm,
  RETENTION_FLOOR_DAYS,
  retentionDays,
  type Trial,
  type WormBucket,
  wormKeys,
  wormPlace,
} from "../worm.ts";
import { classify, type ClassFacts } from "./class.ts";
import { parseBundle, signBundle } from "./dsse.ts";
import { createFile, exists, packFiles, readBounded, replaceFile, sha256, sha256File } from "./files.ts";
import { parseJson } from "./json.ts";
import { type Kept, keepStatement, keptStatements, STATEMENT_BYTES } from "./kept-statements.ts";
import type { Env, Signer } from "./keys.ts";
import { refusal } from "./refusal.ts";
import { type IntentPredicate, makeStatement, parseStatement, type WormProbePredicate } from "./statement.ts";

/** The files of a pack that speak of a bucket. */
export const WORM = { probe: "raw/worm-probe.sigstore.json", receipt: "raw/worm.json" } as const;

const DAY_MS = 86_400_000;
/** A probe speaks for a bucket that long: settings change. */
const PROBE_DAYS = 31;
/** By which the clock of a drill and the store's may differ. */
export const CLOCKS_MS = 5 * 60_000;
const MOST_LETTERS = 4_000;
const INTENT = "intent.sigstore.json";
const REPORT = "report.sigstore.json";
const INTENT_BYTES = 32 * 2 ** 20;
const RECEIPT_BYTES = 16 * 2 ** 20;
const AT_ONCE = 8;

const probeDirOf = (reportsDir: string): string => join(reportsDir, "worm-probes");
const receiptsDirOf = (reportsDir: string): string => join(reportsDir, "worm");

export type ProbeFacts = Pick<WormProbePredicate, "blackstart" | "bucket" | "when"> &
  Pick<ClassFacts, "dirty" | "clockSynchronised" | "preload"> & { readonly trials: readonly Trial[] };

/** Signs what a probe found and keeps it beside the run ledger, whatever came of it. */
export async function keepProbe(
  reportsDir: string,
  { dirty, clockSynchronised, preload, ...facts }: ProbeFacts,
  signer: Signer,
): Promise<{ file: string; sha256: string; predicate: WormProbePredicate }> {
  // No image and no witness has a part in it.
  const of = { signerRole: signer.role, dirty, clockSynchronised, preload, overrides: [], images: [], anchors: [""] };
  const classified = classify(of);
  const predicate: WormProbePredicate = {
    schema: "blackstart/worm-probe/v1",
    class: classified.class,
    classReasons: [...classified.reasons],
    ...facts,
    trials: facts.trials.map((one) => ({ ...one, detail: one.detail.slice(0, MOST_LETTERS) })),
    ok: facts.trials.every(({ held }) => held),
    signer: { role: signer.role, fingerprint: signer.fingerprint, publicKey: signer.spki.toString("base64") },
  };
  const subject = { name: "bucket", sha256: sha256(facts.bucket) };
  const bundle = await signBundle(makeStatement("worm-probe", [subject], predicate), signer);
  return { ...keepStatement(probeDirOf(reportsDir), facts.when, bundle), predicate };
}

/** Without a look at the signature. Refuses (exit 5) one that contradicts itself. */
function readProbe(bytes: Buffer, what: string): WormProbePredicate {
  const { predicate, typeClass, subjects } = parseStatement(parseBundle(bytes, what).payload, "worm-probe", what);
  if (typeClass !== predicate.class || (predicate.class === "attested" && predicate.signer.role !== "attested"))
    throw refusal(
      `${what} is ${predicate.class} by its own word, ${typeClass} by its type, signed as ${predicate.signer.role}`,
    );
  if (subjects.get("bucket") !== sha256(predicate.bucket))
    throw refusal(`${what} is about another bucket than it says`);
  if (predicate.ok !== predicate.trials.every(({ held }) => held))
    throw refusal(`${what} says that ${predicate.ok ? "all" : "not all"} trials held, and its trials say otherwise`);
  return predicate;
}

/** The newest probe of a bucket by this key. Exit 6 unless it is of these days and all of it held: then nothing is started. */
function probeFor(reportsDir: string, signer: Signer, bucket: string, now = new Date()): Kept<WormProbePredicate> {
  const { found } = keptStatements(probeDirOf(reportsDir), signer, readProbe);
  const newest = found
    .filter(({ predicate }) => predicate.bucket === bucket)
    .toSorted((a, b) => Date.parse(a.predicate.when) - Date.parse(b.predicate.when))
    .at(-1);
  if (newest === undefined)
    throw notReady(`Nobody has probed the bucket ${bucket} with this key`, "blackstart worm probe");
  const problem = problemOf(newest.predicate, now);
  if (problem !== null)
    throw notReady(`The bucket ${bucket} does not count as WORM: ${problem}`, "blackstart worm probe");
  return newest;
}

/** Why a probe does not make a bucket count at a time; null when it does. */
function problemOf({ when, trials }: WormProbePredicate, at: Date): string | null {
  const failed = trials.filter(({ held }) => !held);
  if (failed.length > 0) return failed.map(({ name, detail }) => `${name}: ${detail}`).join("; ");
  const age = at.getTime() - Date.parse(when);
  if (age > PROBE_DAYS * DAY_MS) return `it was probed ${when}, more than ${PROBE_DAYS} days ago`;
  if (age < -CLOCKS_MS) return `it was probed ${when}, which is still to come`;
  return null;
}

/** A bucket that a drill keeps its evidence in. */
export interface Vault {
  readonly bucket: WormBucket;
  readonly retentionDays: number;
}

/**
 * The bucket that the environment names, with the probe that makes it count; null where it names none. Exit 2 where the environment
 * contradicts itself, 6 without such a probe.
 */
export async function openVault(
  env: Env,
  reportsDir: string,
  signer: Signer,
): Promise<(Vault & { readonly probe: Kept<WormProbePredicate> }) | null> {
  const place = wormPlace(env);
  if (place === null) return null;
  const [keys, days] = [wormKeys(env, "drill"), retentionDays(env)];
  const probe = probeFor(reportsDir, signer, nameOf(place));
  return { bucket: await openWorm(place, keys), retentionDays: days, probe };
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const stored = {
  key: z.string().max(1_000),
  version: z.string().min(1).max(1_000),
  sha256: digest,
  until: z.iso.datetime(),
};
const receiptSchema = z.strictObject({
  schema: z.literal("blackstart/worm-receipt/v1"),
  bucket: z.string().max(300),
  ...stored,
});
export type Receipt = z.output<typeof receiptSchema>;

const packReceiptSchema = z.strictObject({
  schema: z.literal("blackstart/worm-pack/v1"),
  run: z.string().max(200),
  bucket: z.string().max(300),
  files: z.array(z.strictObject(stored)).max(20_000),
});
type StoredFile = Pick<Receipt, keyof typeof stored>;
export type PackReceipt = z.output<typeof packReceiptSchema>;

const until = (days: number): Date => new Date(Date.now() + days * DAY_MS);

/** Puts the signed intent into the bucket and its receipt into the pack. Exit 6 where the bucket does not take it. */
export async function anchorIntent(dir: string, run: string, vault: Vault): Promise<void> {
  try {
    const kept = await putFile(dir, run, INTENT, vault);
    const receipt: Receipt = { schema: "blackstart/worm-receipt/v1", bucket: vault.bucket.name, ...kept };
    createFile(join(dir, WORM.receipt), `${JSON.stringify(receipt, null, 2)}\n`);
  } catch (thrown) {
    throw notReady(
      `The WORM bucket did not take the intent: ${messageOf(thrown)}`,
      "check BLACKSTART_WORM_BUCKET and its keys; nothing was started",
      thrown,
    );
  }
}

async function putFile(
  dir: string,
  run: string,
  name: string,
  { bucket, retentionDays: days }: Vault,
): Promise<StoredFile> {
  const bytes = readFileSync(join(dir, name));
  const [key, end] = [`${run}/${name}`, until(days)];
  end.setUTCMilliseconds(0);
  const version = await bucket.put(key, bytes, end);
  return { key, version, sha256: sha256(bytes), until: end.toISOString() };
}

/**
 * Puts every file of a sealed pack into the bucket and writes their versions beside the packs; what a receipt names already is not
 * put again. Rejects with the first refusal, and what was put until then stands in the receipt.
 */
export async function keepPack(reportsDir: string, run: string, vault: Vault): Promise<PackReceipt> {
  const dir = join(reportsDir, run);
  const { files, problems } = packFiles(dir);
  if (!files.includes(REPORT))
    throw refusal(`The pack ${run} is not sealed`, "only what cannot change any more is kept");
  if (problems.length > 0) throw refusal(`The pack ${run} cannot be kept: ${problems.join("; ")}`);
  const before = packReceiptOf(reportsDir, run);
  const kept = before?.bucket === vault.bucket.name ? [...before.files] : [];
  const done = new Set(kept.map(({ key }) => key)); // a sealed pack does not change; whether it did is for `verify` and `check`
  const left = files.filter((name) => !done.has(`${run}/${name}`));
  const receipt = (): PackReceipt => ({
    schema: "blackstart/worm-pack/v1",
    run,
    bucket: vault.bucket.name,
    files: kept,
  });
  const put = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift())
      kept.push(await putFile(dir, run, name, vault));
  };
  try {
    const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, put));
    const failed = ended.find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
  } finally {
    mkdirSync(receiptsDirOf(reportsDir), { recursive: true });
    replaceFile(join(receiptsDirOf(reportsDir), `${run}.json`), `${JSON.stringify(receipt(), null, 2)}\n`);
  }
  return receipt();
}

/** null where nothing of a run was put. */
export function packReceiptOf(reportsDir: string, run: string): PackReceipt | null {
  const file = join(receiptsDirOf(reportsDir), `${run}.json`);
  const what = `the receipt of ${run}`;
  return exists(file) ? parseJson(readBounded(file, what, RECEIPT_BYTES), what, packReceiptSchema) : null;
}

function readReceipt(dir: string): Receipt | null {
  const file = join(dir, WORM.receipt);
  return exists(file) ? parseJson(readBounded(file, WORM.receipt, RECEIPT_BYTES), WORM.receipt, receiptSchema) : null;
}

/**
 * What a pack says of the bucket that keeps its intent: null where its intent names none, or where the receipt is missing. Refuses
 * (exit 5) a receipt of something else, and a bucket that did not count.
 */
export function receiptOfPack(dir: string, intent: Pick<IntentPredicate, "run" | "worm" | "signedAt">): Receipt | null {
  const receipt = readReceipt(dir);
  if (receipt === null) return null;
  const { worm, run, signedAt } = intent;
  if (worm === null) throw refusal(`there is ${WORM.receipt}, and the intent names no bucket`);
  const intentSha256 = sha256(readBounded(join(dir, INTENT), INTENT, INTENT_BYTES));
  if (receipt.bucket !== worm.bucket || receipt.key !== `${run}/${INTENT}` || receipt.sha256 !== intentSha256)
    throw refusal(`${WORM.receipt} is not of this intent in ${worm.bucket}`);
  const floor = Date.parse(signedAt) + RETENTION_FLOOR_DAYS * DAY_MS - CLOCKS_MS;
  if (Date.parse(receipt.until) < floor)
    throw refusal(`${worm.bucket} keeps the intent until ${receipt.until}, less than ${RETENTION_FLOOR_DAYS} days`);
  probeOfPack(dir, worm, new Date(signedAt));
  return receipt;
}

/** The probe that an intent names. Refuses (exit 5) another one, and one that does not make the bucket count. */
function probeOfPack(dir: string, worm: NonNullable<IntentPredicate["worm"]>, at: Date): WormProbePredicate {
  const bytes = readBounded(join(dir, WORM.probe), WORM.probe, STATEMENT_BYTES);
  if (sha256(bytes) !== worm.probeSha256) throw refusal(`${WORM.probe} is not the probe that the intent names`);
  const probe = readProbe(bytes, WORM.probe);
  if (probe.bucket !== worm.bucket)
    throw refusal(`${WORM.probe} is of ${probe.bucket}, the intent names ${worm.bucket}`);
  const problem = problemOf(probe, at);
  if (problem !== null) throw refusal(`${worm.bucket} does not count as WORM: ${problem}`);
  return probe;
}

/**
 * Looks up what a bucket keeps: the bytes, a retention that nobody can end, and when they were put by the clock of the store.
 * Refuses (exit 5) whatever differs from what is on record.
 */
export async function lookUp(
  bucket: WormBucket,
  { key, version, sha256: expected, until: end }: StoredFile,
): Promise<Date> {
  const {
    sha256: found,
    putAt,
    retention,
  } = await bucket.look(key, version).catch((thrown: unknown) => {
    throw refusal(`${key} cannot be looked up: ${messageOf(thrown)}`);
  });
  if (found !== expected) throw refusal(`${bucket.name} has other bytes for ${key} than were put`);
  if (retention.mode !== "COMPLIANCE" || retention.until === null || retention.until.getTime() < Date.parse(end))
    throw refusal(
      `${bucket.name} keeps ${key} under ${retention.mode ?? "no retention"} until ${retention.until?.toISOString() ?? "nobody knows when"}, and COMPLIANCE until ${end} was asked for`,
    );
  if (Number.isNaN(putAt.getTime())) throw refusal(`${bucket.name} does not say when ${key} was put`);
  return putAt;
}

/**
 * Everything that must be in the bucket, looked up: the intent of each pack that names it, and every file of those that are sealed.
 * And runs that are on one side alone: in the bucket and not in the ledger (it was cut or replaced), or gone here. `runs` are those
 * of a ledger that verifies; a bucket belongs to one ledger.
 */
export async function checkBucket(
  reportsDir: string,
  runs: readonly string[],
  bucket: WormBucket,
): Promise<{ looked: number; problems: string[] }> {
  const keys = new Set<string>();
  for await (const { key } of bucket.list()) keys.add(key);
  const known = new Set(runs);
  const problems = [...keys]
    .filter((key) => key.endsWith(`/${INTENT}`))
    .map((key) => key.slice(0, -INTENT.length - 1))
    .filter((run) => !known.has(run))
    .map((run) => `${run} is in the bucket and not in the run ledger`);
  let looked = 0;
  for (const run of runs) {
    const wanted = wantedOf(reportsDir, run, bucket.name, keys);
    problems.push(...wanted.problems);
    for (const file of wanted.files) {
      looked++;
      await lookUp(bucket, file).catch((thrown: unknown) => problems.push(messageOf(thrown)));
    }
  }
  return { looked, problems };
}

/** What a bucket must have of a run, by the pack and the receipts; and what these lack of it. */
function wantedOf(
  reportsDir: string,
  run: string,
  bucket: string,
  keys: ReadonlySet<string>,
): { readonly files: StoredFile[]; readonly problems: string[] } {
  const dir = join(reportsDir, run);
  const intent = readReceipt(dir);
  const gone = (what: string): string[] => [`${run} is in the bucket, and ${what} gone here`];
  if (intent === null)
    return { files: [], problems: keys.has(`${run}/${INTENT}`) ? gone("its pack or its receipt is") : [] };
  if (intent.bucket !== bucket) return { files: [], problems: [] }; // that one is looked into by itself
  if (!exists(join(dir, REPORT)))
    // it ended without a report, or had one that somebody did not like
    return { files: [intent], problems: keys.has(`${run}/${REPORT}`) ? gone("its report is") : [] };
  const put = new Map(packReceiptOf(reportsDir, run)?.files.map((file) => [file.key, file]));
  const names = packFiles(dir).files;
  const files = names.flatMap((name) => put.get(`${run}/${name}`) ?? []);
  const missing = names.length - files.length;
  const changed = names.filter((name) => {
    const file = put.get(`${run}/${name}`);
    return file !== undefined && file.sha256 !== sha256File(join(dir, name), name);
  });
  return {
    files: [intent, ...files],
    problems: [
      ...(missing > 0
        ? [`${missing} of ${names.length} files of ${run} were never put there: blackstart worm upload ${run}`]
        : []),
      ...changed.map((name) => `${run}/${name} is not what was put there`),
    ],
  };
}
