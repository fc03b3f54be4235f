import type { CommandModule } from "yargs";
import { colourful, finish, print } from "./io.ts";

interface Options {
  readonly pack: string;
  readonly json?: string;
}

/** The verdict again from disk: reads the pack, changes nothing, ends with the exit code that the drill had. */
export const analyzeCommand: CommandModule<object, Options> = {
  command: "analyze <pack>",
  describe: "Judge a run again from its raw files alone",
  builder: (yargs) =>
    yargs
      .positional("pack", { type: "string", demandOption: true, describe: "The folder of the run" })
      .example("$0 analyze reports/<run>", "the summary, judged again")
      .example("$0 analyze reports/<run> --json", "the result as a program reads it"),
  async handler({ pack, json }) {
    const { analyzePack, toResult } = await import("../analyze.ts");
    const report = await analyzePack(pack);
    if (json) {
      const { safeJson } = await import("../render/json.ts");
      print(safeJson(toResult(report)));
    } else {
      const { renderTerminal } = await import("../render/terminal.ts");
      print(renderTerminal(report, { colour: colourful(process.stdout), width: process.stdout.columns ?? 100 }));
    }
    finish(report.exitCode);
  },
};
