import { z } from "zod";
import { isVersioned } from "../capabilities.ts";
import { defineRecovery } from "../recovery.ts";
import { bracket } from "../time.ts";

const params = z.strictObject({});

export const restoreVersions = defineRecovery<z.output<typeof params>>({
  name: "restore-versions",
  summary: "Every element is brought back to the version that was its newest just before the first fault",
  target: "component",
  requires: "versioning",
  params,
  async recover({ component }, _params, { signal, mark, keep, beforeAnyFaultMs }) {
    if (!isVersioned(component)) throw new Error(`${component.name} (${component.kind}) keeps no versions`);
    if (beforeAnyFaultMs === null) throw new Error("nothing was broken, so there is no time to go back to");
    const { value: done, at } = await bracket(() => component.restoreAsOf(beforeAnyFaultMs, signal));
    mark("restored", at);
    await keep("restored.txt", `${done}\n`);
  },
});
