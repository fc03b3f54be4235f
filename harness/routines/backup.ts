import { z } from "zod";
import { isArchived } from "../archive.ts";
import { defineRoutine } from "../routine.ts";

const params = z.strictObject({
  level: z.enum(["full", "incremental"]).default("full").meta({
    description: "incremental: what has changed since the backup before it",
  }),
});

export const backup = defineRoutine<z.output<typeof params>>({
  name: "backup",
  summary: "A backup is taken by the component's own archiver",
  target: "component",
  requires: "archive",
  params,
  async run({ component }, { level }, { signal, keep }) {
    if (!isArchived(component)) throw new Error(`${component.name} (${component.kind}) keeps no archive`);
    const { label, detail } = await component.backUp(level, signal);
    await keep("backup.txt", `${label}\n${detail}\n`);
    return `${level} backup ${label}: ${detail}`;
  },
});
