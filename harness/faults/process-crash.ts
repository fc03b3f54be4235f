import { z } from "zod";
import { defineFault } from "../fault.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({});

/** The noisy end: sockets are closed by the kernel, so clients see a FIN or RST within milliseconds. */
export const processCrash = defineFault<z.output<typeof params>>({
  name: "process-crash",
  summary: "The server's first process gets SIGKILL; its machine, network and disk stay",
  target: "node",
  needs: [],
  params,
  async inject(target) {
    const node = requireNode(target);
    const effective = await node.kill("SIGKILL");
    return {
      effective,
      async effect() {
        const state = await node.state();
        return { observed: state === "stopped", proof: `SIGKILL; the engine says ${state}` };
      },
      heal: async () => undefined,
    };
  },
});
