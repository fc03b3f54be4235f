import { z } from "zod";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";
import { bracket } from "../time.ts";

const params = z.strictObject({});

export const start = defineRecovery<z.output<typeof params>>({
  name: "start",
  summary: "Starts a stopped node again on the disk it had",
  target: "node",
  params,
  async recover(target, _params, { mark }) {
    const { at } = await bracket(() => requireNode(target).start());
    mark("started", at);
  },
});
