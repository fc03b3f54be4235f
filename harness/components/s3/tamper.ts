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
import { type Bracket, bracket } from "../../time.ts";
import { codeOf, type Endpoint, patience, wordsOf } from "./client.ts";
import type { S3Config } from "./config.ts";
import type { Credentials } from "./provider.ts";
import { lockOf } from "./session.ts";
import { askSigned } from "./signed.ts";

const ANSWER_MS = 10_000;
const AT_ONCE = 50;
const SHORT_MS = 1_000;
/** By now a retention of SHORT_MS is over, also for a store that counts in whole seconds. */
const SHORT_IS_OVER_MS = 2_100;
const KEY = "victim";

export interface Tampering {
  readonly s3: S3Client;
  readonly config: S3Config;
  readonly credentials: Credentials;
  /** Of the door whose objects are attacked. */
  readonly at: Endpoint;
  readonly attempted: (attempt: Attempt) => void;
  readonly signal: AbortSignal;
}

/** A locked object, in a bucket of this attempt's own with the settings of the ledger's: nothing of the ledger is at stake. */
interface Victim {
  readonly bucket: string;
  readonly version: string;
}

type Mode = NonNullable<S3Config["lock"]>["mode"];

/** One way around a lock, with the root's keys. What it is answered is told, and proves nothing. */
interface Way {
  readonly name: string;
  /** All modes if left out. */
  readonly modes?: readonly Mode[];
  act(victim: Victim, tampering: Tampering): Promise<string>;
}

const RETAINED: readonly Mode[] = ["compliance", "governance"];
const at = ({ bucket, version }: Victim) => ({ Bucket: bucket, Key: KEY, VersionId: version });

const WAYS: readonly Way[] = [
  { name: "delete the version", act: (victim, { s3 }) => remove(s3, victim, false) },
  { name: "delete the version with the bypass of governance", act: (victim, { s3 }) => remove(s3, victim, true) },
  { name: "delete the version together with one whose retention is over", act: deleteBesideExpired },
  {
    name: "shorten the retention, then delete the version",
    modes: RETAINED,
    act: (victim, tampering) => shorten(victim, tampering, false),
  },
  {
    name: "shorten the retention with the bypass of governance, then delete the version",
    modes: ["compliance"],
    act: (victim, tampering) => shorten(victim, tampering, true),
  },
  { name: "turn compliance into governance, then delete with its bypass", modes: ["compliance"], act: weaken },
  { name: "take the rule off the bucket, then delete the version", act: unrule },
  { name: "suspend the versions of the bucket, then overwrite", act: suspend },
  {
    name: "delete the bucket",
    act: ({ bucket }, { s3 }) => ask(s3.send(new DeleteBucketCommand({ Bucket: bucket }), patience(ANSWER_MS))),
  },
  { name: "delete the bucket by a header that forces it", act: forceDelete },
];

/** Tries every way, each on an object of its own, then writes one locked key many times at once. Judged by what is there afterwards. */
export async function tamper(tampering: Tampering): Promise<Bracket> {
  const { config, attempted, signal, s3 } = tampering;
  const mode = config.lock?.mode;
  const ways = WAYS.filter(({ modes }) => mode !== undefined && (modes ?? [mode]).includes(mode));
  const { at: when } = await bracket(async () => {
    for (const [i, way] of ways.entries()) {
      signal.throwIfAborted();
      const bucket = `tamper-${i + 1}`;
      await makeBucket(s3, bucket);
      const victim = { bucket, version: await put(s3, bucket, KEY, KEY, lockOf(config)) };
      const answer = await way.act(victim, tampering).catch((thrown: unknown) => wordsOf(thrown));
      const there = (await contentOf(s3, victim)) === KEY;
      attempted({
        attempt: way.name,
        refused: there,
        detail: `${answer}; afterwards the version is ${there ? "there as it was written" : "not there"}`,
      });
    }
    attempted(await writeAtOnce(s3, config));
    attempted(await defaultRule(s3, config));
  });
  return when;
}

const MODES: Readonly<Record<Mode, Partial<PutObjectCommandInput>>> = {
  compliance: { ObjectLockMode: "COMPLIANCE" },
  governance: { ObjectLockMode: "GOVERNANCE" },
  "legal-hold": {},
};

async function ask(sent: Promise<unknown>): Promise<string> {
  await sent;
  return "accepted";
}

const remove = (s3: S3Client, victim: Victim, bypass: boolean): Promise<string> =>
  ask(
    s3.send(
      new DeleteObjectCommand({ ...at(victim), ...(bypass && { BypassGovernanceRetention: true }) }),
      patience(ANSWER_MS),
    ),
  );

/** A store that checks the first of several and trusts the rest deletes both. */
async function deleteBesideExpired(victim: Victim, { s3, config }: Tampering): Promise<string> {
  const until = { ObjectLockRetainUntilDate: new Date(Date.now() + SHORT_MS) };
  const short = config.lock?.mode === "legal-hold" ? {} : { ...MODES[config.lock!.mode], ...until };
  const expired = await put(s3, victim.bucket, "expired", "expired", short);
  await sleep(SHORT_IS_OVER_MS);
  const Objects = [
    { Key: "expired", VersionId: expired },
    { Key: KEY, VersionId: victim.version },
  ];
  const { Errors } = await s3.send(
    new DeleteObjectsCommand({ Bucket: victim.bucket, Delete: { Objects } }),
    patience(ANSWER_MS),
  );
  return Errors?.length
    ? `answered 200 with ${Errors.map(({ Key, Code }) => `${Code} for ${Key}`).join(", ")}`
    : "accepted";
}

