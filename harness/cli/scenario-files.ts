import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { usage } from "../errors.ts";
import { visible } from "../text.ts";

/** The scenario files that paths stand for: a file for itself, a folder for every YAML file below it, in order of name. */
export async function scenarioFiles(paths: readonly string[]): Promise<string[]> {
  const files = await Promise.all(paths.map(filesOf));
  return [...new Set(files.flat())];
}

async function filesOf(path: string): Promise<string[]> {
  const isFolder = await stat(path).then(
    (s) => s.isDirectory(),
    () => false, // reading it says what is wrong, together with the problems of other files
  );
  if (!isFolder) return [path];
  const names = await readdir(path, { recursive: true });
  const files = names.filter((name) => /\.ya?ml$/.test(name)).toSorted();
  if (files.length === 0) throw usage(`${visible(path)} holds no scenario`, "scenarios are files that end in .yaml");
  return files.map((name) => join(path, name));
}
