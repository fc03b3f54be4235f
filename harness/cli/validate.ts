import type { CommandModule } from "yargs";
import { visible } from "../text.ts";
import { EXIT } from "../verdict.ts";
import { finish, print, say } from "./io.ts";
import { scenarioFiles } from "./scenario-files.ts";
import { setOption } from "./scenario-options.ts";

interface Options {
  files: string[];
  set: string[];
  json?: string;
}

export const validateCommand: CommandModule<object, Options> = {
  command: "validate [files..]",
  describe: "Say everything that is wrong with scenarios; starts nothing",
  builder: (yargs) =>
    yargs
      .positional("files", {
        type: "string",
        array: true,
        default: ["scenarios"],
        describe: "Scenarios, or folders of them",
      })
      .option("set", setOption)
      .example("$0 validate scenarios/postgres", "every scenario of a folder")
      .example("$0 validate x.yaml --set workload[0].rate=1000/s", "would it be valid with that rate?"),
  async handler({ files, set, json }) {
    const { readScenarios } = await import("../scenario/read-scenario.ts");
    const { problemData, problemLines } = await import("../scenario/problem.ts");
    const paths = await scenarioFiles(files);
    const { scenarios, problems } = await readScenarios(paths, { set });
    if (json) {
      const valid = scenarios.map(({ file, scenario }) => ({ file: visible(file), id: scenario.id }));
      print(JSON.stringify({ schema: "blackstart/validate/v1", valid, problems: problems.map(problemData) }, null, 2));
    } else {
      for (const { file, scenario } of scenarios) print(`ok ${visible(file)} ${scenario.id}`);
    }
    for (const line of problemLines(problems)) say(line);
    const bad = paths.length - scenarios.length;
    say(
      bad === 0
        ? `${counted(scenarios.length, "scenario")}, all valid`
        : `${counted(problems.length, "problem")} in ${bad} of ${counted(paths.length, "file")}`,
    );
    finish(problems.length === 0 ? EXIT.met : EXIT.usage);
  },
};

const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
