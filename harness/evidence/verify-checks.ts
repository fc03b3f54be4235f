/** The single looks of a verification. Each says in one sentence what it found, or throws a refusal (exit 5) that says what is wrong. */
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import type { EvidenceClass, Report } from "../report.ts";
import { grouped, visible } from "../text.ts";
import { parseBundle, verifySigned, type SignedPayload } from "./dsse.ts";
import { evaluatorDigest } from "./evaluator.ts";
import { exists, packFiles, readBounded, sha256, sha256File } from "./files.ts";
import { readJournal, type RawEvent } from "./journal.ts";
import { firstDifference, fromBase64, parseCanonical, parseJson } from "./json.ts";
import { checkRules, type KeyRole, printOf, type RuledKey } from "./keyring.ts";
import { fingerprintOf, parsePublicKey } from "./keys.ts";
import { proofSchema, verifyProof } from "./ledger-proof.ts";
import type { EndEntry, IntentEntry } from "./ledger-entries.ts";
import { openCheckpoint, type Checkpoint } from "./note.ts";
import { MAX_BYTES, PACK, UNSIGNED, classOfPack, readHost, readPlan } from "./pack-files.ts";
import { refusal } from "./refusal.ts";
import { readSelftest, selftestOfPack } from "./selftest.ts";
import { parseStatement, resultOf, type Statement } from "./statement.ts";

/** A key that the verifier brought along: itself, or its fingerprint (SHA-256 of the SPKI, hex); with rules where it is one of a keyring. */
export type PinnedKey = KeyObject | string | RuledKey;

const isRuled = (pin: PinnedKey): pin is RuledKey => typeof pin !== "string" && "rules" in pin;
const bare = (pin: PinnedKey): KeyObject | string => (isRuled(pin) ? pin.key : pin);

export interface Opened {
  readonly signed: SignedPayload;
  readonly sha256: string;
  /** SHA-256 of the key that is said to have signed, hex. */
  readonly claimed: string;
}

type ReportStatement = Statement<"report">;
export interface OpenedIntent extends Opened {
  readonly statement: Statement<"intent">;
}

/** `what` is one of the bundles of a pack. */
export function openBundle(dir: string, what: string): Opened {
  const bytes = readBounded(join(dir, what), what, MAX_BYTES.bundle);
  const signed = parseBundle(bytes, what);
  return { signed, sha256: sha256(bytes), claimed: Buffer.from(signed.hint, "base64").toString("hex") };
}

export function checkPinned(pins: readonly PinnedKey[], { claimed }: Opened): string {
  if (pins.length > 0) return `${pins.length} pinned`;
  throw refusal(
    `no public key was given, so nobody knows who signed; the pack claims the key ${claimed}, and anybody can claim that`,
  );
}

/** The signature is one by a pinned key, and the statement names that key. */
export function checkSigner(
  opened: Opened,
  stated: ReportStatement["predicate"]["signer"],
  pins: readonly PinnedKey[],
  what: string,
): string {
  const key = pinnedKey(opened, stated.publicKey, pins, what);
  verifySigned(opened.signed, key, what);
  const fingerprint = fingerprintOf(key);
  if (stated.fingerprint !== fingerprint)
    throw refusal(`${what} was signed by ${fingerprint} and names ${stated.fingerprint}`);
  // Whether a person's signature is by this key is told by its bytes.
  if (sha256(fromBase64(stated.publicKey, `the public key of ${what}`)) !== fingerprint)
    throw refusal(`${what} was signed by ${fingerprint} and carries another key`);
  return `ECDSA P-256 by ${fingerprint}`;
}

/** A pinned fingerprint accepts the key that the statement carries only when that key has this very fingerprint. */
function pinnedKey(opened: Opened, carried: string, pins: readonly PinnedKey[], what: string): KeyObject {
  const known = pins.map(bare);
  const brought = known.filter((pin) => typeof pin !== "string").find((pin) => fingerprintOf(pin) === opened.claimed);
  if (brought !== undefined) return brought;
  if (known.includes(opened.claimed)) {
    const embedded = parsePublicKey(fromBase64(carried, `the public key of ${what}`));
    if (embedded !== null && fingerprintOf(embedded) === opened.claimed) return embedded;
  }
  throw refusal(`${what} is signed by ${visible(opened.claimed) || "an unnamed key"}, which is not pinned`);
}

/** What the verifier's keyring says of the key that signed; nothing of one that was pinned by itself. */
export function checkKeyring(
  { claimed }: Opened,
  pins: readonly PinnedKey[],
  role: KeyRole,
  times: { readonly claimedMs: number; readonly provenMs: number | null },
): string {
  const ruled = pins.filter(isRuled).find(({ key }) => printOf(key) === claimed);
  return ruled ? checkRules(ruled.rules, role, times) : "the key was pinned by itself, without rules";
}

