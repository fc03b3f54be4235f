import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { EvidenceClass, Report } from "../report.ts";
import { signBundle } from "./dsse.ts";
import { createFile, exists, packFiles, readBounded, replaceFile, sha256 } from "./files.ts";
import { guideFor, markerFor } from "./guide.ts";
import { subjectOf } from "./intent.ts";
import { readJournal, type ReadJournal } from "./journal.ts";
import { canonicalJson, firstDifference } from "./json.ts";
import type { Signer } from "./keys.ts";
import type { Ledger } from "./ledger.ts";
import { MAX_BYTES, PACK, UNSIGNED, classOfPack, readIntent } from "./pack-files.ts";
import { refusal } from "./refusal.ts";
import type { Stamper } from "./timestamp.ts";
import { makeStatement, resultOf, type ReportPredicate } from "./statement.ts";

export interface SealOptions {
  /** The pack's folder, complete: raw files, a closed journal, views with views/report.json. */
  readonly dir: string;
  /** What views/report.json holds. */
  readonly report: Report;
  readonly signer: Signer;
  readonly stamper: Stamper | null;
  readonly ledger: Ledger;
}

export interface SealedPack {
  /** Path of report.sigstore.json. */
  readonly bundle: string;
  readonly bundleSha256: string;
  readonly class: EvidenceClass;
  readonly fingerprint: string;
}

/**
 * Signs every file of the pack and ends the run in the ledger, whose proof is added last. Nothing in the pack may change
 * afterwards. Rejects with exit 5 when the pack contradicts itself or was sealed before; then nothing is signed.
 */
export async function sealPack({ dir, report, signer, stamper, ledger }: SealOptions): Promise<SealedPack> {
  const predicate = predicateFor(dir, report, signer, ledger);
  writeGuide(dir, predicate);
  const { files, problems } = packFiles(dir);
  if (problems.length > 0) throw refusal(`The pack ${report.run} cannot be sealed: ${problems.join("; ")}`);
  if (files.some((name) => UNSIGNED.includes(name))) throw refusal(`The pack ${report.run} was sealed before`);
  const subjects = files.map((name) => subjectOf(dir, name));
  const bundle = await signBundle(makeStatement("report", subjects, predicate), signer, stamper && unhindered(stamper));
  createFile(join(dir, PACK.report), bundle);

  const { verdict, exitCode } = report;
  const reason = predicate.end === "aborted" ? abortOf(dir) : null;
  const end = { kind: predicate.end, bundleSha256: sha256(bundle), class: predicate.class, verdict, exitCode, reason };
  const closed = await ledger.closeRun(report.run, end);
  mkdirSync(join(dir, "ledger"), { recursive: true });
  replaceFile(join(dir, PACK.checkpoint), closed.checkpoint);
  replaceFile(join(dir, PACK.proof), canonicalJson(closed.proof));
  return {
    bundle: join(dir, PACK.report),
    bundleSha256: end.bundleSha256,
    class: predicate.class,
    fingerprint: signer.fingerprint,
  };
}

/** What a drill has shown is sealed also where the authority is gone by then; that the report has no time stamp can be seen. */
const unhindered = (stamper: Stamper): Stamper => ({
  ...stamper,
  stamp: (signature) => stamper.stamp(signature).catch(() => null),
});

function predicateFor(dir: string, report: Report, signer: Signer, ledger: Ledger): ReportPredicate {
  const { predicate: intent, sha256: intentSha256 } = readIntent(dir);
  const classified = classOfPack(dir, intent);
  const journal = readJournal(readBounded(join(dir, PACK.journal), PACK.journal, MAX_BYTES.journal).toString("utf8"));
  const written: unknown = JSON.parse(readFileSync(join(dir, PACK.reportJson), "utf8"));
  const contradiction =
    firstDifference(written, JSON.parse(JSON.stringify(report))) ??
    firstDifference(report.class, classified.class, "class") ??
    firstDifference(signer.fingerprint, intent.signer.fingerprint, "the signer of report and intent") ??
    firstDifference(report.run, intent.run, "run") ??
    journal.defects[0];
  if (contradiction !== undefined) throw refusal(`The pack ${report.run} contradicts itself: ${contradiction}`);
  return {
    run: report.run,
    class: classified.class,
    classReasons: [...classified.reasons],
    end: endOf(journal),
    result: JSON.parse(JSON.stringify(resultOf(report))) as ReportPredicate["result"],
    intent: { sha256: intentSha256, ledgerIndex: intent.ledger.index },
    journal: { events: journal.events.length, head: journal.head },
    ledger: { key: ledger.key },
    scenario: intent.scenario,
    plan: intent.plan,
    evaluator: intent.evaluator,
    signer: intent.signer,
  };
}

/** Why the run was aborted, in the words of its journal. */
function abortOf(dir: string): string {
  const journal = readJournal(readBounded(join(dir, PACK.journal), PACK.journal, MAX_BYTES.journal).toString("utf8"));
  const last = journal.events.at(-1);
  return (last?.kind === "run-ended" ? last.data.error : undefined) ?? "aborted without a word";
}

function endOf(journal: ReadJournal): ReportPredicate["end"] {
  const last = journal.events.at(-1);
  return last?.kind === "run-ended" && last.data.outcome === "aborted" ? "aborted" : "result";
}

/** What a person needs who has only the pack: how to verify, the script that does it, and the mark of a development run. */
function writeGuide(dir: string, predicate: ReportPredicate): void {
  replaceFile(join(dir, PACK.guide), guideFor(predicate));
  replaceFile(join(dir, PACK.script), readFileSync(join(import.meta.dirname, "verify.sh")));
  chmodSync(join(dir, PACK.script), 0o755);
  if (predicate.class === "development") replaceFile(join(dir, PACK.marker), markerFor(predicate));
  else if (exists(join(dir, PACK.marker))) throw refusal(`${PACK.marker} stands in a pack that is attested`);
}
