import { randomBytes } from "node:crypto";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { bracket } from "../../time.ts";
import type { Intrusion } from "../../capabilities.ts";
import { type Client, LEDGER, patience, wordsOf } from "./client.ts";
import { inParallel } from "./read-back.ts";
import { serve } from "./serve.ts";

const PARALLEL = 16;
const ANSWER_MS = 10_000;

/** With the application's own keys, as it would: deletes name no version, overwrites are ordinary PUTs of bytes that mean nothing. */
export async function intrude(
  client: Client,
  deed: "delete" | "overwrite",
  sent: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<Intrusion> {
  let reached = 0;
  let refusal = "";
  const { at } = await bracket(() =>
    inParallel([...sent.keys()], PARALLEL, async (key) => {
      signal.throwIfAborted();
      const on = { Bucket: LEDGER, Key: key };
      try {
        await (deed === "delete"
          ? client.s3.send(new DeleteObjectCommand(on), patience(ANSWER_MS))
          : client.s3.send(new PutObjectCommand({ ...on, Body: randomBytes(64) }), patience(ANSWER_MS)));
        reached++;
      } catch (thrown) {
        refusal ||= wordsOf(thrown);
      }
    }),
  );
  if (reached === 0 && sent.size > 0) throw new Error(`no ${deed} was accepted: ${refusal}`);
  return { at, reached, serve: () => serve(client, sent) };
}
