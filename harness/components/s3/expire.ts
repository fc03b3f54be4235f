import { DeleteBucketLifecycleCommand, PutBucketLifecycleConfigurationCommand } from "@aws-sdk/client-s3";
import type { Expiry } from "../../capabilities.ts";
import { bracket } from "../../time.ts";
import { type Client, LEDGER, patience, PREFIX } from "./client.ts";
import { listed } from "./listing.ts";
import { serve } from "./serve.ts";

const ANSWER_MS = 10_000;
/** The store's times have whole seconds. */
const COARSE_MS = 1_000;

/**
 * Sets a rule that deletes what is older than so many days, and has the store run it, a day of it as a second. `acknowledged`: key
 * and hash of everything that clients were told is kept.
 */
export async function expire(
  client: Client,
  days: number,
  acknowledged: ReadonlyMap<string, string>,
  runRules: () => Promise<void>,
): Promise<Expiry> {
  const on = { Bucket: LEDGER };
  const rule = {
    ID: "expire",
    Status: "Enabled",
    Filter: { Prefix: PREFIX },
    Expiration: { Days: days },
  } as const;
  const due = new Map<string, string>();
  const before = Date.now() - days * 1_000 - COARSE_MS;
  for (const [key, modifiedMs] of await modifiedOf(client)) {
    const sha256 = acknowledged.get(key);
    if (sha256 !== undefined && modifiedMs <= before) due.set(key, sha256);
  }
  const { at } = await bracket(async () => {
    await client.s3.send(
      new PutBucketLifecycleConfigurationCommand({ ...on, LifecycleConfiguration: { Rules: [rule] } }),
      patience(ANSWER_MS),
    );
    await runRules();
  });
  return {
    at,
    due: due.size,
    serve: () => serve(client, due),
    async undo() {
      await client.s3.send(new DeleteBucketLifecycleCommand(on), patience(ANSWER_MS));
    },
  };
}

/** When every object that a plain listing shows was written, as the store has it. */
async function modifiedOf(client: Client): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const { Key, LastModified } of listed(client, LEDGER, PREFIX))
    found.set(Key, LastModified?.getTime() ?? Infinity);
  return found;
}
