import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { CatalogueEntry } from "../coverage.ts";
import { ScenarioProblems, settled } from "../scenario/problem.ts";
import { read } from "../scenario/reader.ts";
import { readSource } from "../scenario/source.ts";
import { text } from "../scenario/names.ts";

const CATALOGUE = "fixtures/catalogue.yaml";
const FILE = new URL(`../../${CATALOGUE}`, import.meta.url);

const shape = z.record(
  text(/^[A-Z]([1-9][0-9]?)?$/, "a group such as A, or an id such as A3"),
  text(/^[^\n\t]{1,200}$/, "one line of at most 200 characters"),
);

/** The catalogue that coverage is counted against, in its own order: every problem at once, exit 2. */
export async function readCatalogue(): Promise<CatalogueEntry[]> {
  const source = readSource(CATALOGUE, await readFile(FILE));
  const said = read(source, shape, []) ?? {};
  for (const id of Object.keys(said))
    if (said[id[0]!] === undefined)
      source.complain([id], { found: id, expected: `a line that names its group ${id[0]}` }, "key");
  if (source.problems.length > 0) throw new ScenarioProblems(settled(source.problems));
  return Object.entries(said).flatMap(([id, title]) => (id.length > 1 ? [{ id, title, group: said[id[0]!]! }] : []));
}
