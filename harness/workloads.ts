import { z } from "zod";
import { positiveDuration, rate } from "./scenario/units.ts";

/** What a scenario may write about a workload beside `kind`, `target` and `name`. One kind so far; the planner reads this list. */
export const workloadKinds = [
  {
    kind: "ledger",
    summary: "Open-loop writers whose every operation is recorded outside the stack before it is sent",
    config: z.strictObject({
      rate: rate.refine((perSecond) => perSecond >= 1 && perSecond <= 100_000, { error: "expected 1/s to 100000/s" }),
      connections: z.int().min(1).max(256).default(8),
      transfers: z
        .number()
        .min(0)
        .max(1)
        .default(0.2)
        .meta({ description: "Share of operations that move money between two accounts" }),
      timeout: positiveDuration.default(1_000).meta({ description: "The client's own patience with one write" }),
    }),
  },
] as const;
