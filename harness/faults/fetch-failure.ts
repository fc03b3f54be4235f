import { z } from "zod";
import { requireArchive } from "../archive.ts";
import { WHERES } from "../place.ts";
import { defineFault } from "../fault.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({
  where: z.enum(WHERES).default("middle").meta({
    description: "Which of the segments since the newest backup cannot be fetched",
  }),
  exit: z.int().min(1).max(255).default(1).meta({ description: "How the archiver's program ends when asked for it" }),
});

/** The archive is whole, and on its way to one machine something fails: an expired key, a full disk, a store that is busy. */
export const fetchFailure = defineFault<z.output<typeof params>>({
  name: "fetch-failure",
  summary: "On one machine the archiver's program fails when it is to fetch a certain segment",
  target: "node",
  needs: [],
  requires: "archive",
  params,
  async inject(target, { where, exit: wanted }) {
    const broken = await requireArchive(target.component).breakFetch(requireNode(target).name, { where, exit: wanted });
    return {
      effective: broken.at,
      async effect(signal) {
        const asked = await broken.asked(signal);
        return {
          observed: asked,
          proof: asked
            ? `asked for ${broken.segment} the archiver's program ended with ${wanted}`
            : `nobody asked for ${broken.segment} while it would have failed`,
        };
      },
      heal: () => broken.undo(),
    };
  },
});
