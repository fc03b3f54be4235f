import { PutObjectLockConfigurationCommand, type S3Client } from "@aws-sdk/client-s3";
import type { Attempt } from "../../capabilities.ts";
import { type Bracket, bracket } from "../../time.ts";
import {
  ANSWER_MS,
  contentOf,
  type Ground,
  makeLockedBucket,
  makeVictim,
  put,
  remove,
  tryWay,
  waysFor,
  writeAtOnce,
} from "./bypass.ts";
import { patience, wordsOf } from "./client.ts";
import type { S3Config } from "./config.ts";
import { lockOf } from "./session.ts";

const KEY = "victim";

export interface Tampering {
  /** With the root's keys, at the door whose objects are attacked. */
  readonly s3: S3Client;
  readonly config: S3Config;
  readonly attempted: (attempt: Attempt) => void;
  readonly signal: AbortSignal;
}

/**
 * Tries every way, each on an object in a bucket of its own with the settings of the ledger's, so that nothing of the ledger is at
 * stake; then writes one locked key many times at once.
 */
export async function tamper({ s3, config, attempted, signal }: Tampering): Promise<Bracket> {
  const mode = config.lock?.mode;
  const { at: when } = await bracket(async () => {
    if (mode === undefined) return;
    const ground: Ground = { s3, mode, lock: () => lockOf(config) };
    for (const [i, way] of waysFor(mode).entries()) {
      signal.throwIfAborted();
      const bucket = `tamper-${i + 1}`;
      await makeLockedBucket(s3, bucket);
      attempted(await tryWay(way, await makeVictim(ground, bucket, KEY), ground));
    }
    await makeLockedBucket(s3, "tamper-at-once");
    attempted(await writeAtOnce(ground, "tamper-at-once", KEY));
    attempted(await defaultRule(ground));
  });
  return when;
}

/** A bucket's own rule must lock what is written without a word about locks. */
async function defaultRule({ s3, mode }: Ground): Promise<Attempt> {
  const bucket = "tamper-default";
  await makeLockedBucket(s3, bucket);
  const Mode = mode === "governance" ? "GOVERNANCE" : "COMPLIANCE";
  await s3.send(
    new PutObjectLockConfigurationCommand({
      Bucket: bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode, Days: 1 } } },
    }),
    patience(ANSWER_MS),
  );
  const victim = { bucket, key: KEY, version: await put(s3, bucket, KEY, KEY, {}) };
  const answer = await remove(s3, victim, false).catch((thrown: unknown) => wordsOf(thrown));
  const there = (await contentOf(s3, victim)) === KEY;
  return {
    attempt: "write under the bucket's own rule alone, then delete the version",
    refused: there,
    detail: `${answer}; afterwards the version is ${there ? "there as it was written" : "not there"}`,
  };
}
