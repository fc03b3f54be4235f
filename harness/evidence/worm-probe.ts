/** Signed statements of whether a bucket keeps what it is given, by what was tried on it. */
import { join } from "node:path";
import { notReady } from "../errors.ts";
import type { Trial } from "../worm.ts";
import { classify, type ClassFacts } from "./class.ts";
import { parseBundle, signBundle } from "./dsse.ts";
import { readBounded, sha256 } from "./files.ts";
import { type Kept, keepStatement, keptStatements, STATEMENT_BYTES } from "./kept-statements.ts";
import type { Signer } from "./keys.ts";
import { refusal } from "./refusal.ts";
import { type IntentPredicate, makeStatement, parseStatement, type WormProbePredicate } from "./statement.ts";

/** The files of a pack that speak of a bucket. */
export const WORM = { probe: "raw/worm-probe.sigstore.json", receipt: "raw/worm.json" } as const;

const DAY_MS = 86_400_000;
/** A probe speaks for a bucket that long: settings change. */
const PROBE_DAYS = 31;
/** By which the clock of a drill and the store's may differ. */
export const CLOCKS_MS = 5 * 60_000;
const MOST_LETTERS = 4_000;
const probeDirOf = (reportsDir: string): string => join(reportsDir, "worm-probes");

export type ProbeFacts = Pick<WormProbePredicate, "blackstart" | "bucket" | "when"> &
  Pick<ClassFacts, "dirty" | "clockSynchronised" | "preload"> & { readonly trials: readonly Trial[] };

/** Signs what a probe found and keeps it beside the run ledger, whatever came of it. */
export async function keepProbe(
  reportsDir: string,
  { dirty, clockSynchronised, preload, ...facts }: ProbeFacts,
  signer: Signer,
): Promise<{ file: string; sha256: string; predicate: WormProbePredicate }> {
  // No image and no witness has a part in it.
  const of = { signerRole: signer.role, dirty, clockSynchronised, preload, overrides: [], images: [], anchors: [""] };
  const classified = classify(of);
  const predicate: WormProbePredicate = {
    schema: "blackstart/worm-probe/v1",
    class: classified.class,
    classReasons: [...classified.reasons],
    ...facts,
    trials: facts.trials.map((one) => ({ ...one, detail: one.detail.slice(0, MOST_LETTERS) })),
    ok: facts.trials.every(({ held }) => held),
    signer: { role: signer.role, fingerprint: signer.fingerprint, publicKey: signer.spki.toString("base64") },
  };
  const subject = { name: "bucket", sha256: sha256(facts.bucket) };
  const bundle = await signBundle(makeStatement("worm-probe", [subject], predicate), signer);
  return { ...keepStatement(probeDirOf(reportsDir), facts.when, bundle), predicate };
}

/** Without a look at the signature. Refuses (exit 5) one that contradicts itself. */
function readProbe(bytes: Buffer, what: string): WormProbePredicate {
  const { predicate, typeClass, subjects } = parseStatement(parseBundle(bytes, what).payload, "worm-probe", what);
  if (typeClass !== predicate.class || (predicate.class === "attested" && predicate.signer.role !== "attested"))
    throw refusal(
      `${what} is ${predicate.class} by its own word, ${typeClass} by its type, signed as ${predicate.signer.role}`,
    );
  if (subjects.get("bucket") !== sha256(predicate.bucket))
    throw refusal(`${what} is about another bucket than it says`);
  if (predicate.ok !== predicate.trials.every(({ held }) => held))
    throw refusal(`${what} says that ${predicate.ok ? "all" : "not all"} trials held, and its trials say otherwise`);
  return predicate;
}

/** The newest probe of a bucket by this key. Exit 6 unless it is of these days and all of it held: then nothing is started. */
export function probeFor(
  reportsDir: string,
  signer: Signer,
  bucket: string,
  now = new Date(),
): Kept<WormProbePredicate> {
  const { found } = keptStatements(probeDirOf(reportsDir), signer, readProbe);
  const newest = found
    .filter(({ predicate }) => predicate.bucket === bucket)
    .toSorted((a, b) => Date.parse(a.predicate.when) - Date.parse(b.predicate.when))
    .at(-1);
  if (newest === undefined)
    throw notReady(`Nobody has probed the bucket ${bucket} with this key`, "blackstart worm probe");
  const problem = problemOf(newest.predicate, now);
  if (problem !== null)
    throw notReady(`The bucket ${bucket} does not count as WORM: ${problem}`, "blackstart worm probe");
  return newest;
}

/** Why a probe does not make a bucket count at a time; null when it does. */
function problemOf({ when, trials }: WormProbePredicate, at: Date): string | null {
  const failed = trials.filter(({ held }) => !held);
  if (failed.length > 0) return failed.map(({ name, detail }) => `${name}: ${detail}`).join("; ");
  const age = at.getTime() - Date.parse(when);
  if (age > PROBE_DAYS * DAY_MS) return `it was probed ${when}, more than ${PROBE_DAYS} days ago`;
  if (age < -CLOCKS_MS) return `it was probed ${when}, which is still to come`;
  return null;
}

/** The probe that an intent names. Refuses (exit 5) another one, and one that does not make the bucket count. */
export function probeOfPack(dir: string, worm: NonNullable<IntentPredicate["worm"]>, at: Date): WormProbePredicate {
  const bytes = readBounded(join(dir, WORM.probe), WORM.probe, STATEMENT_BYTES);
  if (sha256(bytes) !== worm.probeSha256) throw refusal(`${WORM.probe} is not the probe that the intent names`);
  const probe = readProbe(bytes, WORM.probe);
  if (probe.bucket !== worm.bucket)
    throw refusal(`${WORM.probe} is of ${probe.bucket}, the intent names ${worm.bucket}`);
  const problem = problemOf(probe, at);
  if (problem !== null) throw refusal(`${worm.bucket} does not count as WORM: ${problem}`);
  return probe;
}
