import { realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandModule } from "yargs";
import { messageOf } from "../errors.ts";
import { type Trust, verifyPack } from "../evidence/verify.ts";
import type { Counted, LeftOut } from "../render/matrix.ts";
import type { Report } from "../report.ts";
import { counted, visible } from "../text.ts";
import { print, say } from "./io.ts";
import { type Listed, listRuns, runsIn } from "./list.ts";
import { outsideOf } from "./outside.ts";
import { type PinArguments, pinOptions, trustOf } from "./pins.ts";

interface DetectorsArguments extends PinArguments {
  readonly reports: string;
  readonly html: string | undefined;
  readonly json?: string;
}

/** `detectors`: the newest drill of each scenario in a folder that counts for it, against every detector. */
export const detectorsCommand: CommandModule<object, DetectorsArguments> = {
  command: "detectors",
  describe: "Which detectors noticed what, over the newest drill of every scenario",
  builder: (yargs) =>
    yargs
      .option("html", { type: "string", requiresArg: true, describe: "Write the page to this file" })
      .options(pinOptions(": packs that it does not hold for are left out"))
      .example("$0 detectors --html detectors.html", "the page over the catalogue") as never,
  async handler({ reports, html, json, ...keys }) {
    const packs = runsIn(reports).map((run) => realpathSync(join(reports, run)));
    const trust = await trustOf(keys, packs);
    const target = html === undefined ? null : outsideOf(packs, html);
    const { matrixHtml, matrixOf, matrixText } = await import("../render/matrix.ts");
    const { judged, leftOut } = await newestOfEach(reports, trust);
    const matrix = matrixOf(judged, leftOut);
    if (target !== null) {
      writeFileSync(target, matrixHtml(matrix));
      say(`the detectors over ${counted(judged.length, "scenario")} written to ${visible(target)}`);
    }
    if (json) {
      const { safeJson } = await import("../render/json.ts");
      print(safeJson(matrix));
    } else print(judged.length > 0 ? matrixText(matrix) : nothingFor(reports, leftOut));
  },
};

const nothingFor = (reports: string, leftOut: readonly LeftOut[]): string =>
  [
    `No drill in ${visible(reports)} in which detectors were asked.`,
    ...leftOut.map(({ run, why }) => `left out: ${visible(run)}: ${visible(why)}`),
  ].join("\n");

/**
 * What is said of a run is judged again from its raw files, and only where these are what its statement names. The newest comes
 * first; what a run is of is known for certain only when it has been judged.
 */
async function newestOfEach(reports: string, trust: Trust): Promise<{ judged: Counted[]; leftOut: LeftOut[] }> {
  const judged = new Map<string, Counted>();
  const leftOut: LeftOut[] = [];
  for (const listed of listRuns(reports)) {
    if ("report" in listed && judged.has(listed.report.scenario)) continue; // there is a newer one
    const found = await judgedAgain(reports, listed, trust);
    if ("why" in found) leftOut.push(found);
    else if (!judged.has(found.report.scenario)) judged.set(found.report.scenario, found);
  }
  return { judged: [...judged.values()], leftOut };
}

async function judgedAgain(reports: string, listed: Listed, trust: Trust): Promise<Counted | LeftOut> {
  const { run } = listed;
  if ("broken" in listed) return { run, why: listed.broken };
  const dir = join(reports, run);
  try {
    const wrong = await notWhole(dir, trust);
    if (wrong !== null) return { run, why: wrong };
    const { analyzePack } = await import("../analyze.ts");
    const report = await analyzePack(dir);
    const why = doesNotCount(report);
    return why === null ? { report, verified: trust.publicKeys.length > 0 ? true : null } : { run, why };
  } catch (thrown) {
    return { run, why: messageOf(thrown) };
  }
}

/** Under a pinned key everything has to hold. Without one no signature is looked at, and what can be told without still has to. */
async function notWhole(dir: string, trust: Trust): Promise<string | null> {
  const { ok, checks } = await verifyPack(dir, trust);
  if (ok) return null;
  const failed = checks.find(
    ({ name, outcome }) => outcome === "fail" && (trust.publicKeys.length > 0 || name !== "key"),
  );
  return failed ? `does not verify: ${failed.detail}` : null;
}

function doesNotCount({ overrides, inspection }: Report): string | null {
  if (overrides.length > 0) return `it was overridden on the command line: ${overrides.join(", ")}`;
  return inspection ? null : "no detector was asked in it";
}
