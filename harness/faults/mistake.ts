import { z } from "zod";
import { isMistakable, MISTAKES } from "../archive.ts";
import { defineFault } from "../fault.ts";

const params = z.strictObject({
  what: z.enum(MISTAKES).meta({
    description: "drop-table, truncate: everything that clients wrote; bad-update: a migration changes all of it",
  }),
});

/** An operator's statement, obeyed and acknowledged. A restore can be told to end right before it, by this step's name. */
export const mistake = defineFault<z.output<typeof params>>({
  name: "mistake",
  summary: "A statement that nobody should have given is obeyed: a table dropped, emptied or changed throughout",
  target: "component",
  needs: [],
  requires: "statements",
  params,
  async inject({ component }, { what }, { step, keep }) {
    if (!isMistakable(component)) throw new Error(`${component.name} (${component.kind}) takes no such statement`);
    const { at, observed, proof } = await component.err(what, step);
    await keep("mistake.txt", `${proof}\n`);
    // Undoing it is the procedure under test.
    return { effective: at, effect: async () => ({ observed, proof }), heal: async () => undefined };
  },
});
