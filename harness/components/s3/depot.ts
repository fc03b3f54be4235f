import { createHash } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { type Client, codeOf, patience, wordsOf } from "./client.ts";
import type { S3Config } from "./config.ts";
import { listed } from "./listing.ts";

const ANSWER_MS = 10_000;
/** An archive may hold a base backup in one piece. */
const TRANSFER_MS = 120_000;

/** Idempotent: while a store comes up, a bucket may have been made by a try that got no answer. */
export async function makeBucket({ s3 }: Client, bucket: string, timeoutMs: number, locked = false): Promise<void> {
  try {
    await s3.send(
      new CreateBucketCommand({ Bucket: bucket, ...(locked && { ObjectLockEnabledForBucket: true }) }),
      patience(timeoutMs),
    );
  } catch (thrown) {
    if (!["BucketAlreadyOwnedByYou", "BucketAlreadyExists"].includes(codeOf(thrown))) throw thrown;
  }
}

export async function keepVersions({ s3 }: Client, bucket: string): Promise<void> {
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
    patience(ANSWER_MS),
  );
}

/** A bucket for somebody who knows nothing of versions: that they are kept is a rule of the bucket. */
export async function makeDepot(client: Client, bucket: string, { versioning }: S3Config): Promise<void> {
  await makeBucket(client, bucket, ANSWER_MS);
  if (versioning) await keepVersions(client, bucket);
}

export async function objectsIn(
  client: Client,
  bucket: string,
  prefix: string,
): Promise<{ key: string; bytes: number }[]> {
  const found = [];
  for await (const { Key, Size } of listed(client, bucket, prefix)) found.push({ key: Key, bytes: Size ?? 0 });
  return found;
}

export const getObject = ({ s3 }: Client, bucket: string, key: string): Promise<Buffer> =>
  saying(`${bucket}/${key} could not be read`, async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), patience(TRANSFER_MS));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  });

/** With its MD5: a bucket with a rule that locks takes nothing without. */
export const putObject = ({ s3 }: Client, bucket: string, key: string, body: Uint8Array): Promise<void> =>
  saying(`${bucket}/${key} could not be written`, async () => {
    const ContentMD5 = createHash("md5").update(body).digest("base64");
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentMD5 }), patience(TRANSFER_MS));
  });

export const removeObject = ({ s3 }: Client, bucket: string, key: string): Promise<void> =>
  saying(`${bucket}/${key} could not be removed`, async () => {
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), patience(ANSWER_MS));
  });

async function saying<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    throw new Error(`${what}: ${wordsOf(thrown)}`, { cause: thrown });
  }
}
