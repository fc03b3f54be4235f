import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { rootOf } from "./merkle.ts";
import { openCheckpoint, openNote, signCheckpoint, signNote, verifierKey } from "./note.ts";

// The example of golang.org/x/mod/sumdb/note, where the format comes from.
const VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const SEED = Buffer.from("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz", "base64").subarray(1);
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const NOTE = `${TEXT}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;
/** PKCS #8 of an Ed25519 seed (RFC 8410). */
const peter = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SEED]),
  format: "der",
  type: "pkcs8",
});

test("the reference note is signed and opened byte for byte", () => {
  expect(verifierKey("PeterNeumann", peter)).toBe(VKEY);
  expect(signNote(TEXT, "PeterNeumann", peter)).toBe(NOTE);
  expect(openNote(NOTE, VKEY)).toBe(TEXT);
});

const other = generateKeyPairSync("ed25519").privateKey;

test("signatures by keys we do not know are ignored, as the format demands", () => {
  const second = signNote(TEXT, "witness.example", other).split("\n\n")[1]!;
  expect(openNote(NOTE + second, VKEY)).toBe(TEXT);
});

test.each([
  ["a changed text", NOTE.replace("cryptography", "Cryptography"), /does not match its text/],
  ["another key of the same name", signNote(TEXT, "PeterNeumann", other), /not signed by PeterNeumann/],
  ["no signature", `${TEXT}\n`, /not signed by/],
  ["no empty line", TEXT, /not a signed note/],
  ["no newline at the end", NOTE.trimEnd(), /not a signed note/],
  ["a hyphen for the dash", NOTE.replace("\u2014", "-"), /malformed/],
  ["a signature that is not base64", NOTE.replace("x08g", "x0*g"), /not base64/],
  ["a hundred signatures", NOTE + NOTE.split("\n\n")[1]!.repeat(99), /not a signed note/],
])("a note with %s is refused", (_what, note, message) => {
  expect(() => openNote(note, VKEY)).toThrow(message);
});

const origin = "blackstart.dev/ledger/1";
const vkey = verifierKey(origin, other);

test("a checkpoint is origin, size and root under the ledger's own signature", () => {
  const note = signCheckpoint({ origin, size: 12, root: rootOf([]) }, other);
  expect(note.split("\n").slice(0, 3)).toEqual([origin, "12", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]);
  expect(openCheckpoint(note, vkey)).toEqual({ origin, size: 12, root: rootOf([]) });
});

test.each([
  ["a negative size", `${origin}\n-1\n${rootOf([]).toString("base64")}\n`],
  ["a padded size", `${origin}\n012\n${rootOf([]).toString("base64")}\n`],
  ["no root", `${origin}\n12\n`],
  ["a foreign origin", `another\n12\n${rootOf([]).toString("base64")}\n`],
])("a checkpoint with %s is refused although it is signed", (_what, text) => {
  expect(() => openCheckpoint(signNote(text, origin, other), vkey)).toThrow(/checkpoint/);
});

test.each([
  "",
  "name",
  "name+00000000+AQ==",
  "a b+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  VKEY.replace("c74f", "c74e"),
])("%j is not a verifier key", (text) => {
  expect(() => openNote(NOTE, text)).toThrow(/key/);
});
