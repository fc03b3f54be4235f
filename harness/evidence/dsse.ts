/**
 * The envelope (https://github.com/secure-systems-lab/dsse, v1) and the Sigstore bundle v0.3 it is shipped in. What cosign 2.5
 * and @sigstore/verify need, as tried: no `keyid`, base64(sha256(SPKI)) as the hint, exactly one signature, this payload type.
 */
import { createHash, verify, type KeyObject } from "node:crypto";
import { z } from "zod";
import { canonicalJson, fromBase64, parseCanonical } from "./json.ts";
import { spkiOf, type Signer } from "./keys.ts";
import { refusal } from "./refusal.ts";
import type { Stamper } from "./timestamp.ts";

export const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

const bundleSchema = z.strictObject({
  mediaType: z.literal(MEDIA_TYPE),
  verificationMaterial: z.strictObject({
    publicKey: z.strictObject({ hint: z.string() }),
    timestampVerificationData: z
      .strictObject({
        rfc3161Timestamps: z.tuple([z.strictObject({ signedTimestamp: z.string() })], "one time stamp is expected"),
      })
      .optional(),
  }),
  dsseEnvelope: z.strictObject({
    payload: z.string(),
    payloadType: z.literal(PAYLOAD_TYPE),
    signatures: z.tuple([z.strictObject({ sig: z.string() })], "exactly one signature is expected"),
  }),
});

export interface SignedPayload {
  readonly payload: Buffer;
  readonly signature: Buffer;
  /** Which key is said to have signed. A hint and no more: trust comes from what the verifier pinned. */
  readonly hint: string;
  /** TimeStampResp over the signature (RFC 3161); null where nobody was asked for one. */
  readonly timestamp: Buffer | null;
}

/** Pre-authentication encoding: `DSSEv1 <length> <type> <length> <payload>`, lengths in bytes (DSSE v1, protocol.md). */
export function pae(payloadType: string, payload: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `),
    payload,
  ]);
}

const hintOf = (spki: Uint8Array): string => createHash("sha256").update(spki).digest("base64");

/** The bytes of a bundle file over `payload`, with a time stamp over the signature where there is somebody to ask for one. */
export async function signBundle(payload: Buffer, signer: Signer, stamper: Stamper | null = null): Promise<Buffer> {
  const signature = await signer.sign(pae(PAYLOAD_TYPE, payload));
  const timestamp = stamper && (await stamper.stamp(signature));
  const bundle: z.input<typeof bundleSchema> = {
    mediaType: MEDIA_TYPE,
    verificationMaterial: {
      publicKey: { hint: hintOf(signer.spki) },
      ...(timestamp && {
        timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: timestamp.toString("base64") }] },
      }),
    },
    dsseEnvelope: {
      payload: payload.toString("base64"),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: signature.toString("base64") }],
    },
  };
  return Buffer.from(canonicalJson(bundle));
}

/** What a bundle holds, not yet verified. Refuses (exit 5) any other shape, media type, payload type or number of signatures. */
export function parseBundle(bytes: Buffer, what: string): SignedPayload {
  const bundle = parseCanonical(bytes, what, bundleSchema);
  const stamped = bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps[0].signedTimestamp;
  return {
    payload: fromBase64(bundle.dsseEnvelope.payload, `the payload of ${what}`),
    signature: fromBase64(bundle.dsseEnvelope.signatures[0].sig, `the signature of ${what}`),
    hint: bundle.verificationMaterial.publicKey.hint,
    timestamp: stamped === undefined ? null : fromBase64(stamped, `the time stamp of ${what}`),
  };
}

/** Refuses (exit 5) unless this key has signed it and the hint says so too. */
export function verifySigned(signed: SignedPayload, key: KeyObject, what: string): void {
  if (!verify("sha256", pae(PAYLOAD_TYPE, signed.payload), key, signed.signature))
    throw refusal(`The signature of ${what} is not one by the pinned key over this payload`);
  if (signed.hint !== hintOf(spkiOf(key))) throw refusal(`${what} names another key than the one that signed it`);
}
