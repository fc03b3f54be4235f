/** A bucket that evidence is kept in, spoken to from outside of every drill, and the probe that shows whether it keeps anything. */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import {
  type ListedObject,
  nameOf,
  type Retention,
  type Trial,
  type WormBucket,
  type WormKeys,
  type WormPlace,
} from "../../worm.ts";
import {
  ANSWER_MS,
  type Ground,
  makeLockedBucket,
  makeVictim,
  remove,
  tryWay,
  type Victim,
  type Way,
  waysFor,
  writeAtOnce,
} from "./bypass.ts";
import { openClientOf, patience, statusOf, wordsOf } from "./client.ts";

const CONNECTIONS = 8;
const PUT_MS = 120_000;
/** Of the objects that a probe is made on: long enough for every attempt, short enough to wait for its end. */
const PROBE_RETENTION_MS = 20_000;
/** A store may count in whole seconds, on a clock of its own. */
const PROBE_SLACK_MS = 3_000;
const PROBE_PREFIX = "blackstart-probe/";

export function openWormBucket(place: WormPlace, keys: WormKeys): WormBucket {
  const client = openClientOf(place, keys, CONNECTIONS);
  const { s3 } = client;
  const { bucket: Bucket } = place;
  const name = nameOf(place);
  return {
    name,
    close: () => client.close(),
    async put(Key, Body, until) {
      const answer = await inWords(name, () =>
        s3.send(
          new PutObjectCommand({
            Bucket,
            Key,
            Body,
            ContentMD5: createHash("md5").update(Body).digest("base64"),
            ObjectLockMode: "COMPLIANCE",
            ObjectLockRetainUntilDate: until,
          }),
          patience(PUT_MS),
        ),
      );
      if (!answer.VersionId) throw new Error(`${name} acknowledged ${Key} without a version: it is no locked bucket`);
      return answer.VersionId;
    },
    async look(Key, VersionId) {
      const answer = await inWords(name, () =>
        s3.send(new GetObjectCommand({ Bucket, Key, VersionId }), patience(PUT_MS)),
      );
      const hash = createHash("sha256");
      await inWords(name, async () => {
        for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) hash.update(chunk);
      });
      const retention = await inWords(name, () => retentionOf(s3, { bucket: Bucket, key: Key, version: VersionId }));
      return { sha256: hash.digest("hex"), putAt: answer.LastModified ?? new Date(Number.NaN), retention };
    },
    async *list() {
      for await (const found of versionsOf(s3, Bucket, name, "")) if (!found.key.startsWith(PROBE_PREFIX)) yield found;
    },
  };
}

async function inWords<T>(name: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    throw new Error(`${name}: ${wordsOf(thrown)}`, { cause: thrown });
  }
}

async function retentionOf(s3: S3Client, { bucket, key, version }: Victim): Promise<Retention> {
  const { Retention: found } = await s3.send(
    new GetObjectRetentionCommand({ Bucket: bucket, Key: key, VersionId: version }),
    patience(ANSWER_MS),
  );
  return { mode: found?.Mode ?? null, until: found?.RetainUntilDate ?? null };
}

/** Every version of every object, and every marker that hides one. */
async function* versionsOf(s3: S3Client, Bucket: string, name: string, Prefix: string): AsyncGenerator<ListedObject> {
  let from: Pick<ListObjectVersionsCommandInput, "KeyMarker" | "VersionIdMarker"> = {};
  for (;;) {
    const command = new ListObjectVersionsCommand({ Bucket, Prefix, ...from });
    const page = await inWords(name, () => s3.send(command, patience(ANSWER_MS)));
    for (const { Key: key = "", VersionId: version = "" } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])])
      yield { key, version };
    if (!page.IsTruncated) return;
    from = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}

interface Probe {
  readonly owner: S3Client;
  readonly drill: S3Client;
  readonly bucket: string;
  /** Of every object of this probe; buckets of its own have names that begin with the other. */
  readonly prefix: string;
  readonly buckets: string;
  readonly ground: Ground;
  readonly until: Date;
}

/**
 * Tries every way around the lock with the owner's keys, and more than to put with the drill's. Objects are attacked in the bucket
 * itself, under a prefix of the probe's own and with a retention of seconds; settings in buckets that it makes for it, for a bucket
 * that loses them takes real evidence along. When the retention is over the owner must be able to delete: else its keys are too weak
 * to have proven anything.
 */
export async function probeWormBucket(
  place: WormPlace,
  keys: { readonly owner: WormKeys; readonly drill: WormKeys },
  signal: AbortSignal,
): Promise<Trial[]> {
  const [owner, drill] = [openClientOf(place, keys.owner, 64), openClientOf(place, keys.drill, CONNECTIONS)];
  const id = randomBytes(4).toString("hex");
  const until = new Date(Math.ceil((Date.now() + PROBE_RETENTION_MS) / 1_000) * 1_000);
  const lock = { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: until } as const;
  const probe: Probe = {
    owner: owner.s3,
    drill: drill.s3,
    bucket: place.bucket,
    prefix: `${PROBE_PREFIX}${id}/`,
    buckets: `blackstart-probe-${id}`,
    ground: { s3: owner.s3, mode: "compliance", lock: () => lock },
    until,
  };
  try {
    const trials = await Promise.all([...attacks(probe), ...limits(probe)]);
    const inTime = Date.now() < until.getTime() - PROBE_SLACK_MS;
    await sleep(Math.max(0, until.getTime() + PROBE_SLACK_MS - Date.now()), undefined, { signal });
    return [
      ...(inTime ? trials : trials.map(tooLate)),
      await trial("delete what is not locked any more", () => sweep(probe)),
    ];
  } finally {
    owner.close();
    drill.close();
  }
}

