import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { CommandModule } from "yargs";
import { messageOf, usage } from "../errors.ts";
import { columns } from "../render/paint.ts";
import { shown } from "../render/escape.ts";
import { safeJson } from "../render/json.ts";
import { interval, lostOf, stamp } from "../render/words.ts";
import type { Report } from "../report.ts";
import { visible } from "../text.ts";
import { print } from "./io.ts";

/** One folder under reports/: a run with its report, or a pack that cannot be read and why. */
export type Listed =
  { readonly run: string; readonly report: Report } | { readonly run: string; readonly broken: string };

interface ListArguments {
  readonly reports: string;
  readonly json?: string;
}

export const listCommand: CommandModule<object, ListArguments> = {
  command: "list",
  describe: "List the runs, newest first",
  handler: ({ reports, json }) => {
    const runs = listRuns(reports);
    print(json ? safeJson(runs.map(asJson)) : asText(runs, reports));
  },
};

/** Reads the sealed report of each pack and judges nothing again: `analyze` and `verify` are for that. */
export const listRuns = (reports: string): Listed[] =>
  runsIn(reports)
    .map((run) => readRun(reports, run))
    .toSorted((a, b) => startOf(b).localeCompare(startOf(a)));

/** The names of the runs, in no order; none of them is read. */
export function runsIn(reports: string): string[] {
  if (!existsSync(reports))
    throw usage(`There is no folder ${visible(reports)}.`, "Run a drill first, or name the folder with --reports.");
  return readdirSync(reports, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isRun(reports, entry.name))
    .map(({ name }) => name);
}

/** The run ledger lives in the same folder. A run is what is named like one, or holds a report (reports/example). */
const isRun = (reports: string, name: string): boolean =>
  /^\d{4}-\d\d-\d\dT/.test(name) || existsSync(join(reports, name, "views", "report.json"));

/** The name of a run begins with its start, which serves where the report cannot be read. */
const startOf = (listed: Listed): string =>
  ("report" in listed ? listed.report.startedAt : listed.run).replace(/[:.]/g, "-");

function readRun(reports: string, run: string): Listed {
  const path = join(reports, run, "views", "report.json");
  try {
    const report = JSON.parse(readFileSync(path, "utf8")) as Report;
    if (report.schema !== "blackstart/result/v1")
      return { run, broken: `views/report.json is not of the schema blackstart/result/v1` };
    // Formatting touches every field that the list shows, so that a report that lacks one is named here and not half way down.
    row({ run, report });
    startOf({ run, report });
    return { run, report };
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return {
      run,
      broken: missing
        ? "no views/report.json: the run was interrupted or is still going on"
        : `views/report.json cannot be read: ${messageOf(error)}`,
    };
  }
}

function row(listed: Listed): string[] {
  if ("broken" in listed) return [shown(listed.run), "broken pack", "", "", "", shown(listed.broken)];
  const { run, report } = listed;
  const recovery = report.recoveryTime ? interval(report.recoveryTime) : "not measured";
  return [
    shown(run),
    stamp(report).word,
    recovery,
    lostOf(report).replace(" acknowledged writes lost", ""),
    report.class,
    shown(report.scenario),
  ];
}

function asText(runs: readonly Listed[], reports: string): string {
  if (runs.length === 0) return `No runs in ${visible(reports)}.`;
  return columns([["run", "verdict", "recovery time", "lost", "class", "scenario"], ...runs.map(row)]).join("\n");
}

function asJson(listed: Listed): object {
  if ("broken" in listed) return listed;
  const {
    scenario,
    verdict,
    expect,
    exitCode,
    luckyPass,
    recoveryTime,
    lost,
    operations,
    startedAt,
    class: evidence,
    pack,
  } = listed.report;
  return {
    run: listed.run,
    scenario,
    verdict,
    expect,
    exitCode,
    luckyPass,
    recoveryTime,
    lost: lost.count,
    acknowledged: operations.acknowledged,
    class: evidence,
    startedAt,
    pack,
  };
}
