import { z } from "zod";
import { takesBatches } from "../capabilities.ts";
import { defineRoutine } from "../routine.ts";

const params = z.strictObject({
  rows: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .meta({ description: "How many it writes, all of them or none" }),
});

export const batch = defineRoutine<z.output<typeof params>>({
  name: "batch",
  summary: "One transaction writes many rows that are no part of the ledger, as a nightly job does",
  target: "component",
  requires: "batches",
  params,
  async run({ component }, { rows }) {
    if (!takesBatches(component)) throw new Error(`${component.name} (${component.kind}) takes no batches`);
    return component.batch(rows);
  },
});
