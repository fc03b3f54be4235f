import type { CommandModule } from "yargs";
import type { Problem } from "../scenario/problem.ts";
import { visible } from "../text.ts";
import { EXIT } from "../verdict.ts";
import { finish, print, say } from "./io.ts";
import { scenarioAndSuiteFiles } from "./scenario-files.ts";
import { setOption } from "./scenario-options.ts";

interface Options {
  files: string[];
  set: string[];
  json?: string;
}

export const validateCommand: CommandModule<object, Options> = {
  command: "validate [files..]",
  describe: "Say everything that is wrong with scenarios and suites; starts nothing",
  builder: (yargs) =>
    yargs
      .positional("files", {
        type: "string",
        array: true,
        default: ["scenarios"],
        describe: "Scenarios and suites, or folders of them",
      })
      .option("set", setOption)
      .example("$0 validate scenarios/postgres", "every scenario of a folder")
      .example("$0 validate x.yaml --set workload[0].rate=1000/s", "would it be valid with that rate?"),
  async handler({ files, set, json }) {
    const { readScenarios } = await import("../scenario/read-scenario.ts");
    const { problemData, problemLines } = await import("../scenario/problem.ts");
    const paths = await scenarioAndSuiteFiles(files);
    const { scenarios, problems: ofScenarios } = await readScenarios(paths.scenarios, { set });
    const { suites, problems: ofSuites } = await readSuites(paths.suites, paths.scenarios);
    const problems = [...ofScenarios, ...ofSuites];
    const valid = [...scenarios.map(({ file, scenario }) => ({ file, id: scenario.id })), ...suites];
    if (json) {
      const sound = valid.map(({ file, id }) => ({ file: visible(file), id }));
      print(
        JSON.stringify(
          { schema: "blackstart/validate/v1", valid: sound, problems: problems.map(problemData) },
          null,
          2,
        ),
      );
    } else for (const { file, id } of valid) print(`ok ${visible(file)} ${id}`);
    for (const line of problemLines(problems)) say(line);
    const all = paths.scenarios.length + paths.suites.length;
    const bad = all - valid.length;
    say(
      bad === 0
        ? `${[counted(scenarios.length, "scenario"), ...(suites.length > 0 ? [counted(suites.length, "suite")] : [])].join(" and ")}, all valid`
        : `${counted(problems.length, "problem")} in ${bad} of ${counted(all, "file")}`,
    );
    finish(problems.length === 0 ? EXIT.met : EXIT.usage);
  },
};

/** What is wrong with a scenario is said once, though several suites may name it. */
async function readSuites(
  files: readonly string[],
  alreadyRead: readonly string[],
): Promise<{ suites: { file: string; id: string }[]; problems: Problem[] }> {
  const { readSuiteFile } = await import("../suite/read-suite.ts");
  const suites: { file: string; id: string }[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    const read = await readSuiteFile(file);
    if (read.suite) suites.push({ file, id: read.suite.id });
    const told = new Set([...alreadyRead, ...problems.map(({ place }) => place.file)]);
    problems.push(...read.problems.filter(({ place }) => !told.has(place.file)));
  }
  return { suites, problems };
}

const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
