/**
 * What of the catalogue was drilled: for each id the scenarios that stand for it, the drills of the last days that ended as
 * declared, and under which fault, in which phase and under which promise of durability. What was not drilled is named.
 */
import type { PeriodRun } from "./period.ts";
import type { Report } from "./report.ts";
import { EXIT } from "./verdict.ts";

export interface CatalogueEntry {
  readonly id: string;
  readonly title: string;
  /** The group that it stands in. */
  readonly group: string;
}

export interface CoverageInput {
  readonly catalogue: readonly CatalogueEntry[];
  readonly scenarios: readonly { readonly id: string; readonly covers: readonly string[] }[];
  /** Of the last days. */
  readonly runs: readonly PeriodRun[];
  readonly now: string;
  readonly days: number;
}

/** `never filed`: no scenario stands for it. */
export type CoverageState = "drilled" | "not as declared" | "not drilled" | "never filed";

/** One way in which an id was drilled. */
export interface Way {
  readonly faults: string;
  /** A moment that the fault waited for, such as `checkpoint`; otherwise `under load`. */
  readonly phase: string;
  readonly durability: "guaranteed" | "permits loss";
  readonly drills: number;
}

export interface CoverageRow extends CatalogueEntry {
  readonly state: CoverageState;
  readonly scenarios: readonly string[];
  /** Runs of them that were begun, and those that ended as declared. */
  readonly begun: number;
  readonly asDeclared: number;
  readonly last: string | null;
  readonly ways: readonly Way[];
}

export interface Coverage {
  readonly schema: "blackstart/coverage/v1";
  readonly now: string;
  readonly days: number;
  readonly rows: readonly CoverageRow[];
  /** Ids that scenarios name and the catalogue lacks. */
  readonly unknown: readonly { readonly id: string; readonly scenario: string }[];
}

export function coverageOf({ catalogue, scenarios, runs, now, days }: CoverageInput): Coverage {
  const known = new Set(catalogue.map(({ id }) => id));
  return {
    schema: "blackstart/coverage/v1",
    now,
    days,
    rows: catalogue.map((entry) => rowOf(entry, scenarios, runs)),
    unknown: scenarios.flatMap(({ id: scenario, covers }) =>
      covers.filter((id) => !known.has(id)).map((id) => ({ id, scenario })),
    ),
  };
}

/** What a run covers stands in its own report; a run without one covers nothing, and is begun where its scenario is filed for the id. */
function rowOf(entry: CatalogueEntry, scenarios: CoverageInput["scenarios"], runs: readonly PeriodRun[]): CoverageRow {
  const filed = scenarios.filter(({ covers }) => covers.includes(entry.id)).map(({ id }) => id);
  const begun = runs.filter(({ scenario, report }) => report?.covers.includes(entry.id) ?? filed.includes(scenario));
  const good = begun.filter((run) => run.report !== null && run.exitCode === EXIT.met && run.end === "result");
  return {
    ...entry,
    state:
      good.length > 0
        ? "drilled"
        : begun.length > 0
          ? "not as declared"
          : filed.length > 0
            ? "not drilled"
            : "never filed",
    scenarios: filed,
    begun: begun.length,
    asDeclared: good.length,
    last:
      good
        .map(({ wall }) => wall)
        .toSorted()
        .at(-1) ?? null,
    ways: waysOf(good.map(({ report }) => report!)),
  };
}

function waysOf(reports: readonly Report[]): Way[] {
  const ways = reports.map((report) => ({
    faults:
      faultsOf(report)
        .map(({ does }) => does.slice(FAULT.length))
        .join(", then ") || "none",
    phase:
      [...new Set(faultsOf(report).flatMap(({ started }) => /^on (\S+)/.exec(started)?.[1] ?? []))].join(", ") ||
      "under load",
    durability: report.guaranteed.zeroLoss ? ("guaranteed" as const) : ("permits loss" as const),
  }));
  return [...Map.groupBy(ways, (way) => JSON.stringify(way)).values()]
    .map((same) => ({ ...same[0]!, drills: same.length }))
    .toSorted((a, b) => b.drills - a.drills || a.faults.localeCompare(b.faults, "en"));
}

const FAULT = "fault ";
const faultsOf = ({ steps }: Report): Report["steps"] => steps.filter(({ does }) => does.startsWith(FAULT));
