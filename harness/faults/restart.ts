import { z } from "zod";
import { defineFault } from "../fault.ts";
import { requireNode } from "./targets.ts";

const params = z.strictObject({
  signal: z
    .enum(["SIGTERM", "SIGINT", "SIGQUIT", "SIGKILL"])
    .default("SIGINT")
    .meta({ description: "How the server is told to stop; SIGINT is PostgreSQL's fast shutdown" }),
});

/** A planned restart in place: stopped by signal, started again at once. */
export const restart = defineFault<z.output<typeof params>>({
  name: "restart",
  summary: "The server is stopped by a signal and started again on the same disk",
  target: "node",
  needs: [],
  params,
  async inject(target, { signal }) {
    const node = requireNode(target);
    const effective = await node.kill(signal);
    const stopped = await node.state();
    const started = node.start();
    started.catch(() => undefined); // awaited in effect(), where a failure is reported
    return {
      effective,
      async effect() {
        await started;
        return { observed: stopped === "stopped", proof: `${signal}, then ${stopped}, then started again` };
      },
      heal: async () => started.catch(() => undefined),
    };
  },
});
