import { z } from "zod";
import { copiesBack } from "../archive.ts";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";

const params = z.strictObject({});

export const copyBack = defineRecovery<z.output<typeof params>>({
  name: "copy-back",
  summary: "What a machine restored aside still has is brought into the serving one; what came since stays",
  target: "node",
  params,
  async recover(target, _params, { signal, mark, keep }) {
    const { component } = target;
    if (!copiesBack(component)) throw new Error(`${component.name} (${component.kind}) cannot be merged node by node`);
    await component.copyBack(requireNode(target).name, { signal, mark, keep });
  },
});
