import { z } from "zod";
import { isPromotable } from "../capabilities.ts";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";
import { bracket } from "../time.ts";

const params = z.strictObject({
  fence: z
    .enum(["none", "kill"])
    .default("none")
    .meta({ description: "kill: the node that served until now is killed first, so that two can never serve" }),
  repoint: z.boolean().default(true).meta({ description: "Whether the clients' address moves to the promoted node" }),
});

export const promote = defineRecovery<z.output<typeof params>>({
  name: "promote",
  summary: "Promotes a standby and moves the clients' address to it; fences the old primary if asked",
  target: "node",
  params,
  async recover(target, { fence, repoint }, { signal, mark }) {
    const { component } = target;
    const node = requireNode(target);
    if (!isPromotable(component))
      throw new Error(`${component.name} (${component.kind}) has nothing that can be promoted`);
    const old = component.nodes.get(component.clients.leadsTo);
    if (fence === "kill" && old && old !== node) {
      const { at } = await bracket(async () => {
        if ((await old.state()) !== "stopped") await old.kill("SIGKILL");
      });
      mark("fenced", at);
    }
    mark("promoted", await component.promote(node.name, signal, mark));
    if (repoint) mark("repointed", await component.clients.repoint(node.name));
  },
});
