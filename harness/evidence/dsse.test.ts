import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { bundleFromJSON } from "@sigstore/bundle";
import type { PublicKey } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { describe, expect, test } from "vitest";
import { PAYLOAD_TYPE, pae, parseBundle, signBundle, verifySigned } from "./dsse.ts";
import { canonicalJson } from "./json.ts";
import { fileSigner } from "./keys.ts";

// The example of the specification (secure-systems-lab/dsse, protocol.md): made by its reference implementation in Python.
const coordinate = (decimal: bigint): string =>
  Buffer.from(decimal.toString(16).padStart(64, "0"), "hex").toString("base64url");
const specKey = createPublicKey({
  format: "jwk",
  key: {
    kty: "EC",
    crv: "P-256",
    x: coordinate(46950820868899156662930047687818585632848591499744589407958293238635476079160n),
    y: coordinate(5640078356564379163099075877009565129882514886557779369047442380624545832820n),
  },
});
const SPEC_SIGNATURE = "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==";

test("the specification's encoding, and its signature over it, made elsewhere", () => {
  const encoded = pae("http://example.com/HelloWorld", Buffer.from("hello world"));
  expect(encoded.toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  const key = { key: specKey, dsaEncoding: "ieee-p1363" } as const;
  expect(verify("sha256", encoded, key, Buffer.from(SPEC_SIGNATURE, "base64"))).toBe(true);
});

test("lengths count bytes, not characters", () => {
  expect(pae("\u00e9", Buffer.from("\u2014")).toString()).toBe("DSSEv1 2 \u00e9 3 \u2014");
});

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const signer = fileSigner(privateKey, "attested");
const payload = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
const bundle = await signBundle(payload, signer);

test("what was signed is read back and verifies", () => {
  const signed = parseBundle(bundle, "the bundle");
  expect(signed.payload.equals(payload)).toBe(true);
  expect(() => verifySigned(signed, publicKey, "the bundle")).not.toThrow();
});

test("@sigstore/verify, offline and with nothing but the public key, accepts the bundle and refuses a changed one", () => {
  const keys = { [parseBundle(bundle, "b").hint]: { rawBytes: signer.spki } as PublicKey };
  const nothing = { mediaType: "", certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
  const verifier = new Verifier(toTrustMaterial(nothing, keys), {
    tlogThreshold: 0,
    ctlogThreshold: 0,
    timestampThreshold: 0,
  });
  const parsed = JSON.parse(bundle.toString()) as { dsseEnvelope: { payload: string } };
  verifier.verify(toSignedEntity(bundleFromJSON(parsed)));
  parsed.dsseEnvelope.payload = Buffer.from(`${payload.toString()} `).toString("base64");
  expect(() => verifier.verify(toSignedEntity(bundleFromJSON(parsed)))).toThrow(/signature verification failed/);
});

test("another key's signature and another key's hint are refused", async () => {
  const attacker = fileSigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "attested");
  const forged = parseBundle(await signBundle(payload, attacker), "b");
  expect(() => verifySigned(forged, publicKey, "b")).toThrow(/not one by the pinned key/);
  const relabelled = { ...parseBundle(bundle, "b"), hint: forged.hint };
  expect(() => verifySigned(relabelled, publicKey, "b")).toThrow(/names another key/);
});

describe("a bundle of another shape is refused", () => {
  interface Editable {
    [key: string]: unknown;
    verificationMaterial: Record<string, unknown>;
    dsseEnvelope: { payload: string; payloadType: string; signatures: Record<string, unknown>[] };
  }
  const changed = (change: (b: Editable) => void): Buffer => {
    const copy = JSON.parse(bundle.toString()) as Editable;
    change(copy);
    return Buffer.from(canonicalJson(copy));
  };
  test.each<[string, Buffer, RegExp]>([
    [
      "two signatures",
      changed((b) => b.dsseEnvelope.signatures.push(b.dsseEnvelope.signatures[0]!)),
      /exactly one signature/,
    ],
    ["no signature", changed((b) => b.dsseEnvelope.signatures.pop()), /signature/],
    ["a keyid, which cosign rejects", changed((b) => (b.dsseEnvelope.signatures[0]!["keyid"] = "1")), /keyid/],
    ["another payload type", changed((b) => (b.dsseEnvelope.payloadType = "text/plain")), /payloadType/],
    ["another media type", changed((b) => (b["mediaType"] = "application/json")), /mediaType/],
    ["a certificate", changed((b) => (b.verificationMaterial["certificate"] = { rawBytes: "" })), /certificate/],
    ["an empty payload", changed((b) => (b.dsseEnvelope.payload = "")), /not base64/],
    ["url base64", changed((b) => (b.dsseEnvelope.signatures[0]!["sig"] = "-_-_")), /not base64/],
    ["base64 with spare bits", changed((b) => (b.dsseEnvelope.payload = "QR==")), /not base64/],
    ["an added key", changed((b) => (b["note"] = "x")), /note/],
    ["spaces", Buffer.from(bundle.toString().replace(":", ": ")), /not written as/],
    ["a key twice", Buffer.from(bundle.toString().replace("{", '{"mediaType":"x",')), /not written as/],
    ["two documents", Buffer.concat([bundle, bundle]), /not JSON/],
    ["300 kB of brackets", Buffer.from("[".repeat(300_000)), /deeper than 64/],
    ["brackets in a string only", Buffer.from(`"${"[".repeat(300_000)}"`), /wrong shape/],
    ["bytes that are no text", Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/],
    ["nothing", Buffer.alloc(0), /not JSON/],
    ["null", Buffer.from("null\n"), /wrong shape/],
  ])("%s", (_what, bytes, message) => {
    expect(() => parseBundle(bytes, "the bundle")).toThrow(message);
  });
});

test("the payload type is the one that cosign looks for", () => {
  expect(PAYLOAD_TYPE).toBe("application/vnd.in-toto+json");
});
