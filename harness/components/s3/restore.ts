import { CopyObjectCommand, DeleteObjectCommand } from "@aws-sdk/client-s3";
import { type Client, LEDGER, patience } from "./client.ts";
import { type Entry, inParallel, versionsOf } from "./read-back.ts";

const PARALLEL = 16;
const ANSWER_MS = 10_000;

/**
 * Brings every object back to the version that was its newest at that time: a delete marker set since is taken away, and where
 * something was written since, the older version is copied onto it. Nothing is destroyed. What came into being since stays.
 */
export async function restoreAsOf(client: Client, wallMs: number, signal: AbortSignal): Promise<string> {
  const byKey = Map.groupBy(await versionsOf(client), ({ key }) => key);
  const count = { markers: 0, copies: 0 };
  await inParallel([...byKey], PARALLEL, async ([key, entries]) => {
    signal.throwIfAborted();
    const wanted = newestAt(entries, wallMs);
    if (!wanted || wanted.marker || wanted.latest) return;
    const since = entries.filter(({ modifiedMs }) => modifiedMs > wallMs);
    for (const { version } of since.filter(({ marker }) => marker)) {
      await client.s3.send(
        new DeleteObjectCommand({ Bucket: LEDGER, Key: key, VersionId: version }),
        patience(ANSWER_MS),
      );
      count.markers++;
    }
    if (since.every(({ marker }) => marker)) return;
    await client.s3.send(
      new CopyObjectCommand({
        Bucket: LEDGER,
        Key: key,
        CopySource: `${LEDGER}/${encodeURIComponent(key).replaceAll("%2F", "/")}?versionId=${wanted.version}`,
      }),
      patience(ANSWER_MS),
    );
    count.copies++;
  });
  return `${count.markers} delete markers taken away, ${count.copies} older versions copied back`;
}

export const newestAt = (entries: readonly Entry[], wallMs: number): Entry | undefined =>
  entries
    .filter(({ modifiedMs }) => modifiedMs <= wallMs)
    .reduce<Entry | undefined>(
      (newest, entry) => (newest && newest.modifiedMs >= entry.modifiedMs ? newest : entry),
      undefined,
    );
