/**
 * Whether a pack is what a holder of a pinned key has signed, and whether that can be true. Reads what strangers wrote: sizes and
 * depth are bounded, links are refused, and whatever goes wrong becomes a failed check and never an exception.
 */
import type { EvidenceClass, Report } from "../report.ts";
import type { Verdict } from "../verdict.ts";
import { type Check, Checks, said } from "./checks.ts";
import { ledgerDirOf } from "./ledger.ts";
import { exists } from "./files.ts";
import { join } from "node:path";
import { PACK } from "./pack-files.ts";
import { signoffWords } from "./signoff.ts";
import { parseStatement } from "./statement.ts";
import {
  checkClass,
  checkDigests,
  checkFigures,
  checkFiles,
  checkJournal,
  checkKeyring,
  checkLedgerProof,
  checkOrder,
  checkPinned,
  checkPlan,
  checkRecomputed,
  checkSelftest,
  checkSigner,
  openBundle,
  openIntent,
  type PinnedKey,
} from "./verify-checks.ts";
import { checkAcceptances } from "./verify-acceptances.ts";
import { checkLedger } from "./verify-ledger.ts";
import { checkTime } from "./verify-time.ts";
import { checkWorm } from "./verify-worm.ts";
import type { WormBucket } from "../worm.ts";

export type CheckName =
  | "bundle"
  | "statement"
  | "key"
  | "signature"
  | "files"
  | "digests"
  | "intent"
  | "class"
  | "worm"
  | "time"
  | "keyring"
  | "plan"
  | "selftest"
  | "acceptances"
  | "journal"
  | "order"
  | "figures"
  | "ledger-proof"
  | "ledger"
  | "sign-off"
  | "recompute";

export interface VerifyOptions {
  /** Keys that the caller trusts. Without one nothing is ever ok. */
  readonly publicKeys: readonly PinnedKey[];
  readonly requireClass?: EvidenceClass | undefined;
  /** PEM files with the roots of time-stamp authorities that the caller trusts. */
  readonly tsaCertificates?: readonly string[] | undefined;
  /** The bucket that keeps the intent, to look it up there. */
  readonly worm?: WormBucket | undefined;
  /** Derives the report again from the raw files; called only once every file is known to be what was signed. */
  readonly recompute?: ((dir: string) => Promise<Report>) | undefined;
  /** The ledger's folder, or the reports folder that has it: then the whole ledger is checked. */
  readonly ledgerDir?: string | undefined;
  /** A file of those who may sign off and accept risks: then at least one must have signed off, and nothing that people signed may be wrong. */
  readonly allowedSigners?: string | undefined;
}

/** Whom whoever checks packs believes, and where they look things up. */
export type Trust = Pick<VerifyOptions, "publicKeys" | "tsaCertificates" | "worm">;

export interface Verification {
  readonly ok: boolean;
  readonly checks: readonly Check<CheckName>[];
  /** What the statement says; null when it cannot be read. Worth nothing unless `ok`. */
  readonly run: string | null;
  readonly class: EvidenceClass | null;
  readonly verdict: Verdict | null;
  /** SHA-256 of the key that is said to have signed. */
  readonly fingerprint: string | null;
}

/** Verifies a pack. Never throws; `ok` only when every check that was asked for is. */
export async function verifyPack(dir: string, options: VerifyOptions): Promise<Verification> {
  const { publicKeys: pins } = options;
  const checks = new Checks<CheckName>();
  const bundle = await checks.run("bundle", {}, () => ({
    value: openBundle(dir, PACK.report),
    detail: "a Sigstore bundle v0.3 with one signature over an in-toto payload",
  }));
  const report = await checks.run("statement", { bundle }, (given) => {
    const value = parseStatement(given.bundle.signed.payload, "report", PACK.report);
    return { value, detail: `the report of the drill ${value.predicate.run}` };
  });
  const key = await checks.run("key", { bundle }, (given) => said(checkPinned(pins, given.bundle)));
  const signature = await checks.run("signature", { bundle, report, key }, (given) =>
    said(checkSigner(given.bundle, given.report.predicate.signer, pins, PACK.report)),
  );
  const files = await checks.run("files", { report }, (given) => said(checkFiles(dir, given.report)));
  const digests = await checks.run("digests", { report }, (given) => said(checkDigests(dir, given.report)));
  const intent = await checks.run("intent", { report, key }, (given) => {
    const value = openIntent(dir, given.report, pins);
    return { value, detail: `signed ${value.statement.predicate.signedAt}, the one that the report names` };
  });
  await checks.run("class", { report, intent }, (given) =>
    said(checkClass(dir, given.report, given.intent, options.requireClass)),
  );
  const worm = await checks.run("worm", { intent, key }, async (given) => {
    const value = await checkWorm(dir, given.intent, pins, options.worm);
    return { value, detail: value.detail };
  });
  const time = await checks.run("time", { bundle, report, intent, worm }, async (given) => {
    const certificates = options.tsaCertificates ?? [];
    const { typeClass } = given.report;
    const value = await checkTime(given.bundle, given.intent, typeClass, certificates, given.worm.putMs);
    return { value, detail: value.detail };
  });
  await checks.run("keyring", { intent, time, key }, ({ intent: opened, time: { provenMs } }) => {
    const claimedMs = Date.parse(opened.statement.predicate.signedAt);
    return said(checkKeyring(opened, pins, "drill", { claimedMs, provenMs }));
  });
  await checks.run("plan", { intent }, (given) => said(checkPlan(dir, given.intent)));
  await checks.run("selftest", { intent, key }, (given) => said(checkSelftest(dir, given.intent, pins)));
  await checks.run("acceptances", { intent }, (given) => checkAcceptances(dir, given.intent, options.allowedSigners));
  const journal = await checks.run("journal", { report }, (given) => {
    const value = checkJournal(dir, given.report);
    return { value, detail: value.detail };
  });
  await checks.run("order", { journal, intent }, (given) => said(checkOrder(given.journal, given.intent)));
  await checks.run("figures", { report, intent }, (given) => said(checkFigures(dir, given.report, given.intent)));
  const proven = await checks.run("ledger-proof", { report, bundle, intent }, (given) => {
    const value = checkLedgerProof(dir, given.report, given.bundle, given.intent);
    return { value, detail: value.detail };
  });
  await checks.runIf(options.ledgerDir, "ledger", { report, intent, proven }, (given, ledgerDir) =>
    said(
      checkLedger(
        ledgerOf(ledgerDir),
        given.report.predicate.ledger.key,
        given.proven,
        given.intent.statement.predicate,
      ),
    ),
  );
  await checks.runIf(options.allowedSigners, "sign-off", { report, signature }, async (given, allowed) =>
    said(await signoffWords(dir, given.report.predicate.run, allowed)),
  );
  await checks.runIf(options.recompute, "recompute", { signature, files, digests, intent }, async (given, recompute) =>
    said(await checkRecomputed(dir, given.intent, recompute)),
  );
  return {
    ok: checks.ok,
    checks: checks.list,
    run: report?.predicate.run ?? null,
    class: report?.typeClass ?? null,
    verdict: report?.predicate.result.verdict ?? null,
    fingerprint: bundle?.claimed ?? null,
  };
}

const ledgerOf = (dir: string): string => (exists(join(dir, "entries.jsonl")) ? dir : ledgerDirOf(dir));
