import type { History } from "./history.ts";
import type { Finding } from "./verdict.ts";

/**
 * A pure judgement of a history: no clock, no container, no file. One that throws counts as unknown. `always` checkers run
 * whether or not the scenario names them, because without them no verdict is worth anything.
 */
export interface Checker {
  readonly name: string;
  readonly summary: string;
  readonly always: boolean;
  /** What a component must be able to do, in a word of its capabilities, to have something that this judges. */
  readonly requires?: string;
  check(history: History): Finding;
}
