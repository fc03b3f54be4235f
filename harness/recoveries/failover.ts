import { z } from "zod";
import { failsOver } from "../capabilities.ts";
import { defineRecovery } from "../recovery.ts";
import { positiveDuration } from "../scenario/units.ts";

const params = z.strictObject({
  timeout: positiveDuration.default(120_000),
  repoint: z
    .boolean()
    .default(true)
    .meta({ description: "Whether the clients' address follows the manager's decision" }),
});

/** Nobody decides: the component's own manager moves the service, and clients follow where it says. */
export const failover = defineRecovery<z.output<typeof params>>({
  name: "failover",
  summary: "The component's own manager moves the service; the clients' address follows",
  target: "component",
  byItself: true,
  params,
  async recover({ component }, { timeout: timeoutMs, repoint }, { signal, mark, beforeFaultMs }) {
    if (!failsOver(component)) throw new Error(`${component.name} (${component.kind}) has no manager that fails over`);
    const moved = await component.awaitFailover(timeoutMs, signal);
    const repointed = repoint ? await component.clients.repoint(moved.node) : null;
    for (const { name, at } of await moved.milestones(beforeFaultMs ?? 0)) mark(name, at);
    mark("moved", moved.at);
    if (repointed) mark("repointed", repointed);
  },
});
