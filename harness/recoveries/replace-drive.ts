import { z } from "zod";
import { isOnDrives } from "../capabilities.ts";
import { defineRecovery } from "../recovery.ts";

const params = z.strictObject({});

export const replaceDrive = defineRecovery<z.output<typeof params>>({
  name: "replace-drive",
  summary: "Puts an empty drive where one is missing and waits until the store has rebuilt what was on it",
  target: "component",
  requires: "drives",
  params,
  async recover({ component }, _params, { signal, mark }) {
    if (!isOnDrives(component)) throw new Error(`${component.name} (${component.kind}) does not stand on drives`);
    await component.drives.replace(signal, mark);
  },
});
