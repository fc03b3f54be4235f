import { z } from "zod";
import { isRejoinable } from "../archive.ts";
import { requireNode } from "../faults/targets.ts";
import { defineRecovery } from "../recovery.ts";

const params = z.strictObject({
  history: z.enum(["own", "archive"]).default("own").meta({
    description: "archive: what the machine no longer has of the common history is fetched from the archive",
  }),
});

export const rejoin = defineRecovery<z.output<typeof params>>({
  name: "rejoin",
  summary: "A machine that served before is set back to where the histories part and follows the one that serves",
  target: "node",
  requires: "rewind",
  asks: ({ history }) => (history === "archive" ? [{ key: "history", word: "archive" }] : []),
  params,
  async recover(target, { history }, { signal, mark, keep }) {
    const { component } = target;
    if (!isRejoinable(component)) throw new Error(`${component.name} (${component.kind}) cannot set a machine back`);
    await component.rejoin(requireNode(target).name, { history }, { signal, mark, keep });
  },
});