export function checkFiles(dir: string, { subjects }: ReportStatement): string {
  const { files, problems } = packFiles(dir);
  const found = new Set(files);
  const missing = [...subjects.keys(), PACK.checkpoint, PACK.proof].filter((name) => !found.has(name));
  const added = files.filter((name) => !subjects.has(name) && !UNSIGNED.includes(name));
  const wrong = [
    ...problems,
    ...missing.map((name) => `${name} is missing`),
    ...added.map((name) => `${name} was added`),
    ...UNSIGNED.filter((name) => subjects.has(name)).map((name) => `${name} cannot be a subject`),
  ];
  if (wrong.length > 0) throw refusal(listed(wrong));
  return `${grouped(subjects.size)} signed files, none missing, none added`;
}

export function checkDigests(dir: string, { subjects }: { readonly subjects: ReadonlyMap<string, string> }): string {
  const changed = [...subjects].filter(([name, digest]) => exists(join(dir, name)) && digestOf(dir, name) !== digest);
  if (changed.length > 0) throw refusal(listed(changed.map(([name]) => `${name} is not what was signed`)));
  return `${grouped(subjects.size)} files are what was signed`;
}

/** What is read into memory is not hashed beyond what is read, so that a hole of gigabytes in its place costs nothing. */
const MOST_BYTES: Readonly<Record<string, number>> = {
  [PACK.intent]: MAX_BYTES.bundle,
  [PACK.selftest]: MAX_BYTES.bundle,
  [PACK.wormProbe]: MAX_BYTES.bundle,
  [PACK.journal]: MAX_BYTES.journal,
  ...Object.fromEntries(
    [PACK.scenario, PACK.plan, PACK.policy, PACK.host, PACK.images, PACK.wormReceipt, PACK.reportJson].map((name) => [
      name,
      MAX_BYTES.json,
    ]),
  ),
};

/** null for what cannot be read as a file of the pack: that is never what was signed. */
export function digestOf(dir: string, name: string): string | null {
  try {
    return sha256File(join(dir, name), name, MOST_BYTES[name]);
  } catch {
    return null;
  }
}

const listed = (problems: readonly string[]): string =>
  problems.length > 5 ? `${problems.slice(0, 5).join("; ")}; and ${problems.length - 5} more` : problems.join("; ");

/** Exit 5 at the first of several pairs that differ. */
export function same(...pairs: readonly (readonly [what: string, a: unknown, b: unknown])[]): void {
  for (const [what, a, b] of pairs) {
    const difference = firstDifference(a, b, what);
    if (difference !== null) throw refusal(difference);
  }
}

export function checkClass(
  dir: string,
  report: ReportStatement,
  intent: OpenedIntent,
  required: EvidenceClass | undefined,
): string {
  const { predicate, typeClass } = report;
  const derived = classOfPack(dir, intent.statement.predicate);
  same(
    ["the class of the predicate type and of the payload", typeClass, predicate.class],
    ["the intent's class in type and payload", intent.statement.typeClass, intent.statement.predicate.class],
    ["the class that is stated and the one that the pack's own facts allow", predicate.class, derived.class],
    ["the reasons of the class", predicate.classReasons, derived.reasons],
    [`a ${PACK.marker}`, exists(join(dir, PACK.marker)), predicate.class === "development"],
  );
  if (predicate.class === "attested" && typeClass !== intent.statement.typeClass)
    throw refusal("an attested report needs an attested intent");
  if (required === "attested" && predicate.class !== "attested")
    throw refusal(`attested is required and this is ${predicate.class}: ${derived.reasons.join("; ")}`);
  return derived.reasons.length === 0 ? predicate.class : `${predicate.class}: ${derived.reasons.join("; ")}`;
}

export function openIntent(dir: string, report: ReportStatement, pins: readonly PinnedKey[]): OpenedIntent {
  const opened = openBundle(dir, PACK.intent);
  const statement = parseStatement(opened.signed.payload, "intent", PACK.intent);
  const { predicate } = statement;
  checkSigner(opened, predicate.signer, pins, PACK.intent);
  same(
    ["the intent that the report names and the one in the pack", report.predicate.intent.sha256, opened.sha256],
    ["the run of report and intent", report.predicate.run, predicate.run],
    ["the ledger index of report and intent", report.predicate.intent.ledgerIndex, predicate.ledger.index],
    ["the ledger of report and intent", report.predicate.ledger.key, predicate.ledger.key],
    ["the scenario of report and intent", report.predicate.scenario, predicate.scenario],
    ["the plan of report and intent", report.predicate.plan, predicate.plan],
    ["the evaluator of report and intent", report.predicate.evaluator, predicate.evaluator],
  );
  return { ...opened, statement };
}

