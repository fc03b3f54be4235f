import { z } from "zod";
import { isRepairable } from "../capabilities.ts";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";

const params = z.strictObject({
  method: z.string().min(1).meta({ description: "A procedure that the component knows" }),
});

/** Works on the files of a node. What it works on is copied first, for a repair may make things worse. */
export const repair = defineRecovery<z.output<typeof params>>({
  name: "repair",
  summary: "One of the component's own procedures on a node's files; a copy is taken first",
  target: "node",
  params,
  async recover(target, { method }, { signal, mark, keep }) {
    const { component } = target;
    const node = requireNode(target);
    if (!isRepairable(component)) throw new Error(`${component.name} (${component.kind}) knows no repair`);
    await component.repair(node.name, method, { signal, mark, keep });
  },
});
