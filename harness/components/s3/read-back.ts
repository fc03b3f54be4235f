import { GetObjectCommand, ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from "@aws-sdk/client-s3";
import type { ReadBackSink } from "../../component.ts";
import { contentSha256 } from "../../workload/content.ts";
import { listed } from "./listing.ts";
import type { Written } from "./session.ts";
import { type Client, codeOf, keyOf, LEDGER, opOf, patience, PREFIX, wordsOf } from "./client.ts";

const PARALLEL = 16;
const ANSWER_MS = 30_000;

/** One entry of the index of versions. */
export interface Entry {
  readonly key: string;
  readonly version: string;
  readonly marker: boolean;
  readonly latest: boolean;
  readonly modifiedMs: number;
}

/** Every version and delete marker under a prefix, in the order of the store: by key, the newest first. */
export async function versionsOf({ s3 }: Client, prefix = PREFIX): Promise<Entry[]> {
  const found: Entry[] = [];
  let page: Partial<ListObjectVersionsCommandOutput> = {};
  do {
    page = await s3.send(
      new ListObjectVersionsCommand({
        Bucket: LEDGER,
        Prefix: prefix,
        KeyMarker: page.NextKeyMarker,
        VersionIdMarker: page.NextVersionIdMarker,
      }),
      patience(ANSWER_MS),
    );
    for (const [entries, marker] of [
      [page.Versions ?? [], false],
      [page.DeleteMarkers ?? [], true],
    ] as const)
      for (const entry of entries)
        found.push({
          key: entry.Key ?? "",
          version: entry.VersionId ?? "",
          marker,
          latest: entry.IsLatest === true,
          modifiedMs: entry.LastModified?.getTime() ?? Number.NaN,
        });
  } while (page.IsTruncated);
  return found;
}

/** Every key that a plain listing shows. */
export async function keysOf(client: Client): Promise<string[]> {
  const keys: string[] = [];
  for await (const { Key } of listed(client, LEDGER, PREFIX)) keys.push(Key);
  return keys;
}

/**
 * Everything twice. What is there: each object by GET, its hash from the bytes that came (an ETag is what the store remembers, not
 * what it has), both of the keys that were ever tried and of those that are listed. And the store's own index, which is not asked
 * for any content. The index first: a GET may repair an object, or purge what is left of it.
 */
export async function readBack(
  client: Client,
  store: { name: string; versioned: boolean; written: Written },
  sink: ReadBackSink,
): Promise<void> {
  const { written } = store;
  const listed = await keysOf(client);
  const versions = store.versioned ? await versionsOf(client) : [];
  if (store.versioned) {
    const hidden = new Set(versions.filter(({ latest, marker }) => latest && marker).map(({ key }) => key));
    for (const { key, version, marker } of versions)
      if (!marker && !hidden.has(key))
        sink.listed({ store: store.name, op: written.versions.get(version)?.op ?? opOf(key), version });
  } else for (const key of listed) sink.listed({ store: store.name, op: opOf(key), version: null });
  // What an application wrote, no session of ours has sent.
  const tried = written.shared.size > 0 ? [] : [...sink.attempted(store.name)].map(keyOf);
  const keys = [...new Set([...listed, ...written.sent.keys(), ...tried])].filter((key) => !written.shared.has(key));
  const shared = versions.filter(({ key, marker }) => !marker && written.shared.has(key));
  const wanted = [
    ...keys.map((key) => ({ key, version: undefined })),
    ...new Map([
      ...shared.map(({ key, version }) => [version, { key, version }] as const),
      ...[...written.versions].map(([version, { key }]) => [version, { key, version }] as const),
    ]).values(),
  ];
  await inParallel(wanted, PARALLEL, async ({ key, version }) => {
    try {
      const object = await objectOf(client, key, version);
      if (object === null) return;
      const op = version === undefined ? opOf(key) : object.op;
      const sha256 = contentSha256({ op, payload: object.payload, transfer: null });
      sink.element({ store: store.name, op, sha256, transfer: null });
    } catch (thrown) {
      const op = (version !== undefined && written.versions.get(version)?.op) || opOf(key);
      sink.unreadable({ store: store.name, op, why: wordsOf(thrown) });
    }
  });
}

export const contentOf = async (client: Client, key: string): Promise<string | null> =>
  (await objectOf(client, key))?.payload ?? null;

/** Null when the store says that there is no such object; rejects when it says anything else than its content. */
async function objectOf(
  { s3 }: Client,
  key: string,
  version?: string,
): Promise<{ op: string; payload: string } | null> {
  try {
    const answer = await s3.send(
      new GetObjectCommand({ Bucket: LEDGER, Key: key, ...(version && { VersionId: version }) }),
      patience(ANSWER_MS),
    );
    // Whatever bytes came: a decoder that expects text would hide which ones they were.
    const payload = (await answer.Body?.transformToString("latin1")) ?? "";
    return { op: answer.Metadata?.["op"] ?? opOf(key), payload };
  } catch (thrown) {
    if (["NoSuchKey", "NoSuchVersion", "NotFound"].includes(codeOf(thrown))) return null;
    throw thrown;
  }
}

export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
