/**
 * A bucket that keeps what is put into it (write once, read many), outside of every stack under drill. The environment names it and
 * three sets of keys: the drill's may only put, the owner's are for the probe, the reader's for whoever verifies.
 */
import { existsSync, readFileSync } from "node:fs";
import { usage } from "./errors.ts";
import { visible } from "./text.ts";

export interface Retention {
  readonly mode: string | null;
  readonly until: Date | null;
}

export interface KeptObject {
  /** Of the bytes that came, lower-case hex. */
  readonly sha256: string;
  /** By the clock of the store. */
  readonly putAt: Date;
  readonly retention: Retention;
}

export interface ListedObject {
  readonly key: string;
  readonly version: string;
}

/** Every call rejects in words where the store gives no answer or says no. */
export interface WormBucket {
  /** `host[:port]/bucket`, as intents and probes name it. */
  readonly name: string;
  /** Under COMPLIANCE until then; resolves with the version. */
  put(key: string, bytes: Uint8Array, until: Date): Promise<string>;
  look(key: string, version: string): Promise<KeptObject>;
  /** Every version in the bucket, but for what a probe left. */
  list(): AsyncIterable<ListedObject>;
  close(): void;
}

/** One thing that was tried on a bucket. */
export interface Trial {
  readonly name: string;
  /** Whether it came out as it must for a bucket that evidence can rest on; what could not be tried did not. */
  readonly held: boolean;
  readonly detail: string;
}

export interface WormPlace {
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
  readonly caPem: string | null;
}

export interface WormKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** For how long backups' evidence must be kept at the least (ADR-004), and for how long it is where nobody says otherwise. */
export const RETENTION_FLOOR_DAYS = 90;
const RETENTION_DAYS = 400;
const MOST_DAYS = 36_500;
const LOCAL = ["127.0.0.1", "localhost", "[::1]"];
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export const nameOf = ({ url, bucket }: Pick<WormPlace, "url" | "bucket">): string => `${new URL(url).host}/${bucket}`;

/** The bucket that BLACKSTART_WORM_BUCKET names; null without it. Exit 2 where it cannot be one. */
export function wormPlace(env: Env): WormPlace | null {
  const text = env["BLACKSTART_WORM_BUCKET"];
  if (!text) return null;
  const url = URL.parse(text);
  const bucket = url?.pathname.slice(1) ?? "";
  if (!url || !["http:", "https:"].includes(url.protocol) || url.username || !BUCKET_NAME.test(bucket))
    throw usage(
      `BLACKSTART_WORM_BUCKET names no bucket: ${visible(text).slice(0, 200)}`,
      "write it as https://<host>[:<port>]/<bucket>, without keys",
    );
  if (url.protocol === "http:" && !isLocal({ url: url.origin }))
    throw usage(
      "BLACKSTART_WORM_BUCKET speaks without TLS to another machine",
      "evidence leaves this machine over https",
    );
  return { url: url.origin, bucket, region: env["BLACKSTART_WORM_REGION"] || "us-east-1", caPem: caOf(env) };
}

/** On this machine. */
export const isLocal = ({ url }: Pick<WormPlace, "url">): boolean => LOCAL.includes(new URL(url).hostname);

export function portOf({ url }: Pick<WormPlace, "url">): number {
  const { port, protocol } = new URL(url);
  return Number(port || (protocol === "https:" ? 443 : 80));
}

function caOf(env: Env): string | null {
  const file = env["BLACKSTART_WORM_CA"];
  if (!file) return null;
  if (!existsSync(file)) throw usage(`BLACKSTART_WORM_CA: ${visible(file)} is not there`);
  return readFileSync(file, "utf8");
}

const PREFIXES = { drill: "", owner: "OWNER_", reader: "READER_" } as const;

/** The keys of one of three: exit 2 where they are missing. */
export function wormKeys(env: Env, who: keyof typeof PREFIXES): WormKeys {
  const names = ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY"].map((name) => `BLACKSTART_WORM_${PREFIXES[who]}${name}`);
  const [accessKeyId, secretAccessKey] = names.map((name) => env[name]);
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  throw usage(`BLACKSTART_WORM_BUCKET is set, and ${names.join(" and ")} are not both`, `set the keys of the ${who}`);
}

/** How long what is put is kept, in days: BLACKSTART_WORM_RETENTION_DAYS, at least the floor. */
export function retentionDays(env: Env): number {
  const text = env["BLACKSTART_WORM_RETENTION_DAYS"];
  if (!text) return RETENTION_DAYS;
  const days = Number(text);
  if (Number.isInteger(days) && days >= RETENTION_FLOOR_DAYS && days <= MOST_DAYS) return days;
  throw usage(
    `BLACKSTART_WORM_RETENTION_DAYS is ${visible(text).slice(0, 40)}`,
    `whole days from ${RETENTION_FLOOR_DAYS}, the floor of ADR-004, to ${MOST_DAYS}; seven years are 2557`,
  );
}

/** The store's client is loaded only where a bucket is named. */
export async function openWorm(place: WormPlace, keys: WormKeys): Promise<WormBucket> {
  const { openWormBucket } = await import("./components/s3/worm.ts");
  return openWormBucket(place, keys);
}

/**
 * Whether the bucket keeps what it is given: every way around its lock with the owner's keys, and more than to put with the drill's,
 * on objects of its own with a retention of seconds. Takes half a minute.
 */
export async function probeWorm(
  place: WormPlace,
  keys: { readonly owner: WormKeys; readonly drill: WormKeys },
  signal: AbortSignal,
): Promise<Trial[]> {
  const { probeWormBucket } = await import("./components/s3/worm.ts");
  return probeWormBucket(place, keys, signal);
}
