import type { CommandModule } from "yargs";
import { print, say } from "./io.ts";

export const schemaCommand: CommandModule<object, { write: boolean; suite: boolean }> = {
  command: "schema",
  describe: "Print the JSON Schema of scenario files, by which editors complete and check",
  builder: (yargs) =>
    yargs
      .option("suite", { type: "boolean", default: false, describe: "That of suites" })
      .option("write", { type: "boolean", default: false, describe: "Write both into fixtures/ instead" })
      .example("$0 schema > scenario.schema.json", "name it in a scenario's first line"),
  async handler({ write, suite }) {
    const { SCHEMA_FILE, schemaText } = await import("../scenario/json-schema.ts");
    const { SUITE_SCHEMA_FILE, suiteSchemaText } = await import("../suite/json-schema.ts");
    if (!write) return print(suite ? suiteSchemaText() : schemaText());
    const { writeFile } = await import("node:fs/promises");
    await writeFile(SCHEMA_FILE, schemaText());
    await writeFile(SUITE_SCHEMA_FILE, suiteSchemaText());
    say("fixtures/scenario.schema.json and fixtures/suite.schema.json written");
  },
};
