import { join } from "node:path";
import type { HostFacts, ImageFacts } from "../history.ts";
import { nowNs } from "../time.ts";
import { classify } from "./class.ts";
import { signBundle } from "./dsse.ts";
import { createFile, exists, sha256, sha256File } from "./files.ts";
import type { Signer } from "./keys.ts";
import { attemptsAt } from "./ledger-entries.ts";
import type { Ledger, LedgerPlace } from "./ledger.ts";
import { PACK, readPlan } from "./pack-files.ts";
import { refusal } from "./refusal.ts";
import { acceptanceFilesOf } from "./risk-acceptance.ts";
import type { Stamper } from "./timestamp.ts";
import { makeStatement, type IntentPredicate, type Subject } from "./statement.ts";

const ATTEMPT_WINDOW_DAYS = 30;
/** What was there before anything broke: the drill's own sources, and what its report will speak of where it is there. */
const INPUTS = [PACK.scenario, PACK.plan, PACK.policy];
const OPTIONAL_INPUTS = [PACK.selftest, PACK.wormProbe];

export interface IntentOptions {
  /** The pack's folder. raw/scenario.yaml, raw/plan.json and raw/policy.yaml must be written: the intent signs their bytes. */
  readonly dir: string;
  readonly run: string;
  readonly signer: Signer;
  readonly stamper: Stamper | null;
  /** The bucket that the intent will be kept in; the probe that makes it count lies in the pack as raw/worm-probe.sigstore.json. */
  readonly wormBucket: string | null;
  readonly ledger: Ledger;
  readonly host: Pick<HostFacts, "evaluatorSha256" | "dirty" | "clockSynchronised" | "preload">;
  /** null when the images are not resolved yet. */
  readonly images: readonly Pick<ImageFacts, "name" | "digest">[] | null;
}

export interface SignedIntent {
  /** SHA-256 of intent.sigstore.json: what the journal's `intent-signed` and the report name it by. */
  readonly sha256: string;
  readonly ledgerIndex: number;
}

/**
 * Says what will be done and what would count as success, signs it and enters it in the run ledger: all before anything
 * breaks, so that neither the objectives nor the number of attempts can be chosen after the result. Writes intent.sigstore.json.
 */
export async function signIntent(options: IntentOptions): Promise<SignedIntent> {
  let digest = "";
  const entry = await options.ledger.appendIntent(async (place) => {
    const predicate = intentFor(options, place);
    const present = OPTIONAL_INPUTS.filter((name) => exists(join(options.dir, name)));
    const subjects = [...INPUTS, ...present, ...acceptanceFilesOf(options.dir)].map((name) =>
      subjectOf(options.dir, name),
    );
    const bundle = await signBundle(makeStatement("intent", subjects, predicate), options.signer, options.stamper);
    if (!createFile(join(options.dir, PACK.intent), bundle))
      throw refusal(`${PACK.intent} of the run ${options.run} exists already`);
    digest = sha256(bundle);
    const { id: scenario, sha256: scenarioSha256 } = predicate.scenario;
    return { run: options.run, scenario, scenarioSha256, class: predicate.class, bundleSha256: digest };
  });
  return { sha256: digest, ledgerIndex: entry.index };
}

export const subjectOf = (dir: string, name: string): Subject => ({ name, sha256: sha256File(join(dir, name), name) });

function intentFor(
  { dir, run, signer, stamper, wormBucket, ledger, host, images }: IntentOptions,
  place: LedgerPlace,
): IntentPredicate {
  const plan = readPlan(dir);
  const now = new Date();
  const { clockSynchronised, preload, dirty } = host;
  const anchors = stamper ? [stamper.name] : [];
  const facts = {
    signerRole: signer.role,
    overrides: plan.overrides,
    dirty,
    clockSynchronised,
    preload,
    images,
    anchors: [...anchors, ...(wormBucket === null ? [] : [wormBucket])],
  };
  const classified = classify(facts);
  return {
    run,
    class: classified.class,
    classReasons: [...classified.reasons],
    scenario: { id: plan.scenario.id, sha256: plan.scenario.sha256 },
    plan: { sha256: subjectOf(dir, PACK.plan).sha256 },
    policy: { id: plan.policy.id, sha256: plan.policy.sha256 },
    objectives: plan.objectives,
    expect: plan.expect,
    conditions: plan.verify,
    seed: plan.seed,
    anchors,
    worm: wormBucket === null ? null : { bucket: wormBucket, probeSha256: subjectOf(dir, PACK.wormProbe).sha256 },
    overrides: plan.overrides,
    evaluator: { sha256: host.evaluatorSha256, dirty },
    ledger: { key: ledger.key, index: place.index, root: place.root },
    attempts: attemptsAt(place.entries, plan.scenario.id, ATTEMPT_WINDOW_DAYS, now),
    signer: { role: signer.role, fingerprint: signer.fingerprint, publicKey: signer.spki.toString("base64") },
    signedAt: now.toISOString(),
    ns: String(nowNs()),
  };
}
