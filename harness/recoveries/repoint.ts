import { z } from "zod";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";

const params = z.strictObject({});

export const repoint = defineRecovery<z.output<typeof params>>({
  name: "repoint",
  summary: "The clients' address moves to another node or site",
  target: "node",
  params,
  async recover(target, _params, { mark }) {
    mark("repointed", await target.component.clients.repoint(requireNode(target).name));
  },
});
