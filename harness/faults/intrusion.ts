import { z } from "zod";
import { isIntrudable } from "../capabilities.ts";
import { defineFault, type FaultKind } from "../fault.ts";
import { servedWords } from "./served.ts";

const params = z.strictObject({
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .meta({ description: "Of what was acknowledged so far, 0 to 1, the oldest first" }),
});

/** With the application's own keys and in its own way, so that no right is exceeded and nothing is refused. */
export const intrusion = (name: string, deed: "delete" | "overwrite", summary: string): FaultKind =>
  defineFault<z.output<typeof params>>({
    name,
    summary,
    target: "component",
    needs: [],
    params,
    async inject({ component }, { share }, { signal }) {
      if (!isIntrudable(component))
        throw new Error(
          `${component.name} (${component.kind}) has no elements that an application deletes or overwrites`,
        );
      const intruded = await component.intrude(deed, share, signal);
      const { at, reached } = intruded;
      const served = await intruded.serve(); // before a recovery brings them back
      return {
        effective: at,
        async effect() {
          return {
            observed: reached > 0 && (deed === "delete" ? served.absent : served.wrong) === reached,
            proof: `${reached} reached; to a reader ${servedWords(served)}`,
          };
        },
        heal: async () => undefined, // what was deleted stays deleted: bringing it back is the procedure under test
      };
    },
  });
