import { z } from "zod";
import { settles } from "../capabilities.ts";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";
import { bracket } from "../time.ts";

const params = z.strictObject({});

export const start = defineRecovery<z.output<typeof params>>({
  name: "start",
  summary: "Starts a stopped node again on the disk it had",
  target: "node",
  params,
  async recover(target, _params, { mark, signal }) {
    const node = requireNode(target);
    const { at } = await bracket(() => node.start());
    mark("started", at);
    // A machine that runs is no server that serves: one that refuses its files ends a moment later.
    if (settles(target.component)) await target.component.settled(node.name, signal);
  },
});
