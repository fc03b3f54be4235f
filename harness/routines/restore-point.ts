import { z } from "zod";
import { isArchived } from "../archive.ts";
import { defineRoutine } from "../routine.ts";

const params = z.strictObject({});

export const restorePoint = defineRoutine<z.output<typeof params>>({
  name: "restore-point",
  summary:
    "Notes where the component's history stands, under this step's name, so that a restore can be told to end there",
  target: "component",
  requires: "archive",
  params,
  async run({ component }, _params, { step, signal }) {
    if (!isArchived(component)) throw new Error(`${component.name} (${component.kind}) keeps no archive`);
    return component.markPoint(step, signal);
  },
});
