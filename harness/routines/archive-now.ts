import { z } from "zod";
import { requireArchive } from "../archive.ts";
import { defineRoutine } from "../routine.ts";

const params = z.strictObject({});

/** What an operator does before a restore to a point of this very minute, while the machine that knows it still lives. */
export const archiveNow = defineRoutine<z.output<typeof params>>({
  name: "archive-now",
  summary: "The history that is not archived yet is handed over, and it is waited until the archive has it",
  target: "component",
  requires: "archive",
  params,
  async run({ component }, _params, { signal }) {
    return requireArchive(component).archiveNow(signal);
  },
});
