import { existsSync, realpathSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { CommandModule } from "yargs";
import { usage } from "../errors.ts";
import { spanOf } from "../period.ts";
import { visible } from "../text.ts";
import { finish, print, say } from "./io.ts";
import { runsIn } from "./list.ts";
import { type PinArguments, pinOptions, trustOf } from "./pins.ts";
import { EXIT } from "../verdict.ts";

interface Options extends PinArguments {
  readonly span: string;
  readonly suite: string;
  readonly recompute: boolean;
  readonly reports: string;
  readonly json?: "document" | "stream";
}

/** `period <span>`: what the ledger and the packs say of a month or a quarter, signed. */
export const periodCommand: CommandModule<object, Options> = {
  command: "period <span>",
  describe: "A signed report over a month or a quarter: every run, coverage with its blanks, findings",
  builder: (yargs) =>
    yargs
      .options(pinOptions("; never one that came with a pack"))
      .positional("span", {
        type: "string",
        demandOption: true,
        describe: "2026-Q4, 2026-11, or 2026-11-01..2026-11-24 (UTC)",
      })
      .option("suite", {
        type: "string",
        requiresArg: true,
        default: "quarterly",
        describe: "What should have been drilled: a scenario of it that was not is a blank",
      })
      .option("recompute", {
        type: "boolean",
        default: false,
        describe: "Derive every report again from its raw files",
      })
      .option("reports", { type: "string", default: "reports" })
      .example("$0 period 2026-Q4 --public-key drill.pub.pem", "the quarter, over every run of the ledger") as never,
  async handler(options) {
    const { reports, json, recompute } = options;
    const span = spanOf(options.span);
    if (!span)
      throw usage(
        `${visible(options.span)} is no span of days`,
        "expected 2026-Q4, 2026-11, or 2026-11-01..2026-11-24",
      );
    const packs = runsIn(reports).map((run) => realpathSync(path.join(reports, run)));
    const trust = await trustOf(options, packs);
    const { suiteFile } = await import("./run-suite.ts");
    const { readSuite } = await import("../suite/read-suite.ts");
    const suite = await readSuite(suiteFile(options.suite));
    const { evaluatorFacts, gatherRuns, loadSigner, PERIOD, signPeriod, within } = await import("../evidence.ts");
    const { analyzePack } = await import("../analyze.ts");
    const { periodOf } = await import("../period.ts");
    const { signer } = loadSigner(process.env);
    const gathered = await gatherRuns({
      reportsDir: reports,
      choose: within(span),
      trust,
      ...(recompute && { recompute: analyzePack }),
      progress: (done, of) => done % 20 === 0 && say(`${done} of ${of} packs verified`),
    });
    const madeAt = new Date().toISOString();
    const expected = suite.drills.map(({ scenario: { scenario } }) => ({
      scenario: scenario.id,
      title: scenario.title,
      covers: scenario.covers,
    }));
    const period = periodOf({ span, madeAt, runs: gathered.runs, expected });
    const folder = path.join(
      reports,
      `period-${span.name.replaceAll("..", "-to-")}-made-${madeAt.slice(0, 19).replaceAll(":", "-")}Z`,
    );
    if (existsSync(folder)) throw usage(`${visible(folder)} is there already`, "run it again in a second");
    const { periodCsv, periodHtml, periodPdf, periodText } = await import("../render/period.ts");
    const { safeJson } = await import("../render/json.ts");
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, PERIOD.data), `${safeJson(period)}\n`);
    await writeFile(path.join(folder, PERIOD.page), periodHtml(period));
    await writeFile(path.join(folder, PERIOD.paper), periodPdf(period));
    await writeFile(path.join(folder, PERIOD.table), periodCsv(gathered.runs));
    const { clockSynchronised, preload } = await import("../engine/clock.ts");
    const facts = {
      dirty: evaluatorFacts().dirty,
      clockSynchronised: await clockSynchronised(),
      preload: preload(process.env),
    };
    await signPeriod(folder, { span, madeAt, ...facts }, gathered, signer);
    if (json) print(json === "stream" ? JSON.stringify(period) : safeJson(period));
    else print(periodText(period));
    say(`page       ${visible(path.join(folder, PERIOD.page))}`);
    finish(EXIT.met);
  },
};
