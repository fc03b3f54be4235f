/**
 * Signed evidence: what a drill needs of it. The order is the point: an intent before anything breaks, a journal while it
 * happens, a sealed pack and exactly one end in the run ledger after it.
 */
export { evaluatorFacts } from "./evidence/evaluator.ts";
export { signIntent, type IntentOptions, type SignedIntent } from "./evidence/intent.ts";
export { openJournal, readJournal, type Journal, type RawEvent, type ReadJournal } from "./evidence/journal.ts";
export { loadSigner, type Env, type LoadedSigner, type Signer } from "./evidence/keys.ts";
export { closeOrphans, openLedger, type Ledger, type RunEnd } from "./evidence/ledger.ts";
export { sealPack, type SealedPack, type SealOptions } from "./evidence/pack.ts";
export { evidenceOfPack, type EvidenceOfPack } from "./evidence/pack-files.ts";
