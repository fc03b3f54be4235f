import { createHash, createHmac } from "node:crypto";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { type Endpoint, REGION, urlOf } from "./client.ts";
import { text as textOf } from "node:stream/consumers";
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
export async function askSigned(
  at: Endpoint,
  { method, path, query = "", body = "", headers: more = {} }: SignedRequest,
  { accessKeyId, secretAccessKey }: Credentials,
  timeoutMs: number,
): Promise<Answer> {
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${time.slice(0, 8)}/${REGION}/s3/aws4_request`;
  const { host } = new URL(urlOf(at));
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
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const target = `${path}${query && `?${query}`}`;
  return ask(at, { method, path: target, headers: { ...sent, authorization }, body }, timeoutMs);
}

export interface Answer {
  readonly status: number;
  readonly ok: boolean;
  readonly text: string;
}

/** One request on a connection of its own. Not by fetch, which cannot be told whom to trust. */
export async function ask(
  at: Endpoint,
  asked: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;
  },
  timeoutMs: number,
): Promise<Answer> {
  const { method, path, headers = {}, body = "" } = asked;
  const options = {
    method,
    path,
    port: at.port,
    host: "127.0.0.1",
    agent: false as const,
    signal: AbortSignal.timeout(timeoutMs),
  };
  const length = { "content-length": String(Buffer.byteLength(body)) };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sending = { ...options, headers: { ...headers, ...length } };
    const sent = at.caPem === null ? plainRequest(sending) : tlsRequest({ ...sending, ca: at.caPem });
    sent.once("response", resolve).on("error", reject).end(body);
  });
  const status = answer.statusCode ?? 0;
  return { status, ok: status >= 200 && status < 300, text: await textOf(answer) };
}
