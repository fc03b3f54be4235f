import type { CommandModule } from "yargs";
import { print, say } from "./io.ts";

export const schemaCommand: CommandModule<object, { write: boolean }> = {
  command: "schema",
  describe: "Print the JSON Schema of scenario files, by which editors complete and check",
  builder: (yargs) =>
    yargs
      .option("write", { type: "boolean", default: false, describe: "Write fixtures/scenario.schema.json instead" })
      .example("$0 schema > scenario.schema.json", "name it in a scenario's first line"),
  async handler({ write }) {
    const { SCHEMA_FILE, schemaText } = await import("../scenario/json-schema.ts");
    if (!write) return print(schemaText());
    const { writeFile } = await import("node:fs/promises");
    await writeFile(SCHEMA_FILE, schemaText());
    say("fixtures/scenario.schema.json written");
  },
};
