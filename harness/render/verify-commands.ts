import type { Report } from "../report.ts";

export interface VerifyCommand {
  readonly what: string;
  readonly command: string;
}

/** Six ways to doubt the report, from "is this the key" to "count it yourself". `key.pub` is the reader's own pinned copy. */
export function verifyCommands({ keyFingerprint }: Report): VerifyCommand[] {
  return [
    {
      what: `Is it the key you pinned? The report names ${keyFingerprint ?? "no key"}.`,
      command: "openssl pkey -pubin -in key.pub -outform DER | openssl dgst -sha256 -binary | base64",
    },
    { what: "Signature and every file, with openssl, jq and sha256sum only.", command: "sh verify.sh key.pub" },
    {
      what: "What exactly was signed, in clear text.",
      command: "jq -r .dsseEnvelope.payload report.sigstore.json | base64 -d | jq .",
    },
    {
      what: "Count the lost writes yourself: acknowledged and not read back.",
      command: `jq -r 'select(.outcome == "ok") | .op' raw/operations.jsonl | sort > acknowledged
jq -r .op raw/recovered.jsonl | sort -u | comm -23 acknowledged - | wc -l`,
    },
    {
      what: "The same signature over any one file, with cosign.",
      command:
        "cosign verify-blob-attestation --key key.pub --bundle report.sigstore.json --insecure-ignore-tlog --trusted-root empty-root.json --check-claims views/report.html",
    },
    {
      what: "Verdict and figures made again from the raw files.",
      command: "blackstart verify . --public-key key.pub --recompute",
    },
  ];
}
