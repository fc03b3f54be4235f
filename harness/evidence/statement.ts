/**
 * What is signed: in-toto Statements v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md). The evidence
 * class is part of the predicate type, so that whoever asks for one class with any tool is never shown the other. The bundle's
 * file name is the same for both: it is part of the contract of `run --json`.
 */
import { z } from "zod";
import type { EvidenceClass, Result } from "../report.ts";
import { isPackName } from "./files.ts";
import { parseJson } from "./json.ts";
import { refusal } from "./refusal.ts";

const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";

export const PREDICATE_TYPES = {
  intent: {
    attested: "https://blackstart.dev/drill-intent/v1",
    development: "https://blackstart.dev/drill-intent-development/v1",
  },
  report: {
    attested: "https://blackstart.dev/drill-report/v1",
    development: "https://blackstart.dev/drill-report-development/v1",
  },
  selftest: {
    attested: "https://blackstart.dev/selftest/v1",
    development: "https://blackstart.dev/selftest-development/v1",
  },
  "worm-probe": {
    attested: "https://blackstart.dev/worm-probe/v1",
    development: "https://blackstart.dev/worm-probe-development/v1",
  },
  period: {
    attested: "https://blackstart.dev/period-report/v1",
    development: "https://blackstart.dev/period-report-development/v1",
  },
} as const;
type Kind = keyof typeof PREDICATE_TYPES;
const WORDS: Readonly<Record<Kind, string>> = {
  intent: "drill intent",
  report: "drill report",
  selftest: "selftest",
  "worm-probe": "probe of a WORM bucket",
  period: "period report",
};

const digest = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 in lower-case hex is expected");
const count = z.int().min(0);
const name = z.string().max(200);
const evidenceClass = z.enum(["development", "attested"]);
const signedBy = z.strictObject({
  role: evidenceClass,
  /** SHA-256 of the key below. */
  fingerprint: digest,
  /** SubjectPublicKeyInfo, base64: lets a verifier who pinned only the fingerprint check the signature. Never trusted by itself. */
  publicKey: z.string().max(1000),
});
const common = {
  run: name,
  class: evidenceClass,
  /** Why the class is not higher. */
  classReasons: z.array(z.string().max(1000)).max(200),
  scenario: z.strictObject({ id: name, sha256: digest }),
  plan: z.strictObject({ sha256: digest }),
  evaluator: z.strictObject({ sha256: digest, dirty: z.boolean().nullable() }),
  signer: signedBy,
};

const intentSchema = z.strictObject({
  ...common,
  policy: z.strictObject({ id: name, sha256: digest }),
  /** What must be reached, and what else must hold, laid down before the drill; equal to the plan's. */
  objectives: z.unknown(),
  expect: z.unknown(),
  conditions: z.array(name).max(1000),
  seed: z.number(),
  /** Who outside of this host is to see this intent before anything is broken: time-stamp authorities, by host. */
  anchors: z.array(name).max(10).default([]),
  /** The WORM bucket that keeps this intent before anything is broken, and the probe that showed that it keeps what it is given. */
  worm: z.strictObject({ bucket: name, probeSha256: digest }).nullable().default(null),
  overrides: z.array(z.string().max(10_000)).max(1000),
  /** The place reserved in the run ledger: the entries before it and their Merkle root. */
  ledger: z.strictObject({ key: z.string().max(1000), index: count, root: digest }),
  attempts: z.strictObject({ number: count, windowDays: count, passed: count, failed: count, other: count }),
  signedAt: z.iso.datetime(),
  /** The harness's monotonic clock, nanoseconds: comparable with raw/events.jsonl. */
  ns: z.string().regex(/^\d{1,20}$/),
});

const reportSchema = z.strictObject({
  ...common,
  /** An aborted drill is sealed as well: what was seen until then is evidence too. */
  end: z.enum(["result", "aborted"]),
  result: z.looseObject({
    run: name,
    scenario: name,
    scenarioSha256: digest,
    class: evidenceClass,
    verdict: z.enum(["pass", "fail", "unknown"]),
    exitCode: count.max(255),
  }),
  intent: z.strictObject({ sha256: digest, ledgerIndex: count }),
  journal: z.strictObject({ events: count, head: digest }),
  ledger: z.strictObject({ key: z.string().max(1000) }),
});

const sentence = z.string().max(4000);
const notRun = z.strictObject({ control: name, why: sentence });

/** What the evaluator made of records and drills whose truth is known. */
const selftestSchema = z.strictObject({
  schema: z.literal("blackstart/selftest/v1"),
  class: evidenceClass,
  classReasons: z.array(z.string().max(1000)).max(200),
  blackstart: name,
  evaluatorSha256: digest,
  dirty: z.boolean().nullable(),
  /** When it ended, by the wall clock. */
  when: z.iso.datetime(),
  /** Planted records: `<verdict>: <finding>` as it must be and as it was. */
  controls: z
    .array(z.strictObject({ checker: name, control: name, expected: sentence, got: sentence, ok: z.boolean() }))
    .min(1)
    .max(5000),
  /** Drills on real stores: their packs lie beside the statement, by run, and are named by the digest of their signed report. */
  real: z
    .array(
      z.strictObject({
        control: name,
        run: name,
        bundleSha256: digest,
        expected: sentence,
        got: sentence,
        ok: z.boolean(),
      }),
    )
    .max(100),
  notRun: z.array(notRun).max(100),
  ok: z.boolean(),
  signer: signedBy,
});

