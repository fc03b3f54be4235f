import { realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { CommandModule } from "yargs";
import { usage } from "../errors.ts";
import { ScenarioProblems } from "../scenario/problem.ts";
import { visible } from "../text.ts";
import { print, say } from "./io.ts";
import { runsIn } from "./list.ts";
import { outsideOf } from "./outside.ts";
import { type PinArguments, pinOptions, trustOf } from "./pins.ts";
import { scenarioFiles } from "./scenario-files.ts";

interface Options extends PinArguments {
  readonly files: string[];
  readonly days: number;
  readonly html: string | undefined;
  readonly reports: string;
  readonly json?: "document" | "stream";
}

const DAY_MS = 86_400_000;

/** `coverage`: the catalogue against the scenarios that are filed and the drills of the last 90 days. */
export const coverageCommand: CommandModule<object, Options> = {
  command: "coverage [files..]",
  describe: "What of the catalogue was drilled in the last 90 days: by fault, phase and durability; and what was not",
  builder: (yargs) =>
    yargs
      .positional("files", {
        type: "string",
        array: true,
        default: ["scenarios"],
        describe: "Scenarios, or folders of them",
      })
      .options(pinOptions("; never one that came with a pack"))
      .option("days", {
        type: "string",
        requiresArg: true,
        default: "90",
        describe: "How far back",
        coerce: days as never,
      })
      .option("html", { type: "string", requiresArg: true, describe: "Write the page to this file" })
      .option("reports", { type: "string", default: "reports" })
      .example(
        "$0 coverage --public-key drill.pub.pem --html coverage.html",
        "the page over the last 90 days",
      ) as never,
  async handler(options) {
    const { reports, html, json } = options;
    const packs = runsIn(reports).map((run) => realpathSync(path.join(reports, run)));
    const trust = await trustOf(options, packs);
    const target = html === undefined ? null : outsideOf(packs, html);
    const { readScenarios } = await import("../scenario/read-scenario.ts");
    const { readCatalogue } = await import("../suite/catalogue.ts");
    const { gatherRuns } = await import("../evidence.ts");
    const { coverageOf } = await import("../coverage.ts");
    const { scenarios, problems } = await readScenarios(await scenarioFiles(options.files));
    if (problems.length > 0) throw new ScenarioProblems(problems);
    const now = new Date().toISOString();
    const since = new Date(Date.parse(now) - options.days * DAY_MS).toISOString();
    const { runs } = await gatherRuns({
      reportsDir: reports,
      choose: (intents) => intents.filter(({ wall }) => wall >= since),
      trust,
    });
    const filed = scenarios.map(({ scenario: { id, covers } }) => ({ id, covers }));
    const coverage = coverageOf({ catalogue: await readCatalogue(), scenarios: filed, runs, now, days: options.days });
    const { coverageHtml, coverageText } = await import("../render/coverage.ts");
    const { safeJson } = await import("../render/json.ts");
    if (target !== null) {
      writeFileSync(target, coverageHtml(coverage));
      say(`coverage written to ${visible(target)}`);
    }
    if (json) print(json === "stream" ? JSON.stringify(coverage) : safeJson(coverage));
    else print(coverageText(coverage));
  },
};

function days(given: string): number {
  const count = Number(given);
  if (/^\d{1,4}$/.test(given) && count >= 1) return count;
  throw usage("--days: expected a whole number from 1 to 9999");
}
