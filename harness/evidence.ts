/**
 * Signed evidence: what a drill needs of it. The order is the point: an intent before anything breaks, a journal while it
 * happens, a sealed pack and exactly one end in the run ledger after it.
 */
export { evaluatorFacts } from "./evidence/evaluator.ts";
export { signIntent } from "./evidence/intent.ts";
export { openJournal, type Journal } from "./evidence/journal.ts";
export { loadSigner, type Env } from "./evidence/keys.ts";
export { closeOrphans, type Ledger, openLedger } from "./evidence/ledger.ts";
export { sealPack, type SealedPack } from "./evidence/pack.ts";
export { evidenceOfPack } from "./evidence/pack-files.ts";
export { keepSelftest, type KeptSelftest, newestSelftest, SELFTEST, selftestDirOf } from "./evidence/selftest.ts";
export { gatherRuns, PERIOD, runsOfLedger, signPeriod, within } from "./evidence/period.ts";
export {
  acceptancesFor,
  putAcceptances,
  readAcceptances,
  type SignedAcceptance,
  signAcceptance,
} from "./evidence/risk-acceptance.ts";
export { acceptorsOf } from "./evidence/verify-acceptances.ts";
export { loadStamper } from "./evidence/timestamp.ts";
export { anchorIntent, keepPack, openVault, type Vault } from "./evidence/worm.ts";
export { checkBucket } from "./evidence/worm-check.ts";
export { keepProbe, WORM } from "./evidence/worm-probe.ts";
