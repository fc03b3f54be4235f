import { z } from "zod";
import { requireArchive } from "../archive.ts";
import { defineRoutine } from "../routine.ts";

const params = z.strictObject({
  keep: z.int().min(1).max(100).meta({ description: "How many of the newest backups stay" }),
  history: z.enum(["oldest", "newest"]).default("oldest").meta({
    description: "How far back history stays: to the oldest of them, or, wrongly, only to the newest",
  }),
});

export const expireBackups = defineRoutine<z.output<typeof params>>({
  name: "expire-backups",
  summary: "Old backups are deleted, and the history that only they need",
  target: "component",
  requires: "expiry",
  params,
  async run({ component }, options) {
    return `deleted ${await requireArchive(component).expireBackups(options)}`;
  },
});
