import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Whether a file holds a suite and no scenario: suites lie in a folder of that name among those of the scenarios. */
export const isSuite = (file: string): boolean => basename(dirname(file)) === "suites";

/** Every YAML file below a folder, in order of name. */
export async function yamlBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}
