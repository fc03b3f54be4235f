import { z } from "zod";
import { isFillable } from "../capabilities.ts";
import { defineFault } from "../fault.ts";

const params = z.strictObject({});

/** Somebody else's data fills the store up to its own limit; whether it then refuses or deletes is its configuration. */
export const memoryPressure = defineFault<z.output<typeof params>>({
  name: "memory-pressure",
  summary: "The store is filled to its memory limit, until it refuses writes or deletes elements",
  target: "component",
  needs: [],
  params,
  async inject({ component }, _params, { signal, attempted }) {
    if (!isFillable(component)) throw new Error(`${component.name} (${component.kind}) has no memory limit to reach`);
    const { at, refused, detail, release } = await component.fill(signal);
    attempted({ attempt: "a write beyond the memory limit", refused, detail });
    return { effective: at, effect: async () => ({ observed: true, proof: detail }), heal: release };
  },
});