/** What could not be tried did not hold. */
async function trial(name: string, act: () => Promise<Omit<Trial, "name">>): Promise<Trial> {
  try {
    return { name, ...(await act()) };
  } catch (thrown) {
    return { name, held: false, detail: `could not be tried: ${wordsOf(thrown)}` };
  }
}

const tooLate = (one: Trial): Trial => ({
  ...one,
  held: false,
  detail: `${one.detail}; but by then the retention was nearly over, so it proves nothing`,
});

const attacks = (probe: Probe): Promise<Trial>[] => [
  ...waysFor("compliance").map((way, i) => trial(way.name, () => attack(probe, way, i))),
  trial("write one key many times at once", async () => {
    const { refused, detail } = await writeAtOnce(probe.ground, probe.bucket, `${probe.prefix}at-once`);
    return { held: refused, detail };
  }),
];

/** It held when the object is there as it was put, locked as it was. */
async function attack(probe: Probe, way: Way, i: number): Promise<Omit<Trial, "name">> {
  const { owner, drill, bucket, prefix, buckets, ground, until: wanted } = probe;
  const place = way.at === "object" ? bucket : `${buckets}-${i}`;
  if (way.at === "bucket") await makeLockedBucket(owner, place);
  // What the drill's keys put is what must be safe; they put nowhere else.
  const writer = way.at === "object" ? drill : owner;
  const victim = await makeVictim({ ...ground, s3: writer }, place, `${prefix}${i}`);
  const { refused, detail } = await tryWay(way, victim, ground);
  if (!refused) return { held: false, detail };
  const { mode, until } = await retentionOf(owner, victim);
  const locked = `its retention is ${mode} until ${until?.toISOString() ?? "nobody knows when"}`;
  return { held: mode === "COMPLIANCE" && until !== null && until >= wanted, detail: `${detail}, ${locked}` };
}

/** The drill's keys may put, and nothing else. */
function limits({ drill, owner, bucket, prefix, buckets, ground }: Probe): Promise<Trial>[] {
  const denied = (name: string, act: (own: Victim) => Promise<unknown>): Promise<Trial> =>
    trial(`with the drill's keys: ${name}`, async () => {
      const own = await makeVictim({ ...ground, s3: drill }, bucket, `${prefix}${name.replaceAll(" ", "-")}`);
      try {
        await act(own);
        return { held: false, detail: "accepted" };
      } catch (thrown) {
        return { held: statusOf(thrown) === 403, detail: wordsOf(thrown) };
      }
    });
  const asked = patience(ANSWER_MS);
  return [
    denied("read what they put", ({ key, version }) =>
      drill.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: version }), asked),
    ),
    denied("list the bucket", () => drill.send(new ListObjectVersionsCommand({ Bucket: bucket, MaxKeys: 1 }), asked)),
    denied("hide what they put behind a marker", ({ key }) =>
      drill.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), asked),
    ),
    denied("delete a version", (own) => remove(drill, own, true)),
    denied("read the rule of the bucket", () =>
      drill.send(new GetObjectLockConfigurationCommand({ Bucket: bucket }), asked),
    ),
    denied("make a bucket", async () => {
      const made = `${buckets}-made`;
      await drill.send(new CreateBucketCommand({ Bucket: made }), asked);
      await owner.send(new DeleteBucketCommand({ Bucket: made }), asked).catch(() => undefined);
    }),
  ];
}

/** Removes what the probe made, now that nothing locks it: the proof that the owner's keys could have done so before. */
async function sweep({ owner, bucket, prefix, buckets }: Probe): Promise<Omit<Trial, "name">> {
  let removed = 0;
  for await (const { key, version } of versionsOf(owner, bucket, bucket, prefix)) {
    await remove(owner, { bucket, key, version }, true);
    removed++;
  }
  for (const [i, way] of waysFor("compliance").entries())
    if (way.at === "bucket") await dropBucket(owner, `${buckets}-${i}`);
  return { held: removed > 0, detail: `${removed} objects of the probe were deleted when their retention was over` };
}

/** One that the attempt itself removed is gone already. */
async function dropBucket(owner: S3Client, bucket: string): Promise<void> {
  try {
    for await (const { key, version } of versionsOf(owner, bucket, bucket, ""))
      await remove(owner, { bucket, key, version }, true);
    await owner.send(new DeleteBucketCommand({ Bucket: bucket }), patience(ANSWER_MS));
  } catch (thrown) {
    if (!/NoSuchBucket/.test(wordsOf(thrown))) throw thrown;
  }
}
