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
  type WormBucket,
  wormKeys,
  wormPlace,
} from "../worm.ts";
import { createFile, exists, packFiles, readBounded, replaceFile, sha256 } from "./files.ts";
import { parseJson } from "./json.ts";
import type { Kept } from "./kept-statements.ts";
import type { Env, Signer } from "./keys.ts";
import { refusal } from "./refusal.ts";
import type { IntentPredicate, WormProbePredicate } from "./statement.ts";
import { CLOCKS_MS, probeFor, probeOfPack, WORM } from "./worm-probe.ts";

const DAY_MS = 86_400_000;
export const INTENT = "intent.sigstore.json";
export const REPORT = "report.sigstore.json";
const INTENT_BYTES = 32 * 2 ** 20;
const RECEIPT_BYTES = 16 * 2 ** 20;
const AT_ONCE = 8;

const receiptsDirOf = (reportsDir: string): string => join(reportsDir, "worm");

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
export type StoredFile = Pick<Receipt, keyof typeof stored>;
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

export function readReceipt(dir: string): Receipt | null {
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
