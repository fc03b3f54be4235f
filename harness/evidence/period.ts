/**
 * The runs of a span of time as evidence: every intent of a ledger that verifies, each with its pack where that verifies under a
 * pinned key; and the signed statement over the report that is made of them.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { PeriodRun, Span } from "../period.ts";
import type { Report } from "../report.ts";
import { type Check, Checks, said } from "./checks.ts";
import { classify, type ClassFacts } from "./class.ts";
import { signBundle } from "./dsse.ts";
import { createFile, exists, packFiles, readBounded, sha256 } from "./files.ts";
import { subjectOf } from "./intent.ts";
import type { Signer } from "./keys.ts";
import type { EndEntry, IntentEntry, LedgerEntry, LedgerState } from "./ledger-entries.ts";
import { ledgerDirOf, readLedgerDir } from "./ledger.ts";
import { rootOf } from "./merkle.ts";
import { MAX_BYTES, PACK } from "./pack-files.ts";
import { refusal } from "./refusal.ts";
import { makeStatement, parseStatement, type PeriodPredicate, type Statement } from "./statement.ts";
import { checkDigests, checkKeyring, checkPinned, checkSigner, openBundle, type PinnedKey } from "./verify-checks.ts";
import { verifyPack, type Trust, type VerifyOptions } from "./verify.ts";

export const PERIOD = {
  bundle: "period.sigstore.json",
  data: "period.json",
  page: "index.html",
  paper: "period.pdf",
  table: "runs.csv",
} as const;
const SIGNED = [PERIOD.data, PERIOD.page, PERIOD.paper, PERIOD.table];

export interface Gathered {
  readonly runs: readonly PeriodRun[];
  readonly ledger: PeriodPredicate["ledger"];
}

export interface GatherOptions {
  readonly reportsDir: string;
  /** Which of all intents of the ledger, oldest first, are wanted. */
  readonly choose: (intents: readonly IntentEntry[]) => readonly IntentEntry[];
  readonly trust: Trust;
  /** Derives each report again from its raw files. */
  readonly recompute?: VerifyOptions["recompute"];
  readonly progress?: (done: number, of: number) => void;
}

/** The runs that were begun within a span of days. */
export const within =
  ({ from, to }: Span) =>
  (intents: readonly IntentEntry[]): IntentEntry[] =>
    intents.filter(({ wall }) => wall >= from && wall < to);

/**
 * The chosen runs of the ledger, each with its report where its pack can be believed. Refuses (exit 5) where no pack of the folder
 * verifies, for then nobody knows whose ledger it is, and where the ledger does not verify as a whole.
 */
export async function gatherRuns(options: GatherOptions): Promise<Gathered> {
  const { reportsDir, choose, trust } = options;
  const { entries, leaves, key } = await soundLedger(reportsDir, trust);
  const intents = choose(entries.filter((entry): entry is IntentEntry => entry.kind === "intent"));
  const ends = new Map(entries.flatMap((entry) => (isEnd(entry) ? [[entry.run, entry] as const] : [])));
  const runs: PeriodRun[] = [];
  for (const intent of intents) {
    runs.push(await runOf(intent, ends.get(intent.run), options));
    options.progress?.(runs.length, intents.length);
  }
  return { runs, ledger: { key, size: entries.length, root: rootOf(leaves).toString("hex") } };
}

/** The runs of a ledger that verifies as a whole. Refuses like `gatherRuns`. */
export async function runsOfLedger(reportsDir: string, trust: Trust): Promise<string[]> {
  const { entries } = await soundLedger(reportsDir, trust);
  return entries.flatMap((entry) => (entry.kind === "intent" ? [entry.run] : []));
}

async function soundLedger(reportsDir: string, trust: Trust): Promise<LedgerState & { readonly key: string }> {
  if (trust.publicKeys.length === 0)
    throw refusal(
      "no public key was given, so nobody knows who signed",
      "name a key you trust with --public-key or --fingerprint",
    );
  const key = await ledgerKeyOf(reportsDir, trust);
  const state = readLedgerDir(ledgerDirOf(reportsDir), key);
  if (state.problems.length > 0)
    throw refusal(`The run ledger does not verify: ${state.problems.slice(0, 5).join("; ")}`);
  return { ...state, key };
}

const isEnd = (entry: LedgerEntry): entry is EndEntry => entry.kind !== "intent";

/** The newest pack that verifies names the ledger's key under its signature, and shows that no pack of the folder is missing in it. */
async function ledgerKeyOf(reportsDir: string, trust: Trust): Promise<string> {
  const names = exists(reportsDir)
    ? readdirSync(reportsDir).filter((name) => exists(join(reportsDir, name, PACK.report)))
    : [];
  let why = "there is none";
  for (const name of names.toSorted().toReversed()) {
    const dir = join(reportsDir, name);
    const { ok, checks } = await verifyPack(dir, { ...trust, ledgerDir: ledgerDirOf(reportsDir) });
    const failed = checks.find(({ outcome }) => outcome === "fail");
    if (failed?.name === "ledger") throw refusal(`The run ledger does not verify: ${failed.detail}`);
    if (ok)
      return parseStatement(openBundle(dir, PACK.report).signed.payload, "report", PACK.report).predicate.ledger.key;
    why = `${name}: ${failed?.detail ?? "it does not verify"}`;
  }
  throw refusal(`no pack in the reports folder verifies under the given keys: ${why}`);
}

