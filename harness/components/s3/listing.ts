import { type _Object, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { type Client, patience } from "./client.ts";

const ANSWER_MS = 30_000;

/** Every object that a plain listing shows, of all its pages, in the order of the store. */
export async function* listed(
  { s3 }: Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<_Object & { Key: string }> {
  let from: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: from }),
      patience(ANSWER_MS),
    );
    for (const object of page.Contents ?? []) yield { ...object, Key: object.Key ?? "" };
    from = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (from !== undefined);
}
