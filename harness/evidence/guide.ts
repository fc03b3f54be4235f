import { grouped } from "../text.ts";
import { PREDICATE_TYPES, type ReportPredicate } from "./statement.ts";

/** VERIFY.md: how to check a pack without trusting whoever handed it over. */
export const guideFor = ({
  run,
  class: evidenceClass,
  signer,
  journal,
  ledger,
}: ReportPredicate): string => `# How to verify this pack

Run \`${run}\`, evidence class **${evidenceClass}**. Every file of this folder is named with its SHA-256 in
\`report.sigstore.json\`, which is signed; \`ledger/\` holds the proof that the run stands in the run ledger.

A signature is worth as much as the key you check it with. **Get the public key from the owner of the drills by another way than
this pack** (never from this folder), and compare its fingerprint:

    openssl pkey -pubin -in drill.pub.pem -outform DER | sha256sum

This pack claims to be signed by \`${signer.fingerprint}\`. That claim proves nothing by itself.

\`raw/selftest.sigstore.json\`, where there is one, is a statement of its own, signed with the same key before the drill: what the
evaluator made of records and drills whose truth is known. The intent names its digest.

\`raw/acceptances/\`, where there is such a folder, has the risks that people had accepted before the drill; the intent names them.
Whose signatures they are, by your own list of who may:

    ssh-keygen -Y verify -n drill-risk -f allowed_signers -I who@example.com -s raw/acceptances/<id>.yaml.sig < raw/acceptances/<id>.yaml

## With openssl, jq and coreutils

    ./verify.sh drill.pub.pem
    ./verify.sh --tsa-certificate tsa-root.pem drill.pub.pem attested     # refuses a development run
    ./verify.sh --allowed-signers allowed_signers drill.pub.pem           # and who signed it off; needs ssh-keygen

The script is short: read it first, or use a copy that you trust (\`sh trusted-verify.sh drill.pub.pem development <this folder>\`).
It checks the signatures of the report, of the intent and of the selftest over the DSSE encoding, the payload and predicate types,
the digest of every file, and that no file was added. With the root of the time-stamp authority that you trust it checks when intent
and report were signed; attested evidence rests on that and is refused without. With a file of those who may sign off it checks the
signatures in \`../signoffs/${run}/\`. It says what it did not check.

## With cosign (one file at a time; it does not check the type)

    echo '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}' > empty-root.json
    cosign verify-blob-attestation --key drill.pub.pem --bundle report.sigstore.json --trusted-root empty-root.json \\
      --insecure-ignore-tlog --type ${PREDICATE_TYPES.report[evidenceClass]} views/report.json

## With Blackstart (everything: also the journal's chain, the order of intent and fault, the ledger, and the verdict again)

    blackstart verify . --public-key drill.pub.pem --recompute
    blackstart verify . --public-key drill.pub.pem --recompute --ledger <reports>/ledger --class attested \\
      --tsa-certificate tsa-root.pem --allowed-signers allowed_signers

The journal has ${grouped(journal.events)} events. The ledger's key is \`${ledger.key}\`.
`;

/** DEVELOPMENT.txt: says it to whoever never opens the statement. */
export const markerFor = ({ run, classReasons }: ReportPredicate): string =>
  [
    `The run ${run} is a development run and no evidence for an audit:`,
    "",
    ...classReasons.map((r) => `- ${r}`),
    "",
  ].join("\n");
