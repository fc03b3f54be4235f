/**
 * Signed notes (https://c2sp.org/signed-note) and checkpoints (https://c2sp.org/tlog-checkpoint): the head of the run ledger in
 * the form that transparency logs and their witnesses read. Ed25519 only.
 */
import { createHash, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { fromBase64 } from "./json.ts";
import { refusal } from "./refusal.ts";

const ED25519 = 1;
/** What stands before the 32 bytes of an Ed25519 key in its SPKI (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const MAX_SIGNATURES = 16;

/** The head of a ledger: how many entries it has and their Merkle root. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

const rawKey = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ type: "spki", format: "der" }).subarray(SPKI_PREFIX.length);

const keyId = (name: string, raw: Buffer): Buffer =>
  createHash("sha256").update(`${name}\n`).update(Buffer.of(ED25519)).update(raw).digest().subarray(0, 4);

/** The verifier key `name+id+base64`, which names the key and holds it. Takes a private or a public Ed25519 key. */
export function verifierKey(name: string, key: KeyObject): string {
  const raw = rawKey(key);
  return `${name}+${keyId(name, raw).toString("hex")}+${Buffer.concat([Buffer.of(ED25519), raw]).toString("base64")}`;
}

function parseVerifierKey(text: string): { name: string; id: Buffer; key: KeyObject } {
  const [name, idHex, ...base64] = text.split("+");
  const bytes = fromBase64(base64.join("+"), "the ledger's key");
  const raw = bytes.subarray(1);
  if (
    !name ||
    /\s/.test(name) ||
    bytes[0] !== ED25519 ||
    raw.length !== 32 ||
    keyId(name, raw).toString("hex") !== idHex
  )
    throw refusal("The ledger's key is not an Ed25519 verifier key (name+id+base64, c2sp.org/signed-note)");
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
  return { name, id: Buffer.from(idHex, "hex"), key };
}

/** The note: `text` (which ends in a newline), an empty line, and one signature line. */
export function signNote(text: string, name: string, privateKey: KeyObject): string {
  const signature = Buffer.concat([keyId(name, rawKey(privateKey)), sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n\u2014 ${name} ${signature.toString("base64")}\n`;
}

/** The text of a note that this key has signed; refuses any other (exit 5). Signatures by other keys are ignored, as the format says. */
export function openNote(note: string, vkey: string): string {
  const end = note.lastIndexOf("\n\n");
  const { name, id, key } = parseVerifierKey(vkey);
  const lines = note.slice(end + 2).split("\n");
  if (end < 0 || lines.pop() !== "" || lines.length > MAX_SIGNATURES)
    throw refusal("The checkpoint is not a signed note");
  const text = note.slice(0, end + 1);
  for (const line of lines) {
    const [dash, signedBy, base64] = line.split(" ");
    if (dash !== "\u2014" || signedBy === undefined || base64 === undefined)
      throw refusal("The checkpoint has a malformed signature line");
    const signature = fromBase64(base64, "a signature of the checkpoint");
    if (signedBy !== name || !signature.subarray(0, 4).equals(id)) continue;
    if (verify(null, Buffer.from(text), key, signature.subarray(4))) return text;
    throw refusal("The checkpoint's signature does not match its text");
  }
  throw refusal(`The checkpoint is not signed by ${name}, the ledger's key`);
}

export const signCheckpoint = (head: Checkpoint, privateKey: KeyObject): string =>
  signNote(`${head.origin}\n${head.size}\n${head.root.toString("base64")}\n`, head.origin, privateKey);

/** The head that this key has signed. The origin is the name of the key. */
export function openCheckpoint(note: string, vkey: string): Checkpoint {
  const [origin, size, root, ...rest] = openNote(note, vkey).split("\n");
  if (rest.length !== 1 || rest[0] !== "" || !/^(0|[1-9]\d{0,8})$/.test(size ?? ""))
    throw refusal("The checkpoint is not three lines: origin, size, root");
  if (origin !== vkey.split("+")[0]) throw refusal("The checkpoint belongs to another ledger");
  return { origin: origin!, size: Number(size), root: fromBase64(root!, "the root of the checkpoint") };
}
