import type { Suite } from "./read-suite.ts";

/** One drill that a suite asks for: a scenario, and the how manieth time. */
export interface SuiteItem {
  /** `postgres-primary-node-loss-2`: unique in the suite. */
  readonly key: string;
  readonly scenario: string;
  readonly scenarioSha256: string;
  readonly file: string;
  readonly covers: readonly string[];
}

/** Part `index` of `of`, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** What a suite, or one shard of it, runs. The shards of a suite share no drill and leave none out. */
export function itemsOf({ drills }: Suite, shard: Shard | null): SuiteItem[] {
  const all = drills.flatMap(({ scenario: read, repeat }) =>
    Array.from({ length: repeat }, (_, n) => ({
      key: `${read.scenario.id}-${n + 1}`,
      scenario: read.scenario.id,
      scenarioSha256: read.plan(0).scenario.sha256,
      file: read.file,
      covers: read.scenario.covers,
    })),
  );
  return shard === null ? all : all.filter((_, i) => i % shard.of === shard.index - 1);
}
