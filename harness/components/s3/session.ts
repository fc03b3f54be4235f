import { createHash } from "node:crypto";
import { GetObjectCommand, HeadBucketCommand, PutObjectCommand, type PutObjectCommandInput } from "@aws-sdk/client-s3";
import type { Session, WriteRequest, WriteResult } from "../../component.ts";
import type { ClientPath } from "../../node.ts";
import {
  type Client,
  codeOf,
  type Endpoint,
  keyOf,
  LEDGER,
  openClient,
  patience,
  PROBES,
  statusOf,
  wordsOf,
} from "./client.ts";
import type { S3Config } from "./config.ts";
import type { Credentials } from "./provider.ts";

const PROBE_KEY = "probe";

/** Every key that a client ever sent, so that it is looked for whether or not the store lists it. */
export interface Written {
  /** Hash of the content by key; of what was sent, acknowledged or not. */
  readonly sent: Map<string, string>;
  /** Those of it that were acknowledged, in the order of their acknowledgement. */
  readonly acknowledged: Map<string, string>;
  /** Keys that many operations write to, each a version of it. */
  readonly shared: Set<string>;
  /** The versions of shared keys that were acknowledged. */
  readonly versions: Map<string, { readonly key: string; readonly op: string }>;
}

/** What every session of a component shares. */
export interface SessionContext {
  readonly config: S3Config;
  readonly credentials: Credentials;
  /** The client path. */
  readonly at: Endpoint;
  readonly clients: ClientPath;
  readonly refusals: readonly string[];
  readonly written: Written;
}

/** One client of the ledger, on one connection of its own. Rejects when the bucket cannot be reached within the time. */
export async function openSession(context: SessionContext, timeoutMs: number): Promise<Session> {
  const client = openClient(context.at, context.credentials, 1);
  try {
    await client.s3.send(new HeadBucketCommand({ Bucket: LEDGER }), patience(timeoutMs));
    return new S3Session(client, context);
  } catch (thrown) {
    client.close();
    throw new Error(wordsOf(thrown), { cause: thrown });
  }
}

class S3Session implements Session {
  broken = false;
  readonly #client: Client;
  readonly #context: SessionContext;

  constructor(client: Client, context: SessionContext) {
    this.#client = client;
    this.#context = context;
  }

  async write({ op, element, payload, sha256, transfer }: WriteRequest, timeoutMs: number): Promise<WriteResult> {
    if (transfer) return { outcome: "fail", error: "an object store keeps no accounts, so nothing can be moved in it" };
    const { clients, config, written } = this.#context;
    const key = keyOf(element ?? op);
    if (element === undefined) written.sent.set(key, sha256);
    else written.shared.add(key);
    const node = clients.leadsTo;
    try {
      const answer = await this.#client.s3.send(
        new PutObjectCommand({
          Bucket: LEDGER,
          Key: key,
          Body: payload,
          ContentMD5: createHash("md5").update(payload).digest("base64"),
          Metadata: { op, sha256 },
          ...lockOf(config),
        }),
        patience(timeoutMs),
      );
      if (config.versioning && !answer.VersionId)
        return { outcome: "info", error: "acknowledged without the version that a versioned bucket makes" };
      if (element === undefined) written.acknowledged.set(key, sha256);
      else if (answer.VersionId) written.versions.set(answer.VersionId, { key, op });
      const version = answer.VersionId ? { version: answer.VersionId } : {};
      return { outcome: "ok", node: clients.leadsTo === node ? node : null, lineage: null, position: null, ...version };
    } catch (thrown) {
      if (statusOf(thrown) === undefined) this.close(); // no answer came, or half of one: the connection is of no further use
      return { outcome: outcomeOf(thrown, this.#context.refusals), error: wordsOf(thrown) };
    }
  }

  async probe(mode: "read" | "write", timeoutMs: number): Promise<void> {
    try {
      await probe(this.#client, mode, timeoutMs);
    } catch (thrown) {
      this.close();
      throw new Error(wordsOf(thrown), { cause: thrown });
    }
  }

  close(): void {
    this.broken = true;
    this.#client.close();
  }
}

/** Reads or writes one small object beside the ledger. */
export async function probe({ s3 }: Client, mode: "read" | "write", timeoutMs: number): Promise<void> {
  const at = { Bucket: PROBES, Key: PROBE_KEY };
  if (mode === "write") await s3.send(new PutObjectCommand({ ...at, Body: "probe" }), patience(timeoutMs));
  else await (await s3.send(new GetObjectCommand(at), patience(timeoutMs))).Body?.transformToByteArray();
}

/** The lock of one object, from now on. */
export function lockOf({ lock }: S3Config): Partial<PutObjectCommandInput> {
  if (!lock) return {};
  if (lock.mode === "legal-hold") return { ObjectLockLegalHoldStatus: "ON" };
  return {
    ObjectLockMode: lock.mode === "compliance" ? "COMPLIANCE" : "GOVERNANCE",
    ObjectLockRetainUntilDate: new Date(Date.now() + (lock.retention ?? 0)),
  };
}

/** Refused before anything was executed: 4xx, but for a request that the store did not get in time or in full. */
const UNFINISHED = ["RequestTimeout", "IncompleteBody", "RequestTimeTooSkewed"];

/** `fail` only where the store is known never to show the write later. */
export function outcomeOf(thrown: unknown, refusals: readonly string[]): "fail" | "info" {
  const status = statusOf(thrown);
  const code = codeOf(thrown);
  if (status === undefined || UNFINISHED.includes(code)) return "info";
  return (status >= 400 && status < 500) || refusals.includes(code) ? "fail" : "info";
}
