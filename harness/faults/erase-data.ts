import { z } from "zod";
import { isErasable } from "../capabilities.ts";
import { defineFault } from "../fault.ts";

const params = z.strictObject({});

/** An operator's mistake: the store is told to forget everything, and does. */
export const eraseData = defineFault<z.output<typeof params>>({
  name: "erase-data",
  summary: "Everything in the store is deleted by a command that the store obeys",
  target: "component",
  needs: [],
  params,
  async inject({ component }) {
    if (!isErasable(component)) throw new Error(`${component.name} (${component.kind}) has no command that erases it`);
    const { at, before, after } = await component.erase();
    return {
      effective: at,
      effect: async () => ({
        observed: before > 0 && after < before,
        proof: `${before} elements before, ${after} after`,
      }),
      heal: async () => undefined,
    };
  },
});
