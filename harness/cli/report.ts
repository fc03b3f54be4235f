import { existsSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { CommandModule } from "yargs";
import { messageOf, usage } from "../errors.ts";
import { renderTerminal } from "../render/terminal.ts";
import { reporters } from "../renderers.ts";
import type { Report } from "../report.ts";
import { visible } from "../text.ts";
import { colourful, print, say } from "./io.ts";
import { outsideOf } from "./outside.ts";

const formats = reporters.map(({ name }) => name);

interface ReportArguments {
  readonly run: string;
  readonly format: string;
  readonly output: string | undefined;
  readonly reports: string;
  readonly json?: string;
}

/** Renders a finished run again, from its raw files. The pack is sealed by its signature and is only read. */
export const reportCommand: CommandModule<object, ReportArguments> = {
  command: "report <run>",
  describe: "Render the report of a run again from its pack",
  builder: (yargs) =>
    yargs
      .positional("run", { type: "string", demandOption: true, describe: "A run's name, or the folder of its pack" })
      .option("format", { choices: formats, default: "terminal", describe: "What to render" })
      .option("output", { type: "string", alias: "o", describe: "Write to this file instead of standard output" })
      .option("reports", { type: "string", default: "reports", describe: "Folder of the runs" }),
  handler: async ({ run, format: asked, output, reports, json }) => {
    const format = json ? "json" : asked;
    const pack = packFolder(run, reports);
    const target = output === undefined ? null : outsideOf([pack], output);
    const { analyzePack } = await import("../analyze.ts");
    const view = render(await analyzePack(pack), format, target === null);
    if (target === null) {
      if (typeof view === "string") print(view);
      else process.stdout.write(view);
      return;
    }
    writeFileSync(target, view);
    say(`${format} report of ${basename(pack)} written to ${visible(target)}`);
  },
};

/** A folder as given, or the name of a run in the reports folder. */
export function packFolder(run: string, reports: string): string {
  const found = [run, join(reports, run)].find((path) => existsSync(path) && statSync(path).isDirectory());
  if (found === undefined)
    throw usage(
      `No run ${visible(run)}: there is no folder of that name here or in ${visible(reports)}.`,
      "blackstart list shows the runs.",
    );
  return realpathSync(found);
}

function render(report: Report, format: string, toTerminal: boolean): string | Buffer {
  if (format === "terminal" && toTerminal)
    return renderTerminal(report, { width: process.stdout.columns ?? 100, colour: colourful(process.stdout) });
  const reporter = reporters.find(({ name }) => name === format);
  if (!reporter) throw usage(`Unknown format ${visible(format)}; there are ${formats.join(", ")}.`);
  let view: string | Buffer | null;
  try {
    view = reporter.render(report);
  } catch (cause) {
    throw new Error(`The ${format} view of run ${report.run} could not be made: ${messageOf(cause)}`, { cause });
  }
  if (view === null) throw usage(`The run ${visible(report.run)} has nothing for the ${format} view.`);
  return view;
}
