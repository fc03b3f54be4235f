import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { Elements } from "../../capabilities.ts";
import { contentSha256 } from "../../workload/content.ts";
import { type Client, keyOf, LEDGER, opOf, patience } from "./client.ts";
import { contentOf, keysOf } from "./read-back.ts";

const ANSWER_MS = 30_000;

/** The objects of the ledger at the door that clients reach. A removal in a bucket with versions leaves the object behind a delete marker. */
export function objectElements(door: () => Client): Elements {
  const read = (op: string) => contentOf(door(), keyOf(op));
  return {
    ids: async () => (await keysOf(door())).map(opOf),
    read,
    async remove(op) {
      await door().s3.send(new DeleteObjectCommand({ Bucket: LEDGER, Key: keyOf(op) }), patience(ANSWER_MS));
    },
    async write(op, payload) {
      if ((await read(op)) !== null) return false;
      const Metadata = { op, sha256: contentSha256({ op, payload, transfer: null }) };
      const put = new PutObjectCommand({ Bucket: LEDGER, Key: keyOf(op), Body: payload, Metadata });
      await door().s3.send(put, patience(ANSWER_MS));
      return true;
    },
  };
}
