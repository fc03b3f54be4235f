import { createHash, createHmac } from "node:crypto";
import { REGION } from "./client.ts";
import type { Credentials } from "./provider.ts";

const sha256 = (text: string | Uint8Array): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  /** In the order of its names. */
  readonly query?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Names in lower case and in their order, behind those that every request has (x-amz-date). */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A request that is signed as S3 wants it (AWS Signature Version 4), for what lies beside S3 itself: a product's own administration.
 */
export async function signedFetch(
  port: number,
  { method, path, query = "", body = "", headers: more = {} }: SignedRequest,
  { accessKeyId, secretAccessKey }: Credentials,
  timeoutMs: number,
): Promise<Response> {
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${time.slice(0, 8)}/${REGION}/s3/aws4_request`;
  const host = `127.0.0.1:${port}`;
  const hash = sha256(body);
  const headers = { host, "x-amz-content-sha256": hash, "x-amz-date": time, ...more };
  const names = Object.keys(headers).join(";");
  const canonical = [
    method,
    path,
    query,
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    "",
    names,
    hash,
  ].join("\n");
  const key = [REGION, "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${secretAccessKey}`, time.slice(0, 8)));
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`).toString("hex");
  const { host: _, ...sent } = headers;
  return fetch(`http://${host}${path}${query && `?${query}`}`, {
    method,
    headers: {
      ...sent,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    },
    ...(body.length > 0 && { body }),
    signal: AbortSignal.timeout(timeoutMs),
  });
}
