import { z } from "zod";
import { isOnDrives } from "../capabilities.ts";
import { defineFault } from "../fault.ts";

const params = z.strictObject({
  drives: z.int().min(1).max(16).default(1).meta({ description: "How many" }),
  disk: z.enum(["kept", "lost"]).default("lost").meta({
    description: "kept: healing the fault gives the drives back as they were",
  }),
});

export const driveLoss = defineFault<z.output<typeof params>>({
  name: "drive-loss",
  summary: "Drives are taken away from under the running store, with what is on them or for a time",
  target: "component",
  needs: [],
  requires: "drives",
  params,
  async inject({ component }, { drives: count, disk }) {
    if (!isOnDrives(component)) throw new Error(`${component.name} (${component.kind}) does not stand on drives`);
    const { drives } = component;
    if (count > drives.names.length)
      throw new Error(`${count} drives are to be lost and ${component.name} has ${drives.names.length}`);
    const lost = drives.names.slice(0, count);
    const effective = await drives.lose(lost, disk);
    const missing = await drives.missing(lost); // before a recovery puts others in their place
    return {
      effective,
      async effect() {
        return {
          observed: missing.length === lost.length,
          proof: `${missing.length} of ${lost.length} are missing on the machine: ${lost.join(", ")}; what was on them is ${disk}`,
        };
      },
      heal: () => drives.giveBack(lost),
    };
  },
});
