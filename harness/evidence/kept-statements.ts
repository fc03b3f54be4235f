/** A folder of signed statements of one kind, the oldest first by name. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { parseBundle, verifySigned } from "./dsse.ts";
import { createFile, exists, readBounded, sha256 } from "./files.ts";
import type { Signer } from "./keys.ts";

const SUFFIX = ".sigstore.json";
/** Of one statement. */
export const STATEMENT_BYTES = 8 * 2 ** 20;
/** Older ones are not looked at: a folder of thousands must not hold a drill up. */
const MOST_READ = 100;

/** Keeps a bundle under the time that it speaks of (ISO 8601, UTC). */
export function keepStatement(dir: string, when: string, bundle: Buffer): { file: string; sha256: string } {
  const digest = sha256(bundle);
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${when.slice(0, 19).replaceAll(":", "-")}Z-${digest.slice(0, 8)}${SUFFIX}`);
  createFile(file, bundle);
  return { file, sha256: digest };
}

export interface Kept<T> {
  readonly bytes: Buffer;
  readonly predicate: T;
}

/**
 * What `read` makes of the statements that this key signed, and in words which files were not used: signed by another key, or not
 * to be read.
 */
export function keptStatements<T>(
  dir: string,
  { spki }: Pick<Signer, "spki">,
  read: (bytes: Buffer, what: string) => T,
): { found: Kept<T>[]; passedOver: string[] } {
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  const found: Kept<T>[] = [];
  const passedOver: string[] = [];
  const names = exists(dir) ? readdirSync(dir).filter((name) => name.endsWith(SUFFIX)) : [];
  for (const name of names.toSorted().slice(-MOST_READ)) {
    try {
      found.push(open(join(dir, name), name, key, read));
    } catch (thrown) {
      passedOver.push(messageOf(thrown));
    }
  }
  return { found, passedOver };
}

function open<T>(path: string, what: string, key: KeyObject, read: (bytes: Buffer, what: string) => T): Kept<T> {
  const bytes = readBounded(path, what, STATEMENT_BYTES);
  verifySigned(parseBundle(bytes, what), key, what);
  return { bytes, predicate: read(bytes, what) };
}