/** The statement about the evaluator is one by a pinned key, was there before the drill began, and the report repeats what it says. */
export function checkSelftest(dir: string, intent: OpenedIntent, pins: readonly PinnedKey[]): string {
  const { predicate, subjects } = intent.statement;
  const digest = exists(join(dir, PACK.selftest)) ? digestOf(dir, PACK.selftest) : undefined;
  const stated = readReportJson(dir).selftest ?? null;
  same(["the selftest in the pack and the one that the intent names", digest, subjects.get(PACK.selftest)]);
  if (digest === undefined) {
    same(["the selftest in report and pack", stated, null]);
    return "none was on record when the intent was signed, and the report says so";
  }
  const opened = openBundle(dir, PACK.selftest);
  const { signer } = readSelftest(
    readBounded(join(dir, PACK.selftest), PACK.selftest, MAX_BYTES.bundle),
    PACK.selftest,
  );
  checkSigner(opened, signer, pins, PACK.selftest);
  const derived = selftestOfPack(dir, predicate)!;
  same(["the selftest in report and pack", stated, JSON.parse(JSON.stringify(derived))]);
  const about = derived.sameEvaluator ? "the evaluator that judged the drill" : "another evaluator";
  return `signed ${derived.when}, of ${about}: ${derived.ok ? "passed" : "failed"}`;
}

export interface CheckedJournal {
  readonly events: readonly RawEvent[];
  readonly detail: string;
}

export function checkJournal(dir: string, { predicate }: ReportStatement): CheckedJournal {
  const bytes = readBounded(join(dir, PACK.journal), PACK.journal, MAX_BYTES.journal);
  const { events, defects, head } = readJournal(bytes.toString("utf8"));
  const cut =
    head === predicate.journal.head ? [] : ["events.jsonl does not end with the event that the report has signed"];
  const wrong = [...defects, ...cut];
  if (wrong.length > 0) throw refusal(listed(wrong));
  same(["the number of events", events.length, predicate.journal.events]);
  for (const event of events)
    if (event.kind === "run-started") same(["the journal's run", event.data.run, predicate.run]);
  return { events, detail: `${grouped(events.length)} events, chain unbroken to the signed head` };
}

/** Success conditions are laid down before: the intent stands in the journal, and its clock reading lies, before anything broke. */
export function checkOrder({ events }: CheckedJournal, intent: OpenedIntent): string {
  const signedAt = events.findIndex((event) => event.kind === "intent-signed" && event.data.sha256 === intent.sha256);
  if (signedAt < 0) throw refusal("the journal does not say when this intent was signed");
  const brokeAt = events.findIndex((event) => event.kind === "step-started" || event.kind === "fault-effective");
  const intentNs = BigInt(intent.statement.predicate.ns);
  const early = events.find((event) => event.kind === "fault-effective" && startOf(event.data.fromNs) <= intentNs);
  if ((brokeAt >= 0 && brokeAt < signedAt) || early !== undefined)
    throw refusal(
      "the intent was signed after the first fault: its objectives could have been chosen after the result",
    );
  return brokeAt < 0 ? "signed; nothing was broken" : "signed before the first step";
}

/** An instant of the raw files; one that is no number counts as the beginning of time, and so refuses. */
const startOf = (ns: unknown): bigint => (typeof ns === "string" && /^\d{1,20}$/.test(ns) ? BigInt(ns) : 0n);

/** What was run is what was intended: scenario, plan, policy, objectives, evaluator. */
export function checkPlan(dir: string, { statement }: OpenedIntent): string {
  const { predicate, subjects } = statement;
  const plan = readPlan(dir);
  same(
    ...[PACK.scenario, PACK.plan, PACK.policy].map((name) => [name, digestOf(dir, name), subjects.get(name)] as const),
    ["the scenario's digest in plan and pack", plan.scenario.sha256, subjects.get(PACK.scenario)],
    ["the policy's digest in plan and pack", plan.policy.sha256, subjects.get(PACK.policy)],
    ["the plan's digest", predicate.plan.sha256, subjects.get(PACK.plan)],
    ["scenario", { id: plan.scenario.id, sha256: plan.scenario.sha256 }, predicate.scenario],
    ["policy", { id: plan.policy.id, sha256: plan.policy.sha256 }, predicate.policy],
    ["objectives", plan.objectives, predicate.objectives],
    ["expect", plan.expect, predicate.expect],
    ["conditions", plan.verify, predicate.conditions],
    ["overrides", plan.overrides, predicate.overrides],
    ["seed", plan.seed, predicate.seed],
  );
  const host = readHost(dir);
  if (host !== null) same(["evaluator", { sha256: host.evaluatorSha256, dirty: host.dirty }, predicate.evaluator]);
  return `scenario ${predicate.scenario.id}, plan, policy and objectives are those of the intent`;
}

