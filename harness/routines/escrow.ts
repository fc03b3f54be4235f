import { z } from "zod";
import { isSealed } from "../archive.ts";
import { defineRoutine } from "../routine.ts";

const params = z.strictObject({
  material: z.enum(["all", "without-passphrase"]).default("all").meta({
    description: "What is put away: everything that opens the archive, or everything but the passphrase",
  }),
});

export const escrow = defineRoutine<z.output<typeof params>>({
  name: "escrow",
  summary: "What opens the archive is put into safe keeping, away from the machines",
  target: "component",
  requires: "encryption",
  params,
  async run({ component }, { material }) {
    if (!isSealed(component)) throw new Error(`${component.name} (${component.kind}) keeps nothing under a key`);
    return component.escrow(material);
  },
});
