import { realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { CommandModule } from "yargs";
import { usage } from "../errors.ts";
import { visible } from "../text.ts";
import { print, say } from "./io.ts";
import { runsIn } from "./list.ts";
import { outsideOf } from "./outside.ts";
import { type PinArguments, pinOptions, trustOf } from "./pins.ts";

interface Options extends PinArguments {
  readonly scenario: string;
  readonly html: string | undefined;
  readonly reports: string;
  readonly json?: "document" | "stream";
}

/** `trend`: every run of one scenario that the ledger has. */
export const trendCommand: CommandModule<object, Options> = {
  command: "trend <scenario>",
  describe: "Every run of one scenario over time, aborted ones included",
  builder: (yargs) =>
    yargs
      .positional("scenario", { type: "string", demandOption: true, describe: "The scenario's id" })
      .options(pinOptions("; never one that came with a pack"))
      .option("html", { type: "string", requiresArg: true, describe: "Write the page to this file" })
      .option("reports", { type: "string", default: "reports" })
      .example("$0 trend postgres-primary-node-loss --public-key drill.pub.pem", "as a list") as never,
  async handler(options) {
    const { scenario, reports, html, json } = options;
    const packs = runsIn(reports).map((run) => realpathSync(path.join(reports, run)));
    const trust = await trustOf(options, packs);
    const target = html === undefined ? null : outsideOf(packs, html);
    const { gatherRuns } = await import("../evidence.ts");
    const { runs } = await gatherRuns({
      reportsDir: reports,
      choose: (intents) => intents.filter((intent) => intent.scenario === scenario),
      trust,
    });
    if (runs.length === 0)
      throw usage(
        `the run ledger has no run of ${visible(scenario)}`,
        "blackstart list shows the runs and their scenarios",
      );
    const { trendHtml, trendText } = await import("../render/trend.ts");
    const { safeJson } = await import("../render/json.ts");
    if (target !== null) {
      writeFileSync(target, trendHtml({ scenario, runs }));
      say(`the trend written to ${visible(target)}`);
    }
    const data = { schema: "blackstart/trend/v1", scenario, runs };
    if (json) print(json === "stream" ? JSON.stringify(data) : safeJson(data));
    else print(trendText({ scenario, runs }));
  },
};