const reportJsonSchema = z.looseObject({});

export const readReportJson = (dir: string): Report =>
  parseJson(
    readBounded(join(dir, PACK.reportJson), PACK.reportJson, MAX_BYTES.json),
    PACK.reportJson,
    reportJsonSchema,
  ) as unknown as Report;

/** The figures that people read are the ones that were signed. */
export function checkFigures(dir: string, { predicate }: ReportStatement, intent: OpenedIntent): string {
  const report = readReportJson(dir);
  same(
    [PACK.reportJson, JSON.parse(JSON.stringify(resultOf(report))), predicate.result],
    ["run", predicate.result.run, predicate.run],
    ["scenario", { id: predicate.result.scenario, sha256: predicate.result.scenarioSha256 }, predicate.scenario],
    ["class", predicate.result.class, predicate.class],
    ["classReasons", report.classReasons, predicate.classReasons],
    ["attempts", report.attempts, intent.statement.predicate.attempts],
    ["intent", report.intent, predicate.intent],
    ["keyFingerprint", report.keyFingerprint, predicate.signer.fingerprint],
  );
  return `${PACK.reportJson} says what was signed: ${predicate.result.verdict}`;
}

export interface ProvenEntries {
  readonly intent: IntentEntry;
  readonly end: EndEntry;
  readonly head: Checkpoint;
  readonly detail: string;
}

/** The run entered the ledger with this intent and left it with this report, and the ledger only grew in between. */
export function checkLedgerProof(
  dir: string,
  report: ReportStatement,
  bundle: Opened,
  intent: OpenedIntent,
): ProvenEntries {
  const note = readBounded(join(dir, PACK.checkpoint), PACK.checkpoint, MAX_BYTES.checkpoint).toString("utf8");
  const head = openCheckpoint(note, report.predicate.ledger.key);
  const bytes = readBounded(join(dir, PACK.proof), PACK.proof, MAX_BYTES.proof);
  const proven = verifyProof(parseCanonical(bytes, PACK.proof, proofSchema), head, intent.statement.predicate.ledger);
  if (proven.intent.kind !== "intent" || proven.end.kind === "intent")
    throw refusal("ledger/proof.json proves other entries than an intent and its end");
  const { predicate } = report;
  same(
    ["the intent in ledger and pack", proven.intent.bundleSha256, intent.sha256],
    ["the intent's index", proven.intent.index, predicate.intent.ledgerIndex],
    ["the intent that was ended", proven.end.intent, proven.intent.index],
    ["the report in ledger and pack", proven.end.bundleSha256, bundle.sha256],
    ["the end in ledger and pack", proven.end.kind, predicate.end],
    ["the verdict in ledger and pack", proven.end.verdict, predicate.result.verdict],
    ["the class in ledger and pack", proven.end.class, predicate.class],
    ["the runs in the ledger", [proven.intent.run, proven.end.run], [predicate.run, predicate.run]],
  );
  const detail = `entries ${proven.intent.index} and ${proven.end.index} of ${head.size}, head signed by ${head.origin}`;
  return { intent: proven.intent, end: proven.end, head, detail };
}

/**
 * The pack's numbers and verdict come out again when they are derived from the raw files. The evaluator that judged the run must
 * say the same to the letter; another version may word things otherwise, and must find the same figures and verdicts.
 */
export async function checkRecomputed(
  dir: string,
  intent: OpenedIntent,
  recompute: (dir: string) => Promise<Report>,
): Promise<string> {
  const stated = readReportJson(dir);
  const again = JSON.parse(JSON.stringify(await recompute(dir))) as Report;
  const judgedBy = intent.statement.predicate.evaluator.sha256;
  const sameEvaluator = judgedBy === evaluatorDigest();
  const compared = sameEvaluator ? withoutPlace : figuresOf;
  const by = sameEvaluator ? "" : ` by another evaluator than ${judgedBy.slice(0, 16)}…, which judged the run`;
  const difference = firstDifference(compared(again), compared(stated));
  if (difference !== null) throw refusal(`derived again from the raw files${by}: ${difference} in ${PACK.reportJson}`);
  return `derived again from the raw files${by}: ${again.verdict}, and every ${sameEvaluator ? "word" : "figure"} the same`;
}

/** Where a pack lies is no part of what it says. */
const withoutPlace = ({ pack: _pack, bundle: _bundle, ...report }: Report): Partial<Report> => report;

/** The contract's figures and verdicts, without the sentences around them. */
const figuresOf = (report: Report): unknown => ({
  ...withoutPlace(resultOf(report) as Report),
  reasons: report.reasons.map(({ check, verdict }) => ({ check, verdict })),
  guaranteed: report.guaranteed.zeroLoss,
});