/** What came of trying to get around the lock of a bucket that evidence is to be kept in. */
const wormProbeSchema = z.strictObject({
  schema: z.literal("blackstart/worm-probe/v1"),
  class: evidenceClass,
  classReasons: z.array(z.string().max(1000)).max(200),
  blackstart: name,
  /** `host[:port]/bucket`. */
  bucket: name,
  /** When it ended, by the wall clock. */
  when: z.iso.datetime(),
  trials: z
    .array(z.strictObject({ name, held: z.boolean(), detail: sentence }))
    .min(1)
    .max(100),
  /** Whether all of them held. */
  ok: z.boolean(),
  signer: signedBy,
});

/** What was drilled in a span of time, by the run ledger and the packs that its runs left. */
const periodSchema = z.strictObject({
  schema: z.literal("blackstart/period-statement/v1"),
  class: evidenceClass,
  classReasons: z.array(z.string().max(1000)).max(200),
  span: z.strictObject({ name, from: z.iso.date(), to: z.iso.date() }),
  madeAt: z.iso.datetime(),
  /** The ledger's head that it was made from. */
  ledger: z.strictObject({ key: z.string().max(1000), size: count, root: digest }),
  /** Every run that was begun in the span, with the digest of its signed report; null where it has none that can be believed. */
  runs: z.array(z.strictObject({ run: name, bundleSha256: digest.nullable() })).max(200_000),
  signer: signedBy,
});

const predicates = {
  period: periodSchema,
  intent: intentSchema,
  report: reportSchema,
  selftest: selftestSchema,
  "worm-probe": wormProbeSchema,
} as const;
export type Predicate<K extends Kind> = z.output<(typeof predicates)[K]>;
export type IntentPredicate = Predicate<"intent">;
export type ReportPredicate = Predicate<"report">;
export type SelftestPredicate = Predicate<"selftest">;
export type WormProbePredicate = Predicate<"worm-probe">;
export type PeriodPredicate = Predicate<"period">;

export interface Subject {
  /** Path inside the pack. */
  readonly name: string;
  readonly sha256: string;
}

/** The bytes to sign. */
export function makeStatement<K extends Kind>(kind: K, subjects: readonly Subject[], predicate: Predicate<K>): Buffer {
  return Buffer.from(
    JSON.stringify({
      _type: STATEMENT_TYPE,
      subject: subjects.map((subject) => ({ name: subject.name, digest: { sha256: subject.sha256 } })),
      predicateType: PREDICATE_TYPES[kind][predicate.class],
      predicate,
    }),
  );
}

const envelopeSchema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z
    .array(
      z.strictObject({
        name: z.string().refine(isPackName, "not a name inside a pack"),
        digest: z.strictObject({ sha256: digest }),
      }),
    )
    .min(1)
    .max(20_000),
  predicateType: z.string().max(200),
  predicate: z.unknown(),
});

export interface Statement<K extends Kind> {
  /** The class that the predicate type stands for; the predicate must say the same. */
  readonly typeClass: EvidenceClass;
  readonly subjects: ReadonlyMap<string, string>;
  readonly predicate: Predicate<K>;
}

/** What a payload states. Refuses (exit 5) every other type, shape or predicate type, and subjects that are named twice. */
export function parseStatement<K extends Kind>(payload: Buffer, kind: K, what: string): Statement<K> {
  const statement = parseJson(payload, `the statement of ${what}`, envelopeSchema);
  const types = PREDICATE_TYPES[kind];
  const typeClass = (["attested", "development"] as const).find((c) => types[c] === statement.predicateType);
  if (typeClass === undefined)
    throw refusal(`${what} states ${JSON.stringify(statement.predicateType)}, not a Blackstart ${WORDS[kind]}`);
  const subjects = new Map(statement.subject.map((subject) => [subject.name, subject.digest.sha256]));
  if (subjects.size !== statement.subject.length) throw refusal(`${what} names a subject twice`);
  const bytes = Buffer.from(JSON.stringify(statement.predicate ?? null));
  const schema: z.ZodType<Predicate<K>> = predicates[kind] as never;
  return { typeClass, subjects, predicate: parseJson(bytes, `the predicate of ${what}`, schema) };
}

/** The contract's fields, kept complete by the compiler; but what detectors said is no figure, and a later evaluator may read it better. */
const RESULT_KEYS: Record<Exclude<keyof Result, "detectors">, true> = {
  schema: true,
  run: true,
  scenario: true,
  scenarioSha256: true,
  class: true,
  verdict: true,
  expect: true,
  exitCode: true,
  reasons: true,
  recoveryTime: true,
  detection: true,
  operations: true,
  lost: true,
  phantom: true,
  resurrected: true,
  duplicated: true,
  mutated: true,
  stale: true,
  guaranteed: true,
  pack: true,
  bundle: true,
};

/** The contract's part of a report: what the statement carries. */
export const resultOf = (report: Result): Result =>
  Object.fromEntries(Object.keys(RESULT_KEYS).map((key) => [key, report[key as keyof Result]])) as unknown as Result;
