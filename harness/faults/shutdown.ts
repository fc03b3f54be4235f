import { z } from "zod";
import { defineFault } from "../fault.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({
  signal: z
    .enum(["SIGTERM", "SIGINT", "SIGQUIT"])
    .default("SIGTERM")
    .meta({ description: "How the server is told to stop" }),
});

/** An orderly end: the server may still write what it has. Nothing starts it again. */
export const shutdown = defineFault<z.output<typeof params>>({
  name: "shutdown",
  summary: "The server is told by a signal to end in order, and stays down",
  target: "node",
  needs: [],
  params,
  async inject(target, { signal }) {
    const node = requireNode(target);
    const effective = await node.kill(signal);
    return {
      effective,
      async effect() {
        const state = await node.state();
        return { observed: state === "stopped", proof: `${signal}; the engine says ${state}` };
      },
      heal: async () => undefined,
    };
  },
});
