import { z } from "zod";
import { requireArchive } from "../archive.ts";
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
    return requireArchive(component).markPoint(step, signal);
  },
});
