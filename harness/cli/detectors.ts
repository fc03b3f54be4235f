import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandModule } from "yargs";
import { messageOf } from "../errors.ts";
import { verifyPack } from "../evidence/verify.ts";
import type { Judged, LeftOut } from "../render/matrix.ts";
import type { Report } from "../report.ts";
import { visible } from "../text.ts";
import { print, say } from "./io.ts";
import { type Listed, listRuns } from "./list.ts";
import { fingerprint, trustedKey } from "./verify.ts";

interface DetectorsArguments {
  readonly reports: string;
  readonly html: string | undefined;
  readonly publicKey: readonly string[];
  readonly fingerprint: readonly string[];
  readonly json?: string;
}

/** `detectors`: the newest whole drill of each scenario in a folder against every detector. */
export const detectorsCommand: CommandModule<object, DetectorsArguments> = {
  command: "detectors",
  describe: "Which detectors noticed what, over the newest drill of every scenario",
  builder: (yargs) =>
    yargs
      .option("html", { type: "string", requiresArg: true, describe: "Write the page to this file" })
      .option("public-key", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        describe: "PEM file of a key you trust: packs that it does not hold for are left out",
      })
      .option("fingerprint", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        describe: "SHA-256 of such a key's SPKI, hex",
      })
      .example("$0 detectors --html detectors.html", "the page over the catalogue") as never,
  async handler({ reports, html, publicKey, fingerprint: prints, json }) {
    const { matrixHtml, matrixOf, matrixText } = await import("../render/matrix.ts");
    const keysFor = (dir: string): Pins => [
      ...publicKey.map((file) => trustedKey(file, dir)),
      ...prints.map(fingerprint),
    ];
    const { judged, leftOut } = await newestOfEach(reports, keysFor);
    const matrix = matrixOf(judged, leftOut);
    if (html !== undefined) {
      writeFileSync(html, matrixHtml(matrix));
      say(`the detectors over ${judged.length} scenarios written to ${visible(html)}`);
    }
    if (json) {
      const { safeJson } = await import("../render/json.ts");
      print(safeJson(matrix));
    } else print(judged.length > 0 ? matrixText(matrix) : nothingFor(reports, leftOut));
  },
};

type Pins = Parameters<typeof verifyPack>[1]["publicKeys"];

const nothingFor = (reports: string, leftOut: readonly LeftOut[]): string =>
  [
    `No drill in ${visible(reports)} in which detectors were asked.`,
    ...leftOut.map(({ run, why }) => `left out: ${visible(run)}: ${visible(why)}`),
  ].join("\n");

/** What is said of a run is judged again from its raw files, and only where these are what was signed. */
async function newestOfEach(
  reports: string,
  keysFor: (dir: string) => Pins,
): Promise<{ judged: Judged[]; leftOut: LeftOut[] }> {
  const judged = new Map<string, Judged>();
  const leftOut: LeftOut[] = [];
  for (const listed of listRuns(reports)) {
    if ("report" in listed && judged.has(listed.report.scenario)) continue; // there is a newer one
    const found = await judgedAgain(reports, listed, keysFor);
    if ("why" in found) leftOut.push(found);
    else judged.set(found.report.scenario, found);
  }
  return { judged: [...judged.values()], leftOut };
}

async function judgedAgain(reports: string, listed: Listed, keysFor: (dir: string) => Pins): Promise<Judged | LeftOut> {
  const { run } = listed;
  if ("broken" in listed) return { run, why: listed.broken };
  const dir = join(reports, run);
  try {
    const pins = keysFor(dir);
    const wrong = await notWhole(dir, pins);
    if (wrong !== null) return { run, why: wrong };
    const { analyzePack } = await import("../analyze.ts");
    const report = await analyzePack(dir);
    const why = doesNotCount(report);
    return why === null ? { report, verified: pins.length > 0 ? true : null } : { run, why };
  } catch (thrown) {
    return { run, why: messageOf(thrown) };
  }
}

/** Under a pinned key everything has to hold. Without one nobody knows who signed, and the rest still has to. */
async function notWhole(dir: string, pins: Pins): Promise<string | null> {
  const { ok, checks } = await verifyPack(dir, { publicKeys: pins });
  if (ok) return null;
  const failed = checks.find(({ name, outcome }) => outcome === "fail" && (pins.length > 0 || name !== "key"));
  return failed ? `does not verify: ${failed.detail}` : null;
}

function doesNotCount({ overrides, inspection }: Report): string | null {
  if (overrides.length > 0) return `it was overridden on the command line: ${overrides.join(", ")}`;
  return inspection ? null : "no detector was asked in it";
}
