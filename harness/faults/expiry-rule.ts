import { z } from "zod";
import { isExpiring } from "../capabilities.ts";
import { defineFault } from "../fault.ts";
import { servedWords } from "./served.ts";

const params = z.strictObject({
  days: z.int().min(1).max(365).default(5).meta({
    description: "What is older than so many days is deleted; the store takes a second for a day",
  }),
});

/** An operator's rule, put by one who may put it: nothing is refused, no step fails, and what is deleted was still needed. */
export const expiryRule = defineFault<z.output<typeof params>>({
  name: "expiry-rule",
  summary: "A rule of the store's own deletes what is older than so many days, and what is still needed with it",
  target: "component",
  needs: [],
  requires: "lifecycle",
  params,
  async inject({ component }, { days }) {
    if (!isExpiring(component))
      throw new Error(`${component.name} (${component.kind}) deletes nothing by rules of its own`);
    const expired = await component.expire(days);
    const served = await expired.serve(); // before a recovery brings them back
    return {
      effective: expired.at,
      async effect() {
        return {
          observed: expired.due > 0 && served.absent === expired.due,
          proof: `${expired.due} were older than ${days} days of a second each; to a reader ${servedWords(served)}`,
        };
      },
      heal: () => expired.undo(),
    };
  },
});
