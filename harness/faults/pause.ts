import { z } from "zod";
import { defineFault } from "../fault.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({});

/** A grey failure, not a partition: ports still accept, and what was buffered arrives on resume. */
export const pause = defineFault<z.output<typeof params>>({
  name: "pause",
  summary: "Every process of the node is frozen; connections stay open and silent",
  target: "node",
  needs: ["freezer"],
  params,
  async inject(target) {
    const node = requireNode(target);
    const effective = await node.pause();
    return {
      effective,
      async effect() {
        const state = await node.state();
        return { observed: state === "paused", proof: `the engine says ${state}` };
      },
      async heal() {
        if ((await node.state()) === "paused") await node.resume();
      },
    };
  },
});
