/**
 * Ways around an object lock, tried with the strongest keys there are. What a store answers to one proves nothing; what is there
 * afterwards does.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  type PutObjectCommandInput,
  PutObjectRetentionCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Attempt } from "../../capabilities.ts";
import { codeOf, patience, wordsOf } from "./client.ts";
import type { S3Config } from "./config.ts";

export const ANSWER_MS = 10_000;
const AT_ONCE = 50;
const SHORT_MS = 1_000;
/** By now a retention of SHORT_MS is over, also for a store that counts in whole seconds. */
const SHORT_IS_OVER_MS = 2_100;

export type Mode = NonNullable<S3Config["lock"]>["mode"];
export type Lock = Partial<PutObjectCommandInput>;

/** Where attempts are made, and how the objects are locked that they are made on. */
export interface Ground {
  readonly s3: S3Client;
  readonly mode: Mode;
  readonly lock: () => Lock;
}

/** A locked object that holds its own key. */
export interface Victim {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
}

/** One way around a lock. What it is answered is told, and proves nothing. */
export interface Way {
  readonly name: string;
  /** What it is aimed at: a bucket that loses its settings takes everything in it along. */
  readonly at: "object" | "bucket";
  /** All modes if left out. */
  readonly modes?: readonly Mode[];
  act(victim: Victim, ground: Ground): Promise<string>;
}

const RETAINED: readonly Mode[] = ["compliance", "governance"];
const versionOf = ({ bucket, key, version }: Victim) => ({ Bucket: bucket, Key: key, VersionId: version });

const WAYS: readonly Way[] = [
  { name: "delete the version", at: "object", act: (victim, { s3 }) => remove(s3, victim, false) },
  {
    name: "delete the version with the bypass of governance",
    at: "object",
    act: (victim, { s3 }) => remove(s3, victim, true),
  },
  {
    name: "delete the version together with one whose retention is over",
    at: "object",
    act: deleteBesideExpired,
  },
  {
    name: "shorten the retention, then delete the version",
    at: "object",
    modes: RETAINED,
    act: (victim, ground) => shorten(victim, ground, false),
  },
  {
    name: "shorten the retention with the bypass of governance, then delete the version",
    at: "object",
    modes: ["compliance"],
    act: (victim, ground) => shorten(victim, ground, true),
  },
  {
    name: "turn compliance into governance, then delete with its bypass",
    at: "object",
    modes: ["compliance"],
    act: weaken,
  },
  { name: "take the rule off the bucket, then delete the version", at: "bucket", act: unrule },
  { name: "suspend the versions of the bucket, then overwrite", at: "bucket", act: suspend },
  { name: "delete the bucket", at: "bucket", act: ({ bucket }, { s3 }) => deleteBucket(s3, bucket, {}) },
  {
    // MinIO knows such a header, for plain buckets; other products know nothing of it.
    name: "delete the bucket by a header that forces it",
    at: "bucket",
    act: ({ bucket }, { s3 }) => deleteBucket(s3, bucket, { "x-minio-force-delete": "true" }),
  },
];

export const waysFor = (mode: Mode): readonly Way[] => WAYS.filter(({ modes }) => (modes ?? [mode]).includes(mode));

export async function makeVictim({ s3, lock }: Ground, bucket: string, key: string): Promise<Victim> {
  return { bucket, key, version: await put(s3, bucket, key, key, lock()) };
}

/** Tries one way on a victim of its own; refused when the victim is there afterwards as it was written. */
export async function tryWay(way: Way, victim: Victim, ground: Ground): Promise<Attempt> {
  const answer = await way.act(victim, ground).catch((thrown: unknown) => wordsOf(thrown));
  const there = (await contentOf(ground.s3, victim)) === victim.key;
  return {
    attempt: way.name,
    refused: there,
    detail: `${answer}; afterwards the version is ${there ? "there as it was written" : "not there"}`,
  };
}

const MODES: Readonly<Record<Mode, Lock>> = {
  compliance: { ObjectLockMode: "COMPLIANCE" },
  governance: { ObjectLockMode: "GOVERNANCE" },
  "legal-hold": {},
};

async function ask(sent: Promise<unknown>): Promise<string> {
  await sent;
  return "accepted";
}

export const remove = (s3: S3Client, victim: Victim, bypass: boolean): Promise<string> =>
  ask(
    s3.send(
      new DeleteObjectCommand({ ...versionOf(victim), ...(bypass && { BypassGovernanceRetention: true }) }),
      patience(ANSWER_MS),
    ),
  );

