import { writeFileSync } from "node:fs";
import type { CommandModule } from "yargs";
import { visible } from "../text.ts";
import { print, say } from "./io.ts";
import { outsideOf } from "./outside.ts";
import { packFolder } from "./report.ts";

interface Options {
  readonly before: string;
  readonly after: string;
  readonly html: string | undefined;
  readonly reports: string;
  readonly json?: "document" | "stream";
}

/** `compare`: two runs side by side, each judged again from its raw files. */
export const compareCommand: CommandModule<object, Options> = {
  command: "compare <before> <after>",
  describe: "Two runs side by side: what came of them, their times, and what was different before",
  builder: (yargs) =>
    yargs
      .positional("before", { type: "string", demandOption: true, describe: "A run's name, or the folder of its pack" })
      .positional("after", { type: "string", demandOption: true, describe: "Another" })
      .option("html", { type: "string", requiresArg: true, describe: "Write the page to this file" })
      .option("reports", { type: "string", default: "reports", describe: "Folder of the runs" })
      .example("$0 compare <run> <run> --html compare.html", "the newest against the one before"),
  async handler({ before, after, html, reports, json }) {
    const packs = [packFolder(before, reports), packFolder(after, reports)] as const;
    const target = html === undefined ? null : outsideOf(packs, html);
    const { analyzePack } = await import("../analyze.ts");
    const { comparisonOf } = await import("../compare.ts");
    const { compareHtml, compareText } = await import("../render/compare.ts");
    const { safeJson } = await import("../render/json.ts");
    const comparison = comparisonOf(await analyzePack(packs[0]), await analyzePack(packs[1]));
    if (target !== null) {
      writeFileSync(target, compareHtml(comparison));
      say(`the comparison written to ${visible(target)}`);
    }
    if (json) print(json === "stream" ? JSON.stringify(comparison) : safeJson(comparison));
    else print(compareText(comparison));
  },
};
