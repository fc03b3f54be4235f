import { z } from "zod";
import { defineFault } from "../fault.ts";
import { awaitCondition } from "../wait.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({
  direction: z
    .enum(["both", "in", "out"])
    .default("both")
    .meta({ description: "Which packets of the node are dropped" }),
  peers: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .meta({ description: "Full names of nodes, or `clients`; everybody if left out" }),
});

/** Packets are dropped without a word inside the node's network namespace; nothing is rejected and no connection is closed. */
export const partition = defineFault<z.output<typeof params>>({
  name: "partition",
  summary: "The node's packets are dropped: both ways or one way, from everybody or from named peers",
  target: "node",
  needs: ["netns-drop"],
  params,
  async inject(target, { direction, peers }, { signal }) {
    const node = requireNode(target);
    const before = await node.droppedPackets();
    const cut = { direction, peers: peers ?? ("all" as const) };
    const effective = await node.cut(cut);
    return {
      effective,
      async effect() {
        let dropped = 0;
        const bites = await awaitCondition(async () => (dropped = (await node.droppedPackets()) - before) > 0, {
          everyMs: 50,
          timeoutMs: 3_000,
          signal,
        });
        return { observed: bites, proof: `${dropped} packets dropped` };
      },
      heal: () => node.join(cut),
    };
  },
});