/** A store that checks the first of several and trusts the rest deletes both. */
async function deleteBesideExpired(victim: Victim, { s3, mode }: Ground): Promise<string> {
  const until = { ObjectLockRetainUntilDate: new Date(Date.now() + SHORT_MS) };
  const short = mode === "legal-hold" ? {} : { ...MODES[mode], ...until };
  const beside = `${victim.key}-expired`;
  const expired = await put(s3, victim.bucket, beside, beside, short);
  await sleep(SHORT_IS_OVER_MS);
  const Objects = [
    { Key: beside, VersionId: expired },
    { Key: victim.key, VersionId: victim.version },
  ];
  const { Errors } = await s3.send(
    new DeleteObjectsCommand({ Bucket: victim.bucket, Delete: { Objects } }),
    patience(ANSWER_MS),
  );
  return Errors?.length
    ? `answered 200 with ${Errors.map(({ Key, Code }) => `${Code} for ${Key}`).join(", ")}`
    : "accepted";
}

async function shorten(victim: Victim, { s3, mode }: Ground, bypass: boolean): Promise<string> {
  await s3.send(
    new PutObjectRetentionCommand({
      ...versionOf(victim),
      Retention: {
        Mode: mode === "governance" ? "GOVERNANCE" : "COMPLIANCE",
        RetainUntilDate: new Date(Date.now() + SHORT_MS),
      },
      ...(bypass && { BypassGovernanceRetention: true }),
    }),
    patience(ANSWER_MS),
  );
  await sleep(SHORT_IS_OVER_MS);
  return `the shorter retention was accepted, the deletion ${await remove(s3, victim, false)}`;
}

async function weaken(victim: Victim, { s3 }: Ground): Promise<string> {
  await s3.send(
    new PutObjectRetentionCommand({
      ...versionOf(victim),
      Retention: { Mode: "GOVERNANCE", RetainUntilDate: new Date(Date.now() + 3_600_000) },
      BypassGovernanceRetention: true,
    }),
    patience(ANSWER_MS),
  );
  return `the weaker mode was accepted, the deletion ${await remove(s3, victim, true)}`;
}

async function unrule(victim: Victim, { s3 }: Ground): Promise<string> {
  await s3.send(
    new PutObjectLockConfigurationCommand({
      Bucket: victim.bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" },
    }),
    patience(ANSWER_MS),
  );
  return `the bucket's rule was taken off, the deletion ${await remove(s3, victim, false)}`;
}

async function suspend({ bucket, key }: Victim, { s3 }: Ground): Promise<string> {
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Suspended" } }),
    patience(ANSWER_MS),
  );
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "other" }), patience(ANSWER_MS));
  return "accepted";
}

function deleteBucket(s3: S3Client, bucket: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const command = new DeleteBucketCommand({ Bucket: bucket });
  command.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: Record<string, string> }).headers, headers);
      return next(args);
    },
    { step: "build", name: "with-headers" },
  );
  return ask(s3.send(command, patience(ANSWER_MS)));
}

/** Every version that was acknowledged under a lock must be there, however many clients wrote at once. */
export async function writeAtOnce({ s3, lock }: Ground, bucket: string, key: string): Promise<Attempt> {
  const bodies = Array.from({ length: AT_ONCE }, (_, i) => `write ${i}`);
  const acknowledged = (
    await Promise.allSettled(bodies.map(async (body) => ({ body, version: await put(s3, bucket, key, body, lock()) })))
  ).flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  let gone = 0;
  for (const { body, version } of acknowledged) if ((await contentOf(s3, { bucket, key, version })) !== body) gone++;
  return {
    attempt: `write one key ${AT_ONCE} times at once`,
    refused: gone === 0,
    detail: `${gone} of ${acknowledged.length} acknowledged versions are not there as they were written`,
  };
}

/** Resolves with the version. */
export async function put(s3: S3Client, Bucket: string, Key: string, Body: string, lock: Lock): Promise<string> {
  const ContentMD5 = createHash("md5").update(Body).digest("base64");
  const { VersionId } = await s3.send(
    new PutObjectCommand({ Bucket, Key, Body, ContentMD5, ...lock }),
    patience(ANSWER_MS),
  );
  if (!VersionId) throw new Error("a locked bucket acknowledged an object without a version");
  return VersionId;
}

export async function makeLockedBucket(s3: S3Client, bucket: string): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }), patience(ANSWER_MS));
}

/** Null when the store says that there is no such version; anything else than its content rejects: it proves neither. */
export async function contentOf(s3: S3Client, victim: Victim): Promise<string | null> {
  try {
    const answer = await s3.send(new GetObjectCommand(versionOf(victim)), patience(ANSWER_MS));
    return (await answer.Body?.transformToString("latin1")) ?? "";
  } catch (thrown) {
    if (["NoSuchKey", "NoSuchVersion", "NoSuchBucket", "MethodNotAllowed"].includes(codeOf(thrown))) return null;
    throw thrown;
  }
}
