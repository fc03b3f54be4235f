import { z } from "zod";
import { hasSchema, SCHEMA_CHANGES } from "../capabilities.ts";
import { defineRoutine } from "../routine.ts";

const params = z.strictObject({
  add: z.enum(SCHEMA_CHANGES).default("table").meta({
    description: "table: a new one, empty · column: to the table that clients write to, which stays as it is for them",
  }),
});

export const migrate = defineRoutine<z.output<typeof params>>({
  name: "migrate",
  summary: "The schema of the serving node is changed, as a release does it",
  target: "component",
  requires: "schema",
  params,
  async run({ component }, { add }) {
    if (!hasSchema(component)) throw new Error(`${component.name} (${component.kind}) has no schema`);
    return component.changeSchema(add);
  },
});
