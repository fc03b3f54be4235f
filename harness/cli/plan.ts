import type { CommandModule } from "yargs";
import { print } from "./io.ts";
import { seedOption, setOption } from "./scenario-options.ts";

interface Options {
  file: string;
  seed: number | undefined;
  set: string[];
  json?: string;
}

export const planCommand: CommandModule<object, Options> = {
  command: "plan <file>",
  describe: "Show what a drill would do; touches nothing",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "A scenario" })
      .option("seed", {
        ...seedOption,
        default: undefined as number | undefined,
        defaultDescription: "0 here; a run draws its own",
      })
      .option("set", setOption)
      .example("$0 plan scenarios/postgres/primary-node-loss.yaml --json", "the plan as it would be signed")
      .example("$0 plan x.yaml --set stack.db.settings.fsync=off", "with a value overridden"),
  async handler({ file, seed, set, json }) {
    const { readScenario } = await import("../scenario/read-scenario.ts");
    const { planText } = await import("./plan-text.ts");
    const plan = (await readScenario(file, { set })).plan(seed ?? 0);
    print(json ? JSON.stringify(plan, null, 2) : planText(plan));
  },
};
