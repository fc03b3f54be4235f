import type { Options } from "yargs";
import { usage } from "../errors.ts";
import { visible } from "../text.ts";

const LARGEST_SEED = 2 ** 32 - 1;

/** `--set path=value`, any number of times. */
export const setOption = {
  type: "string",
  array: true,
  nargs: 1,
  default: [] as string[],
  defaultDescription: "none",
  describe: "Override a value for this run, such as workload[0].rate=500/s",
} as const satisfies Options;

/** `--seed n`: 32 bits, checked here because yargs turns a wrong number into NaN. */
export const seedOption = {
  type: "string",
  requiresArg: true,
  describe: "Where every random choice comes from; the same seed gives the same plan",
  coerce(given: unknown): number | undefined {
    if (given === undefined) return undefined;
    const seed = typeof given === "string" && /^\d{1,10}$/.test(given) ? Number(given) : NaN;
    if (seed <= LARGEST_SEED) return seed;
    throw usage(`--seed: found ${visible(JSON.stringify(given))}, expected one whole number from 0 to ${LARGEST_SEED}`);
  },
} as const satisfies Options;