async function runOf(intent: IntentEntry, end: EndEntry | undefined, options: GatherOptions): Promise<PeriodRun> {
  const { run, scenario, scenarioSha256, wall } = intent;
  const about = {
    run,
    scenario,
    scenarioSha256,
    wall,
    end: end?.kind ?? ("open" as const),
    exitCode: end?.exitCode ?? null,
  };
  const without = (gap: string | null): PeriodRun => ({ ...about, report: null, bundleSha256: null, gap });
  if (end === undefined || end.bundleSha256 === null) return without(null);
  const dir = join(options.reportsDir, run);
  if (!exists(join(dir, PACK.report))) return without("its pack is not there");
  const { ok, checks } = await verifyPack(dir, { ...options.trust, recompute: options.recompute });
  if (!ok) {
    const failed = checks.find(({ outcome }) => outcome === "fail") ?? checks.find(({ outcome }) => outcome !== "ok");
    return without(`its pack does not verify: ${failed?.name}: ${failed?.detail}`);
  }
  const bundleSha256 = sha256(readBounded(join(dir, PACK.report), PACK.report, MAX_BYTES.bundle));
  if (bundleSha256 !== end.bundleSha256) return without("its pack is not the one that the ledger has");
  const bytes = readBounded(join(dir, PACK.reportJson), PACK.reportJson, MAX_BYTES.json);
  return { ...about, report: JSON.parse(bytes.toString("utf8")) as Report, bundleSha256, gap: null };
}

export interface PeriodFacts extends Pick<ClassFacts, "dirty" | "clockSynchronised" | "preload"> {
  readonly span: Span;
  readonly madeAt: string;
}

/** Signs the files of a folder. The class is no higher than that of any run that counts. */
export async function signPeriod(
  dir: string,
  facts: PeriodFacts,
  { runs, ledger }: Gathered,
  signer: Signer,
): Promise<void> {
  const { span, madeAt, dirty, clockSynchronised, preload } = facts;
  const of = { signerRole: signer.role, dirty, clockSynchronised, preload, overrides: [], images: [], anchors: [""] };
  const development = runs.filter(({ report }) => report?.class === "development").length;
  const reasons = [
    ...classify(of).reasons,
    ...(development > 0 ? [`${development} of ${runs.length} runs are development runs`] : []),
  ];
  const predicate: PeriodPredicate = {
    schema: "blackstart/period-statement/v1",
    class: reasons.length === 0 ? "attested" : "development",
    classReasons: reasons,
    span,
    madeAt,
    ledger,
    runs: runs.map(({ run, bundleSha256 }) => ({ run, bundleSha256 })),
    signer: { role: signer.role, fingerprint: signer.fingerprint, publicKey: signer.spki.toString("base64") },
  };
  const subjects = SIGNED.map((name) => subjectOf(dir, name));
  createFile(join(dir, PERIOD.bundle), await signBundle(makeStatement("period", subjects, predicate), signer));
}

interface PeriodVerification {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly statement: PeriodPredicate | null;
}

/** Whether a period report is what a holder of a pinned key signed. Never throws; what it says of runs is checked by their own packs. */
export async function verifyPeriod(dir: string, pins: readonly PinnedKey[]): Promise<PeriodVerification> {
  const checks = new Checks<"bundle" | "statement" | "key" | "signature" | "keyring" | "files" | "digests">();
  const bundle = await checks.run("bundle", {}, () => ({
    value: openBundle(dir, PERIOD.bundle),
    detail: "a Sigstore bundle v0.3 with one signature over an in-toto payload",
  }));
  const statement = await checks.run("statement", { bundle }, (given) => {
    const value = parseStatement(given.bundle.signed.payload, "period", PERIOD.bundle);
    return { value, detail: statedIn(value) };
  });
  const key = await checks.run("key", { bundle }, (given) => said(checkPinned(pins, given.bundle)));
  await checks.run("signature", { bundle, statement, key }, (given) =>
    said(checkSigner(given.bundle, given.statement.predicate.signer, pins, PERIOD.bundle)),
  );
  await checks.run("keyring", { bundle, statement, key }, (given) => {
    const times = { claimedMs: Date.parse(given.statement.predicate.madeAt), provenMs: null };
    return said(checkKeyring(given.bundle, pins, "period", times));
  });
  await checks.run("files", { statement }, (given) => said(checkSet(dir, given.statement)));
  await checks.run("digests", { statement }, (given) => said(checkDigests(dir, given.statement)));
  return { ok: checks.ok, checks: checks.list, statement: statement?.predicate ?? null };
}

function statedIn({ typeClass, predicate }: Statement<"period">): string {
  const { span, runs } = predicate;
  if (typeClass !== predicate.class)
    throw refusal(`it is ${predicate.class} by its own word and ${typeClass} by its type`);
  if (predicate.class === "attested" && (predicate.signer.role !== "attested" || predicate.classReasons.length > 0))
    throw refusal("it calls itself attested and says why it is not");
  return `the period report of ${span.name}, ${span.from} to ${span.to}, over ${runs.length} runs`;
}

function checkSet(dir: string, { subjects }: Statement<"period">): string {
  const { files, problems } = packFiles(dir);
  const wanted: string[] = [...SIGNED, PERIOD.bundle];
  const wrong = [
    ...problems,
    ...SIGNED.filter((name) => !subjects.has(name)).map((name) => `${name} is not signed`),
    ...wanted.filter((name) => !files.includes(name)).map((name) => `${name} is missing`),
    ...files.filter((name) => !wanted.includes(name)).map((name) => `${name} was added`),
  ];
  if (wrong.length > 0) throw refusal(wrong.slice(0, 5).join("; "));
  return `${SIGNED.length} signed files, none missing, none added`;
}
