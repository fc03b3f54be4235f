import { z } from "zod";
import { isLockable } from "../capabilities.ts";
import { defineFault } from "../fault.ts";

const params = z.strictObject({});

/** A lock that holds against a plain deletion proves little: each way around it is tried, with the highest rights there are. */
export const lockBypass = defineFault<z.output<typeof params>>({
  name: "lock-bypass",
  summary: "Every known way around the lock of stored elements is tried with the store's own root keys",
  target: "component",
  needs: [],
  requires: "lock",
  params,
  async inject({ component }, _params, { attempted, signal }) {
    if (!isLockable(component)) throw new Error(`${component.name} (${component.kind}) locks nothing`);
    const tried: boolean[] = [];
    const effective = await component.tamper((attempt) => {
      tried.push(attempt.refused);
      attempted(attempt);
    }, signal);
    return {
      effective,
      async effect() {
        const worked = tried.filter((refused) => !refused).length;
        return { observed: tried.length > 0, proof: `${tried.length} ways were tried, ${worked} of them worked` };
      },
      heal: async () => undefined,
    };
  },
});
