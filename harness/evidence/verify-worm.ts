/** What a verification sees of the bucket that keeps an intent. */
import { dirname } from "node:path";
import { grouped } from "../text.ts";
import type { WormBucket } from "../worm.ts";
import { PACK } from "./pack-files.ts";
import { refusal } from "./refusal.ts";
import { parseStatement } from "./statement.ts";
import { checkSigner, openBundle, type OpenedIntent, type PinnedKey } from "./verify-checks.ts";
import { lookUp, packReceiptOf, receiptOfPack } from "./worm.ts";
import { CLOCKS_MS } from "./worm-probe.ts";

export interface SeenInBucket {
  readonly detail: string;
  /** When the store took the intent, by its own clock; null where nobody looked. */
  readonly putMs: number | null;
}

/**
 * The receipt in the pack is of this intent, behind a probe that a pinned key signed and in which everything held; and with a bucket
 * to look into, it has the intent and, where the pack was put there too, the report, each under a retention that nobody can end.
 */
export async function checkWorm(
  dir: string,
  intent: OpenedIntent,
  pins: readonly PinnedKey[],
  bucket: WormBucket | undefined,
): Promise<SeenInBucket> {
  const { predicate } = intent.statement;
  if (predicate.worm === null) return { detail: "the intent names no WORM bucket", putMs: null };
  const receipt = receiptOfPack(dir, predicate);
  if (receipt === null)
    throw refusal(`the intent names the bucket ${predicate.worm.bucket}, and there is no receipt of it`);
  const probe = openBundle(dir, PACK.wormProbe);
  const { signer, trials } = parseStatement(probe.signed.payload, "worm-probe", PACK.wormProbe).predicate;
  checkSigner(probe, signer, pins, PACK.wormProbe);
  const behind = `${receipt.bucket}, behind a probe of ${trials.length} trials`;
  if (bucket === undefined) return { detail: `by its receipt in ${behind}; nobody looked`, putMs: null };
  if (bucket.name !== receipt.bucket)
    throw refusal(`the intent is in ${receipt.bucket}, and BLACKSTART_WORM_BUCKET is ${bucket.name}`);
  const put = await lookUp(bucket, receipt);
  if (Math.abs(put.getTime() - Date.parse(predicate.signedAt)) > CLOCKS_MS)
    throw refusal(`the intent says that it was signed ${predicate.signedAt}, and was put ${put.toISOString()}`);
  return {
    detail: `put ${put.toISOString()} into ${behind}; ${await reportIn(bucket, dir, predicate.run, receipt.until)}`,
    putMs: put.getTime(),
  };
}

/** The pack's own files, as the receipt beside it says, which nobody signed: they are kept at least as long as the intent. */
async function reportIn(bucket: WormBucket, dir: string, run: string, until: string): Promise<string> {
  const receipt = packReceiptOf(dirname(dir), run);
  const report = receipt?.files.find(({ key }) => key === `${run}/${PACK.report}`);
  if (receipt === null || report === undefined) return "the report is not on record as put there";
  await lookUp(bucket, { ...report, until });
  return `the report and ${grouped(receipt.files.length - 1)} more files are on record as put there`;
}
