import { Agent as PlainAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { Credentials } from "./provider.ts";

/** Where the workloads write, and the probes, so that no probe is taken for an element of the ledger. */
export const LEDGER = "ledger";
export const PROBES = "probes";
export const PREFIX = "ops/";
export const REGION = "us-east-1";

export const keyOf = (op: string): string => `${PREFIX}${op}`;
export const opOf = (key: string): string => (key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key);

/** Where S3 is spoken on this machine. */
export interface Endpoint {
  readonly port: number;
  /** The one authority by which it must be known; null where it speaks without TLS. */
  readonly caPem: string | null;
}

export const urlOf = ({ port, caPem }: Endpoint): string => `${caPem === null ? "http" : "https"}://127.0.0.1:${port}`;

export interface Client {
  readonly s3: S3Client;
  /** Lets go of connections that nothing is under way on: one to a machine that fell silent looks open until it is used. */
  dropIdle(): void;
  /** Ends every connection at once, whatever is under way on it. */
  close(): void;
}

export function openClient(at: Endpoint, credentials: Credentials, connections: number): Client {
  return openClientOf({ url: urlOf(at), caPem: at.caPem, region: REGION }, credentials, connections);
}

/** A store anywhere. */
export interface Place {
  readonly url: string;
  /** The one authority by which it must be known; null for those of this machine, or without TLS. */
  readonly caPem: string | null;
  readonly region: string;
}

/**
 * A client with every patience set: the SDK retries by itself, which hides outages, adds checksums that some stores answer with a
 * nameless "Checksum mismatch", and has no timeout of its own (each command gets one by its abort signal).
 */
export function openClientOf({ url, caPem, region }: Place, credentials: Credentials, connections: number): Client {
  const patient = { keepAlive: true, maxSockets: connections };
  const agent = url.startsWith("https:")
    ? new TlsAgent({ ...patient, ...(caPem !== null && { ca: caPem }) })
    : new PlainAgent(patient);
  const s3 = new S3Client({
    endpoint: url,
    region,
    credentials: { ...credentials },
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      ...(agent instanceof TlsAgent ? { httpsAgent: agent } : { httpAgent: agent }),
      connectionTimeout: 0,
      requestTimeout: 0,
      socketAcquisitionWarningTimeout: 600_000,
    },
  });
  return {
    s3,
    dropIdle() {
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    },
    close() {
      s3.destroy();
      agent.destroy();
    },
  };
}

/** The status of an answer that said no; undefined where no answer came. */
export const statusOf = (thrown: unknown): number | undefined =>
  thrown instanceof S3ServiceException ? thrown.$metadata.httpStatusCode : undefined;

/** The code of an answer that said no (`NoSuchKey`, `SlowDownWrite`), empty where no answer came. */
export const codeOf = (thrown: unknown): string => (thrown instanceof S3ServiceException ? thrown.name : "");

/** An error in words: the SDK's own message is often empty or "UnknownError". */
export function wordsOf(thrown: unknown): string {
  const status = statusOf(thrown);
  const said = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return status === undefined ? said : `${status} ${codeOf(thrown)}: ${said}`;
}

export const patience = (ms: number): { abortSignal: AbortSignal } => ({
  abortSignal: AbortSignal.timeout(Math.max(1, Math.ceil(ms))),
});
