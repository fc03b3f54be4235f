/** The keys that whoever checks packs brings along, as options of a command. */
import { existsSync, realpathSync } from "node:fs";
import { sep } from "node:path";
import { messageOf, usage } from "../errors.ts";
import { readKeyring, type RuledKey } from "../evidence/keyring.ts";
import { readPublicKey } from "../evidence/keys.ts";
import { refusal } from "../evidence/refusal.ts";
import type { Trust, VerifyOptions } from "../evidence/verify.ts";
import { openWorm, type WormBucket, wormKeys, wormPlace } from "../worm.ts";
import { visible } from "../text.ts";

export type Pins = VerifyOptions["publicKeys"];

export interface PinArguments {
  readonly publicKey: readonly string[];
  readonly fingerprint: readonly string[];
  readonly keyring: readonly string[];
  readonly tsaCertificate: readonly string[];
  readonly worm: boolean;
}

const list = {
  type: "string",
  array: true,
  nargs: 1, // or the list would swallow the pack that follows it
  default: [],
} as const;

export const pinOptions = (publicKey: string) => ({
  "public-key": { ...list, describe: `PEM file of a key you trust${publicKey}` },
  fingerprint: { ...list, describe: "SHA-256 of such a key's SPKI, hex" },
  keyring: { ...list, describe: "YAML file of keys you trust, with what they may sign and until when" },
  "tsa-certificate": { ...list, describe: "PEM file with the root of a time-stamp authority you trust" },
  worm: {
    type: "boolean",
    default: false,
    describe: "Look into the bucket of BLACKSTART_WORM_BUCKET, with the reader's keys",
  } as const,
});

/** Exit 2 for what is no key and no fingerprint, 5 for a key that lies in one of the packs (real paths) that it is to vouch for. */
export const pinsOf = ({ publicKey, fingerprint, keyring }: PinArguments, packs: readonly string[]): Pins => [
  ...keyring.flatMap((file) => trustedKeys(file, packs)),
  ...publicKey.map((file) => trustedKey(file, packs)),
  ...fingerprint.map(fingerprintOf),
];

/** A key that lies in a pack is the attacker's choice, whoever the attacker is. */
function trustedKey(file: string, packs: readonly string[]): ReturnType<typeof readPublicKey> {
  const key = readKey(file);
  refuseFrom(file, packs, "public key");
  return key;
}

function trustedKeys(file: string, packs: readonly string[]): RuledKey[] {
  const keys = readKeyring(file);
  refuseFrom(file, packs, "keyring");
  return keys;
}

function refuseFrom(file: string, packs: readonly string[], what: string): void {
  const real = realpathSync(file);
  if (!packs.some((pack) => real.startsWith(`${pack}${sep}`))) return;
  throw refusal(
    `The ${what} ${visible(file)} lies in the pack: whoever changed the pack could have put it there`,
    "get it from the owner of the drills by another way",
  );
}

/** A drill that cannot sign lacks something (exit 6); whoever names a wrong key to check with has misspoken. */
function readKey(file: string): ReturnType<typeof readPublicKey> {
  try {
    return readPublicKey(file);
  } catch (thrown) {
    throw usage(messageOf(thrown), "name the PEM file of a P-256 public key");
  }
}

function fingerprintOf(text: string): string {
  const hex = text.toLowerCase().replaceAll(":", "");
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw usage(
    `The fingerprint ${visible(text)} is not 64 hexadecimal digits`,
    "openssl pkey -pubin -in KEY -outform DER | sha256sum",
  );
}

/** Everything of these options at once; the packs are those (real paths) that it is to vouch for. */
export const trustOf = async (given: PinArguments, packs: readonly string[]): Promise<Trust> => ({
  publicKeys: pinsOf(given, packs),
  tsaCertificates: authoritiesOf(given, packs),
  ...(given.worm && { worm: await readersBucket() }),
});

async function readersBucket(): Promise<WormBucket> {
  const place = wormPlace(process.env);
  if (place === null) throw usage("--worm was given, and BLACKSTART_WORM_BUCKET names no bucket");
  return openWorm(place, wormKeys(process.env, "reader"));
}

/** Exit 2 for a file that is not there, 5 for one that lies in one of the packs that it is to vouch for. */
function authoritiesOf({ tsaCertificate }: PinArguments, packs: readonly string[]): readonly string[] {
  for (const file of tsaCertificate) {
    if (!existsSync(file)) throw usage(`The certificate ${visible(file)} is not there`);
    refuseFrom(file, packs, "certificate");
  }
  return tsaCertificate;
}

/** The same for a file of allowed signers. */
export function signersOf(option: string, file: string | undefined, packs: readonly string[]): string | undefined {
  if (file === undefined) return undefined;
  if (!existsSync(file)) throw usage(`${option}: ${visible(file)} is not there`);
  refuseFrom(file, packs, "file of allowed signers");
  return file;
}
