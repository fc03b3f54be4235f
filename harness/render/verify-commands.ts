import type { EvidenceClass, Report } from "../report.ts";
import { PREDICATE_TYPES } from "../evidence/statement.ts";

interface VerifyCommand {
  readonly what: string;
  readonly command: string;
}

/** Six ways to doubt the report, from "is this the key" to "count it yourself", run in the folder of the pack. */
export function verifyCommands({ keyFingerprint, class: evidence }: Report): VerifyCommand[] {
  // Attested evidence rests on its time stamps: who checks it names the authority too.
  const [setUp, authority] =
    evidence === "attested" ? ["\nTSA=/path/to/tsa-root.pem", ` --tsa-certificate "$TSA"`] : ["", ""];
  return [
    {
      what: `Is it the key you pinned? This report claims ${keyFingerprint ?? "no key"}.`,
      command: `KEY=/path/to/drill.pub.pem${setUp}
openssl pkey -pubin -in "$KEY" -outform DER | sha256sum`,
    },
    {
      what: "Signatures, and every file, with openssl, jq and coreutils only.",
      command: `./verify.sh${authority} "$KEY"`,
    },
    {
      what: "What exactly was signed, in clear text.",
      command: "jq -r .dsseEnvelope.payload report.sigstore.json | base64 -d | jq .",
    },
    {
      what: "Count the lost writes yourself: acknowledged by a store, and not read back from it.",
      command: `jq -r 'select(.outcome == "ok") | [.store, .op] | @tsv' raw/operations.jsonl | sort > /tmp/acknowledged
jq -r '[.store, .op] | @tsv' raw/recovered.jsonl | sort -u | comm -23 /tmp/acknowledged - | wc -l`,
    },
    { what: "The same signature over any one file, with cosign.", command: cosign(evidence) },
    {
      what: "Everything, with the verdict and the figures made again from the raw files.",
      command: `blackstart verify . --public-key "$KEY"${authority} --recompute`,
    },
  ];
}

const cosign = (evidence: EvidenceClass): string =>
  `echo '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}' > /tmp/empty-root.json
cosign verify-blob-attestation --key "$KEY" --bundle report.sigstore.json --trusted-root /tmp/empty-root.json \\
  --insecure-ignore-tlog --type ${PREDICATE_TYPES.report[evidence]} views/report.html`;
