import { z } from "zod";
import { isTriable } from "../archive.ts";
import { requireNode } from "../faults/targets.ts";
import { defineRoutine } from "../routine.ts";

const params = z.strictObject({
  rows: z.int().min(1).max(10_000).default(100).meta({ description: "How many rows that no client of the drill sent" }),
});

export const trialWrites = defineRoutine<z.output<typeof params>>({
  name: "trial-writes",
  summary: "People try a machine that was restored aside by writing into it",
  target: "node",
  requires: "statements",
  params,
  async run(target, { rows }, { signal }) {
    const { component } = target;
    if (!isTriable(component)) throw new Error(`${component.name} (${component.kind}) cannot be tried node by node`);
    return component.tryOut(requireNode(target).name, rows, signal);
  },
});
