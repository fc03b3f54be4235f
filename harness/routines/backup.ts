import { z } from "zod";
import { requireArchive } from "../archive.ts";
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
  asks: ({ level }) => (level === "incremental" ? [{ key: "level", word: "incremental backups" }] : []),
  params,
  async run({ component }, { level }, { signal, keep }) {
    const made = await requireArchive(component).backUp(level, signal);
    await keep("backup.txt", `${made.label}\n${made.detail}\n`);
    // An archiver may make a full one by itself where it finds none to go on from.
    if (made.level !== level) throw new Error(`the archiver took a ${made.level} backup where ${level} was asked for`);
    return `${level} backup ${made.label}: ${made.detail}`;
  },
});