async function shorten(victim: Victim, { s3, config }: Tampering, bypass: boolean): Promise<string> {
  const Mode = config.lock?.mode === "governance" ? "GOVERNANCE" : "COMPLIANCE";
  await s3.send(
    new PutObjectRetentionCommand({
      ...at(victim),
      Retention: { Mode, RetainUntilDate: new Date(Date.now() + SHORT_MS) },
      ...(bypass && { BypassGovernanceRetention: true }),
    }),
    patience(ANSWER_MS),
  );
  await sleep(SHORT_IS_OVER_MS);
  return `the shorter retention was accepted, the deletion ${await remove(s3, victim, false)}`;
}

async function weaken(victim: Victim, { s3 }: Tampering): Promise<string> {
  await s3.send(
    new PutObjectRetentionCommand({
      ...at(victim),
      Retention: { Mode: "GOVERNANCE", RetainUntilDate: new Date(Date.now() + 3_600_000) },
      BypassGovernanceRetention: true,
    }),
    patience(ANSWER_MS),
  );
  return `the weaker mode was accepted, the deletion ${await remove(s3, victim, true)}`;
}

async function unrule(victim: Victim, { s3 }: Tampering): Promise<string> {
  await s3.send(
    new PutObjectLockConfigurationCommand({
      Bucket: victim.bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" },
    }),
    patience(ANSWER_MS),
  );
  return `the bucket's rule was taken off, the deletion ${await remove(s3, victim, false)}`;
}

async function suspend({ bucket }: Victim, { s3 }: Tampering): Promise<string> {
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Suspended" } }),
    patience(ANSWER_MS),
  );
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: KEY, Body: "other" }), patience(ANSWER_MS));
  return "accepted";
}

/** MinIO knows such a header, for plain buckets; other products know nothing of it. */
async function forceDelete({ bucket }: Victim, { at: door, credentials }: Tampering): Promise<string> {
  const headers = { "x-minio-force-delete": "true" };
  const { status } = await askSigned(door, { method: "DELETE", path: `/${bucket}`, headers }, credentials, ANSWER_MS);
  return `answered ${status}`;
}

/** Every version that was acknowledged under a lock must be there, however many clients wrote at once. */
async function writeAtOnce(s3: S3Client, config: S3Config): Promise<Attempt> {
  const bucket = "tamper-at-once";
  await makeBucket(s3, bucket);
  const bodies = Array.from({ length: AT_ONCE }, (_, i) => `write ${i}`);
  const acknowledged = (
    await Promise.allSettled(
      bodies.map(async (body) => ({ body, version: await put(s3, bucket, KEY, body, lockOf(config)) })),
    )
  ).flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  let gone = 0;
  for (const { body, version } of acknowledged) if ((await contentOf(s3, { bucket, version })) !== body) gone++;
  return {
    attempt: `write one key ${AT_ONCE} times at once`,
    refused: gone === 0,
    detail: `${gone} of ${acknowledged.length} acknowledged versions are not there as they were written`,
  };
}

/** A bucket's own rule must lock what is written without a word about locks. */
async function defaultRule(s3: S3Client, config: S3Config): Promise<Attempt> {
  const bucket = "tamper-default";
  await makeBucket(s3, bucket);
  const Mode = config.lock?.mode === "governance" ? "GOVERNANCE" : "COMPLIANCE";
  await s3.send(
    new PutObjectLockConfigurationCommand({
      Bucket: bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode, Days: 1 } } },
    }),
    patience(ANSWER_MS),
  );
  const victim = { bucket, version: await put(s3, bucket, KEY, KEY, {}) };
  const answer = await remove(s3, victim, false).catch((thrown: unknown) => wordsOf(thrown));
  const there = (await contentOf(s3, victim)) === KEY;
  return {
    attempt: "write under the bucket's own rule alone, then delete the version",
    refused: there,
    detail: `${answer}; afterwards the version is ${there ? "there as it was written" : "not there"}`,
  };
}

async function put(
  s3: S3Client,
  Bucket: string,
  Key: string,
  Body: string,
  lock: Partial<PutObjectCommandInput>,
): Promise<string> {
  const ContentMD5 = createHash("md5").update(Body).digest("base64");
  const { VersionId } = await s3.send(
    new PutObjectCommand({ Bucket, Key, Body, ContentMD5, ...lock }),
    patience(ANSWER_MS),
  );
  if (!VersionId) throw new Error("a locked bucket acknowledged an object without a version");
  return VersionId;
}

async function makeBucket(s3: S3Client, bucket: string): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }), patience(ANSWER_MS));
}

/** Null when the store says that there is no such version; anything else than its content rejects: it proves neither. */
async function contentOf(s3: S3Client, victim: Victim): Promise<string | null> {
  try {
    const answer = await s3.send(new GetObjectCommand(at(victim)), patience(ANSWER_MS));
    return (await answer.Body?.transformToString("latin1")) ?? "";
  } catch (thrown) {
    if (["NoSuchKey", "NoSuchVersion", "NoSuchBucket", "MethodNotAllowed"].includes(codeOf(thrown))) return null;
    throw thrown;
  }
}
