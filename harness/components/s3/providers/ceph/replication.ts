import { randomUUID } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { awaitCondition } from "../../../../wait.ts";
import { type Endpoint, LEDGER, openClient, patience } from "../../client.ts";
import type { Credentials } from "../../provider.ts";
import { contentOf } from "../../read-back.ts";

const ANSWER_MS = 5_000;
const FOLLOW_MS = 110_000;
/** So many in a row, for every part of the bucket's index is followed by itself. */
const OBJECTS = 32;

/** Resolves when objects that were put at one site can be read at the other. They lie beside the ledger's. */
export async function awaitReplication(way: {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}): Promise<void> {
  const [from, to] = [openClient(way.from, way.credentials, OBJECTS), openClient(way.to, way.credentials, OBJECTS)];
  const left = new Set(Array.from({ length: OBJECTS }, () => `replication/${randomUUID()}`));
  try {
    await Promise.all(
      [...left].map((key) =>
        from.s3.send(new PutObjectCommand({ Bucket: LEDGER, Key: key, Body: key }), patience(ANSWER_MS)),
      ),
    );
    const followed = await awaitCondition(
      async () => {
        for (const key of left) if ((await contentOf(to, key)) === key) left.delete(key);
        return left.size === 0;
      },
      { everyMs: 100, timeoutMs: FOLLOW_MS, signal: way.signal },
    );
    if (!followed)
      throw new Error(`${left.size} of ${OBJECTS} objects were not at the second site within ${FOLLOW_MS} ms`);
  } finally {
    from.close();
    to.close();
  }
}
