import { z } from "zod";
import { defineFault } from "../fault.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({
  disk: z.enum(["kept", "lost"]).default("lost").meta({ description: "Whether the machine's disk can be had again" }),
});

/**
 * A machine that lost its power or its network sends nothing: clients hang until their own timeouts. So every packet is dropped
 * in both directions first, and only then the process is killed; a mere kill closes sockets and is noticed in milliseconds.
 */
export const nodeLoss = defineFault<z.output<typeof params>>({
  name: "node-loss",
  summary: "The machine falls silent and dies; its disk is kept or lost",
  target: "node",
  needs: ["netns-drop"],
  params,
  async inject(target, { disk }) {
    const node = requireNode(target);
    const silence = { direction: "both", peers: "all" } as const;
    const effective = await node.cut(silence);
    const died = node.kill("SIGKILL");
    died.catch(() => undefined); // awaited in effect(), where a failure is reported
    return {
      effective,
      async effect() {
        await died;
        if (disk === "lost") await node.discard();
        const state = await node.state();
        return {
          observed: state === "stopped",
          proof: `all packets dropped, then SIGKILL; the engine says ${state}; disk ${disk}`,
        };
      },
      async heal() {
        await died.catch(() => undefined);
        await node.join(silence);
      },
    };
  },
});
