import { z } from "zod";
import { suiteShape } from "./read-suite.ts";

/** Where the schema lies and what the first line of each suite names. */
export const SUITE_SCHEMA_FILE = new URL("../../fixtures/suite.schema.json", import.meta.url);

/** The JSON Schema by which editors complete and check a suite, as it is written to the file. */
export function suiteSchemaText(): string {
  const { $schema, ...schema } = z.toJSONSchema(suiteShape, { target: "draft-7", io: "input" });
  const about = { title: "Blackstart suite", description: "Drills, and the coverage that they must have" };
  return `${JSON.stringify({ $schema, ...about, ...schema }, null, 2)}\n`;
}
