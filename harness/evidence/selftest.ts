/**
 * Signed statements of what the evaluator made of its controls, kept in `<reports>/selftest/` beside the run ledger. A drill takes
 * the newest one into its pack before its intent is signed, and the intent names its digest: which selftest a report speaks of
 * cannot be chosen after the result. It changes no verdict: a finding is true or not by its own record, and a selftest is a reason
 * to believe the one who found it.
 */
import { join } from "node:path";
import type { SelftestOnRecord } from "../report.ts";
import { classify, type ClassFacts } from "./class.ts";
import { parseBundle, signBundle } from "./dsse.ts";
import { exists, readBounded, sha256 } from "./files.ts";
import { type Kept, keepStatement, keptStatements, STATEMENT_BYTES } from "./kept-statements.ts";
import type { Signer } from "./keys.ts";
import { refusal } from "./refusal.ts";
import { makeStatement, parseStatement, type SelftestPredicate } from "./statement.ts";

/** Its name inside a pack. */
export const SELFTEST = "raw/selftest.sigstore.json";

/** Of what was found instead of what must be, and of why a drill was not run: it may be anything. */
const MOST_LETTERS = 4_000;
const MINUTE_MS = 60_000;

export const selftestDirOf = (reportsDir: string): string => join(reportsDir, "selftest");

export type SelftestFacts = Pick<
  SelftestPredicate,
  "blackstart" | "evaluatorSha256" | "when" | "controls" | "real" | "notRun"
> &
  Pick<ClassFacts, "dirty" | "clockSynchronised" | "preload">;

export interface KeptSelftest {
  readonly file: string;
  readonly sha256: string;
  readonly predicate: SelftestPredicate;
}

/** Signs what came out and keeps it, whether or not all is well. */
export async function keepSelftest(reportsDir: string, facts: SelftestFacts, signer: Signer): Promise<KeptSelftest> {
  const predicate = predicateFor(facts, signer);
  const subject = { name: "evaluator", sha256: facts.evaluatorSha256 };
  const bundle = await signBundle(makeStatement("selftest", [subject], predicate), signer);
  return { ...keepStatement(selftestDirOf(reportsDir), facts.when, bundle), predicate };
}

function predicateFor(
  { dirty, clockSynchronised, preload, ...facts }: SelftestFacts,
  signer: Signer,
): SelftestPredicate {
  // Nothing of it depends on an image or on who else saw it: its real drills have packs and classes of their own.
  const of = { signerRole: signer.role, dirty, clockSynchronised, preload, overrides: [], images: [], anchors: [""] };
  const classified = classify(of);
  return {
    schema: "blackstart/selftest/v1",
    class: classified.class,
    classReasons: [...classified.reasons],
    ...facts,
    controls: facts.controls.map((result) => ({ ...result, got: result.got.slice(0, MOST_LETTERS) })),
    real: facts.real.map((result) => ({ ...result, got: result.got.slice(0, MOST_LETTERS) })),
    notRun: facts.notRun.map((left) => ({ ...left, why: left.why.slice(0, MOST_LETTERS) })),
    dirty,
    ok: [...facts.controls, ...facts.real].every((result) => result.ok),
    signer: { role: signer.role, fingerprint: signer.fingerprint, publicKey: signer.spki.toString("base64") },
  };
}

/**
 * The newest selftest of this evaluator that this key signed, whatever came of it; where there is none, the newest of any evaluator.
 * `passedOver` says in words which files were not used.
 */
export function newestSelftest(
  reportsDir: string,
  signer: Pick<Signer, "spki">,
  evaluatorSha256: string,
): { found: Kept<SelftestPredicate> | null; passedOver: string[] } {
  const { found, passedOver } = keptStatements(selftestDirOf(reportsDir), signer, readSelftest);
  const newest = found.toSorted((a, b) => Date.parse(a.predicate.when) - Date.parse(b.predicate.when));
  const own = newest.findLast(({ predicate }) => predicate.evaluatorSha256 === evaluatorSha256);
  return { found: own ?? newest.at(-1) ?? null, passedOver };
}

/** Without a look at the signature. */
export function readSelftest(bytes: Buffer, what: string): SelftestPredicate {
  const { predicate, typeClass, subjects } = parseStatement(parseBundle(bytes, what).payload, "selftest", what);
  if (typeClass !== predicate.class || (predicate.class === "attested" && predicate.signer.role !== "attested"))
    throw refusal(
      `${what} is ${predicate.class} by its own word, ${typeClass} by its type, signed as ${predicate.signer.role}`,
    );
  if (subjects.get("evaluator") !== predicate.evaluatorSha256)
    throw refusal(`${what} is about another evaluator than it says`);
  if (predicate.ok !== [...predicate.controls, ...predicate.real].every((result) => result.ok))
    throw refusal(
      `${what} says that ${predicate.ok ? "all is well" : "something is wrong"}, and its controls say otherwise`,
    );
  return predicate;
}

/** What a report says of the selftest in its pack; null where there is none. `drill` is what the signed intent says of itself. */
export function selftestOfPack(
  dir: string,
  drill: { readonly signedAt: string; readonly evaluator: { readonly sha256: string } },
): SelftestOnRecord | null {
  const file = join(dir, SELFTEST);
  if (!exists(file)) return null;
  const bytes = readBounded(file, SELFTEST, STATEMENT_BYTES);
  const { when, evaluatorSha256, ok, controls, real, notRun } = readSelftest(bytes, SELFTEST);
  const ageMs = Date.parse(drill.signedAt) - Date.parse(when);
  return {
    sha256: sha256(bytes),
    when,
    ageMinutes: ageMs < 0 ? null : Math.floor(ageMs / MINUTE_MS),
    evaluatorSha256,
    sameEvaluator: evaluatorSha256 === drill.evaluator.sha256,
    ok,
    planted: {
      count: controls.length,
      failed: controls.filter((result) => !result.ok).map(({ checker, control }) => `${checker}: ${control}`),
    },
    real: { count: real.length, failed: real.filter((result) => !result.ok).map(({ control }) => control), notRun },
  };
}
