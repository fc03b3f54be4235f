import { realpathSync } from "node:fs";
import { sep } from "node:path";
import type { Argv } from "yargs";
import { usage } from "../errors.ts";
import { readPublicKey } from "../evidence/keys.ts";
import { refusal } from "../evidence/refusal.ts";
import type { PinnedKey } from "../evidence/verify-checks.ts";
import { visible } from "../text.ts";

/** What a command needs that believes packs only under keys that its user trusts. */
export interface KeyOptions {
  readonly "public-key": readonly string[];
  readonly fingerprint: readonly string[];
}

export const keyOptions = <T>(yargs: Argv<T>) =>
  yargs
    .option("public-key", {
      type: "string",
      array: true,
      nargs: 1, // or the list would swallow the word that follows it
      default: [] as string[],
      describe: "PEM file of a key you trust; never one that came with a pack",
    })
    .option("fingerprint", {
      type: "string",
      array: true,
      nargs: 1,
      default: [] as string[],
      describe: "SHA-256 of such a key's SPKI, hex",
    });

/** The keys that were given; exit 2 or 6 where one is none, before anything else is read. */
export const pinned = ({ "public-key": files, fingerprint: prints }: KeyOptions): PinnedKey[] => [
  ...files.map(readPublicKey),
  ...prints.map(fingerprint),
];

/** A key that lies in the pack is the attacker's choice, whoever the attacker is. */
export function refuseKeysFrom(dir: string, { "public-key": files }: KeyOptions): void {
  const inside = files.find((file) => realpathSync(file).startsWith(`${realpathSync(dir)}${sep}`));
  if (inside === undefined) return;
  throw refusal(
    `The public key ${visible(inside)} lies in the pack: whoever changed the pack could have put it there`,
    "get the key from the owner of the drills by another way",
  );
}

function fingerprint(text: string): string {
  const hex = text.toLowerCase().replaceAll(":", "");
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw usage(
    `The fingerprint ${visible(text)} is not 64 hexadecimal digits`,
    "openssl pkey -pubin -in KEY -outform DER | sha256sum",
  );
}
