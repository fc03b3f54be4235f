import { stat } from "node:fs/promises";
import { usage } from "../errors.ts";
import { isSuite, yamlBelow } from "../scenario/yaml-files.ts";
import { visible } from "../text.ts";

/** The scenario files that paths stand for: a file for itself, a folder for every scenario below it, in order of name. */
export async function scenarioFiles(paths: readonly string[]): Promise<string[]> {
  const { scenarios, suites } = await scenarioAndSuiteFiles(paths);
  if (suites[0] === undefined || paths.every((path) => !suites.includes(path))) return scenarios;
  throw usage(`${visible(suites[0])} is a suite and no scenario`, `blackstart run --suite ${visible(suites[0])}`);
}

/** As `scenarioFiles`, with the suites that lie among them. */
export async function scenarioAndSuiteFiles(
  paths: readonly string[],
): Promise<{ readonly scenarios: string[]; readonly suites: string[] }> {
  const all = [...new Set((await Promise.all(paths.map(filesOf))).flat())];
  return { scenarios: all.filter((file) => !isSuite(file)), suites: all.filter(isSuite) };
}

async function filesOf(path: string): Promise<string[]> {
  const isFolder = await stat(path).then(
    (s) => s.isDirectory(),
    () => false, // reading it says what is wrong, together with the problems of other files
  );
  if (!isFolder) return [path];
  const files = await yamlBelow(path);
  if (files.length === 0) throw usage(`${visible(path)} holds no scenario`, "scenarios are files that end in .yaml");
  return files;
}
