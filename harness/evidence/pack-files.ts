import { join } from "node:path";
import { z } from "zod";
import type { HostFacts, ImageFacts } from "../history.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report.ts";
import { classify, type Classified } from "./class.ts";
import { parseBundle } from "./dsse.ts";
import { exists, readBounded, sha256 } from "./files.ts";
import { parseJson } from "./json.ts";
import { acceptedRisksOf } from "./risk-acceptance.ts";
import { SELFTEST, selftestOfPack } from "./selftest.ts";
import { parseStatement, type IntentPredicate } from "./statement.ts";
import { receiptOfPack } from "./worm.ts";
import { WORM } from "./worm-probe.ts";

/** The files of a pack that evidence itself reads or writes, by their names inside it. */
export const PACK = {
  intent: "intent.sigstore.json",
  report: "report.sigstore.json",
  checkpoint: "ledger/checkpoint",
  proof: "ledger/proof.json",
  scenario: "raw/scenario.yaml",
  plan: "raw/plan.json",
  policy: "raw/policy.yaml",
  journal: "raw/events.jsonl",
  host: "raw/host.json",
  images: "raw/images.json",
  /** Of the evaluator; only where one was on record. */
  selftest: SELFTEST,
  /** Of the bucket that keeps the intent; only where there is one. */
  wormProbe: WORM.probe,
  wormReceipt: WORM.receipt,
  reportJson: "views/report.json",
  guide: "VERIFY.md",
  script: "verify.sh",
  /** Stands in every development pack and in no other, for whoever looks at files and not at signatures. */
  marker: "DEVELOPMENT.txt",
} as const;

/** Made after the report was signed, and held by the ledger's own signature: the only files that are no subjects. */
export const UNSIGNED: readonly string[] = [PACK.report, PACK.checkpoint, PACK.proof];

const MIB = 2 ** 20;
/** The most that is read into memory of each kind of file; larger is refused. Other files are only hashed. */
export const MAX_BYTES = {
  bundle: 32 * MIB,
  json: 64 * MIB,
  journal: 128 * MIB,
  ledger: 128 * MIB,
  checkpoint: 16 * 1024,
  proof: 256 * 1024,
} as const;

const hostSchema = z.looseObject({
  evaluatorSha256: z.string(),
  dirty: z.boolean().nullable(),
  clockSynchronised: z.boolean().nullable(),
  preload: z.string().max(4096).nullable(),
});
const imagesSchema = z
  .array(z.looseObject({ name: z.string().max(500), digest: z.string().max(200).nullable() }))
  .max(200);
const planSchema = z.looseObject({
  schema: z.literal("blackstart/plan/v1"),
  scenario: z.looseObject({ id: z.string(), sha256: z.string() }),
  policy: z.looseObject({ id: z.string(), sha256: z.string() }),
  objectives: z.looseObject({}),
  expect: z.looseObject({}),
  overrides: z.array(z.string()),
  verify: z.array(z.string()),
  seed: z.number(),
});

export type IntentPlan = Pick<Plan, "objectives" | "expect" | "overrides" | "verify" | "seed" | "policy"> & {
  readonly scenario: { readonly id: string; readonly sha256: string };
};

/** The part of raw/plan.json that an intent repeats. */
export const readPlan = (dir: string): IntentPlan =>
  parseJson(
    readBounded(join(dir, PACK.plan), PACK.plan, MAX_BYTES.json),
    PACK.plan,
    planSchema,
  ) as unknown as IntentPlan;

/** null when the pack has no such file, as after a drill that broke off early. */
export function readHost(
  dir: string,
): Pick<HostFacts, "evaluatorSha256" | "dirty" | "clockSynchronised" | "preload"> | null {
  const path = join(dir, PACK.host);
  return exists(path) ? parseJson(readBounded(path, PACK.host, MAX_BYTES.json), PACK.host, hostSchema) : null;
}

function readImages(dir: string): Pick<ImageFacts, "name" | "digest">[] | null {
  const path = join(dir, PACK.images);
  return exists(path) ? parseJson(readBounded(path, PACK.images, MAX_BYTES.json), PACK.images, imagesSchema) : null;
}

/** The intent of a pack, its signature not checked, and the digest of its bundle. */
export function readIntent(dir: string): { predicate: IntentPredicate; sha256: string } {
  const bytes = readBounded(join(dir, PACK.intent), PACK.intent, MAX_BYTES.bundle);
  const { predicate } = parseStatement(parseBundle(bytes, PACK.intent).payload, "intent", PACK.intent);
  return { predicate, sha256: sha256(bytes) };
}

/**
 * The class that the files of a pack allow, derived again from them. A witness counts where its token stands in the intent's bundle;
 * whether the token holds is for whoever knows the authority, and `verify` asks.
 */
export function classOfPack(dir: string, intent: IntentPredicate): Classified {
  const host = readHost(dir) ?? { dirty: null, clockSynchronised: null, preload: null };
  return classify({
    signerRole: intent.signer.role,
    overrides: intent.overrides,
    dirty: host.dirty,
    clockSynchronised: host.clockSynchronised,
    preload: host.preload,
    images: readImages(dir),
    anchors: witnessesOf(dir, intent),
  });
}

/** Who outside of this host saw the intent before the fault, in words. */
function witnessesOf(dir: string, intent: IntentPredicate): string[] {
  const receipt = receiptOfPack(dir, intent);
  return [
    ...(isStamped(dir) ? intent.anchors.map((host) => `time-stamp authority ${host}`) : []),
    ...(receipt
      ? [`WORM bucket ${receipt.bucket}, version ${receipt.version}, until ${receipt.until.slice(0, 10)}`]
      : []),
  ];
}

const isStamped = (dir: string): boolean =>
  parseBundle(readBounded(join(dir, PACK.intent), PACK.intent, MAX_BYTES.bundle), PACK.intent).timestamp !== null;

export type EvidenceOfPack = Pick<
  Report,
  "class" | "classReasons" | "attempts" | "intent" | "keyFingerprint" | "selftest" | "witnesses" | "acceptances"
>;

/** What a report says about its own evidence, read from the pack so that it comes out the same whenever it is derived. */
export function evidenceOfPack(dir: string): EvidenceOfPack {
  if (!exists(join(dir, PACK.intent)))
    return {
      class: "development",
      classReasons: ["no intent was signed"],
      attempts: { number: 1, windowDays: 0, passed: 0, failed: 0, other: 0 },
      intent: null,
      keyFingerprint: null,
      selftest: null,
    };
  const { predicate, sha256: digest } = readIntent(dir);
  const classified = classOfPack(dir, predicate);
  const witnesses = witnessesOf(dir, predicate);
  return {
    class: classified.class,
    classReasons: classified.reasons,
    attempts: predicate.attempts,
    intent: { sha256: digest, ledgerIndex: predicate.ledger.index },
    keyFingerprint: predicate.signer.fingerprint,
    selftest: selftestOfPack(dir, predicate),
    ...(witnesses.length > 0 && { witnesses }),
    ...acceptedRisksOf(dir, predicate),
  };
}
