import { existsSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { z } from "zod";
import { readFile } from "node:fs/promises";
import { text } from "../scenario/names.ts";
import { type Problem, ScenarioProblems, settled, shown } from "../scenario/problem.ts";
import { readScenarios, type ReadScenario } from "../scenario/read-scenario.ts";
import { read } from "../scenario/reader.ts";
import { name, plainKeys } from "../scenario/shape.ts";
import { readSource, type Source } from "../scenario/source.ts";
import { isSuite, yamlBelow } from "../scenario/yaml-files.ts";

/** A list of drills with the coverage that it must have: what CI, a night or a quarter runs. */
export interface Suite {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly sha256: string;
  readonly drills: readonly SuiteDrill[];
  /** Catalogue ids of which each must be drilled. */
  readonly covers: readonly string[];
}

interface SuiteDrill {
  readonly scenario: ReadScenario;
  readonly repeat: number;
}

const MOST_REPEATS = 1_000;

/** The keys of a suite's file. `drill` is a path below scenarios/, without its ending: a scenario, or a folder of them. */
export const suiteShape = z.strictObject({
  id: name.meta({ description: "Unique among all suites" }),
  title: plainKeys.title.meta({ description: "What it is run for, in one sentence" }),
  drills: z
    .array(
      z.strictObject({
        drill: text(
          /^[a-z0-9-]+(\/[a-z0-9-]+)*$/,
          "a scenario or a folder below scenarios/, such as postgres/primary-node-loss",
        ).meta({ description: "A scenario below scenarios/ without its ending, or a folder of them" }),
        repeat: z
          .int()
          .min(1)
          .max(MOST_REPEATS)
          .default(1)
          .meta({ description: "Run it so many times; a scenario's own line counts before its folder's" }),
      }),
    )
    .min(1)
    .meta({ description: "What is run, in this order" }),
  covers: plainKeys.covers.meta({
    description: "Catalogue ids of which each must be drilled, or the suite falls short",
  }),
});

/**
 * Reads a suite as strictly as a scenario, and every scenario that it names: all problems at once, exit 2. Its folder lies
 * beside the folders of the scenarios.
 */
export async function readSuite(file: string): Promise<Suite> {
  const { suite, problems } = await readSuiteFile(file);
  if (!suite) throw new ScenarioProblems(problems);
  return suite;
}

/** As `readSuite`, for whoever has more to say than one suite's problems. */
export async function readSuiteFile(
  file: string,
): Promise<{ readonly suite: Suite | null; readonly problems: readonly Problem[] }> {
  const bytes = await readFile(file).catch(() => null);
  if (bytes === null) return { suite: null, problems: [{ place: { file }, path: [], what: "cannot be read" }] };
  const source = readSource(file, bytes);
  const said = read(source, suiteShape, []);
  if (!said) return { suite: null, problems: settled(source.problems) };
  const repeats = await repeatsOf(source, said.drills, dirname(dirname(file)));
  const { scenarios, problems } = await readScenarios([...repeats.keys()]);
  if (problems.length === 0) judgeCoverage(source, said.covers, scenarios); // a drill that cannot be read covers nothing yet
  const all = [...settled(source.problems), ...problems];
  if (all.length > 0) return { suite: null, problems: all };
  const drills = scenarios.map((scenario) => ({ scenario, repeat: repeats.get(scenario.file)! }));
  return {
    suite: { id: said.id, title: said.title, file, sha256: source.sha256, drills, covers: said.covers },
    problems: [],
  };
}

type Lines = z.output<typeof suiteShape>["drills"];

/** How often each scenario's file is run, in the order of the suite. */
async function repeatsOf(source: Source, lines: Lines, root: string): Promise<Map<string, number>> {
  const repeats = new Map<string, number>();
  const own = new Set<string>();
  for (const [i, { drill, repeat }] of lines.entries()) {
    const path = join(root, ...drill.split("/"));
    const scenario = `${path}.yaml`;
    if (existsSync(scenario)) {
      if (own.has(scenario))
        source.complain(["drills", i, "drill"], { found: shown(drill), expected: "a scenario that is named once" });
      own.add(scenario);
      repeats.set(scenario, repeat);
    } else if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
      for (const file of (await yamlBelow(path)).filter((one) => !isSuite(one)))
        repeats.set(file, own.has(file) ? repeats.get(file)! : repeat);
    else
      source.complain(["drills", i, "drill"], {
        found: shown(drill),
        expected: `a scenario or a folder in ${relative("", root).split(sep).join("/") || "."}`,
      });
  }
  return repeats;
}

function judgeCoverage(source: Source, required: readonly string[], scenarios: readonly ReadScenario[]): void {
  const covered = new Set(scenarios.flatMap(({ scenario }) => scenario.covers));
  for (const [i, id] of required.entries())
    if (!covered.has(id))
      source.complain(["covers", i], { found: id, expected: "a catalogue id that one of the suite's drills covers" });
}
