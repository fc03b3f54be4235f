import { z } from "zod";
import { keepsSequences } from "../capabilities.ts";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";
import { bracket } from "../time.ts";

const params = z.strictObject({});

export const syncSequences = defineRecovery<z.output<typeof params>>({
  name: "sync-sequences",
  summary: "Sets every sequence of a node beyond the highest number among its rows",
  target: "node",
  params,
  async recover(target, _params, { mark, keep }) {
    const { component } = target;
    if (!keepsSequences(component)) throw new Error(`${component.name} (${component.kind}) has no sequences`);
    const { value: done, at } = await bracket(() => component.syncSequences(requireNode(target).name));
    mark("sequences-set", at);
    await keep("sequences.txt", `${done}\n`);
  },
});
