import { z } from "zod";
import { isScrubbable } from "../capabilities.ts";
import { defineRecovery } from "../recovery.ts";
import { bracket } from "../time.ts";

const params = z.strictObject({});

export const scrub = defineRecovery<z.output<typeof params>>({
  name: "scrub",
  summary: "The store reads every byte that it has and repairs what is damaged",
  target: "component",
  requires: "scrub",
  params,
  async recover({ component }, _params, { signal, mark, keep }) {
    if (!isScrubbable(component)) throw new Error(`${component.name} (${component.kind}) cannot search for damage`);
    const { value: found, at } = await bracket(() => component.scrub(signal));
    mark("scrubbed", at);
    await keep("scrub.txt", `${found}\n`);
  },
});
