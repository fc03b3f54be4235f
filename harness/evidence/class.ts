import type { HostFacts, ImageFacts } from "../history.ts";
import type { EvidenceClass } from "../report.ts";
import type { SignerRole } from "./keys.ts";

/** All that decides what a run can be evidence of. `null` is "not known" and counts against it. */
export interface ClassFacts extends Pick<HostFacts, "dirty" | "clockSynchronised" | "preload"> {
  readonly signerRole: SignerRole;
  readonly overrides: readonly string[];
  readonly images: readonly Pick<ImageFacts, "name" | "digest">[] | null;
  /** Witnesses outside of this host that saw the intent before the fault (a WORM store, a time stamp). */
  readonly anchors: readonly string[];
}

export interface Classified {
  readonly class: EvidenceClass;
  /** Why the class is not higher; empty when it is attested. */
  readonly reasons: readonly string[];
}

/** The class is what the facts allow. It has no override: one reason is enough for `development`, and all are named. */
export function classify(facts: ClassFacts): Classified {
  const unpinned = facts.images?.filter((image) => image.digest === null) ?? [];
  const reasons = [
    facts.signerRole === "development" && "signed with a key made for this machine alone",
    facts.dirty === true && "Blackstart's sources differ from what is committed",
    facts.dirty === null && "whether Blackstart's sources are as committed is not known",
    facts.images === null && "the images are not known",
    ...unpinned.map((image) => `the image ${image.name} has no digest of a registry`),
    ...facts.overrides.map((override) => `the scenario was overridden: ${override}`),
    facts.clockSynchronised === false && "the host's clock is not synchronised",
    facts.clockSynchronised === null && "whether the host's clock is synchronised is not known",
    facts.preload !== null && `a library was preloaded into the harness: ${facts.preload}`,
    facts.anchors.length === 0 && "nobody outside of this host saw the intent before the fault",
  ].filter((reason) => reason !== false);
  return { class: reasons.length === 0 ? "attested" : "development", reasons };
}
