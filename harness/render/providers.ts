/** The summary over `--each-provider`: one scenario on every product that may stand behind it, side by side. */
import { toResult } from "../analyze.ts";
import type { Report, Result } from "../report.ts";
import { grouped } from "../text.ts";
import { shown } from "./escape.ts";
import { columns } from "./paint.ts";
import { interval, printed, stamp } from "./words.ts";

/** What came of one product; `report` is null where its image cannot be had or the drill was cut short. */
export interface ProviderRun {
  readonly scenario: string;
  readonly provider: string;
  readonly report: Report | null;
  /** Why there is none. */
  readonly missing: string | null;
}

interface ProvidersSummary {
  readonly schema: "blackstart/providers/v1";
  readonly scenarios: readonly {
    readonly scenario: string;
    readonly providers: readonly {
      readonly provider: string;
      readonly missing: string | null;
      readonly wallMs: number | null;
      readonly result: Result | null;
    }[];
  }[];
}

export const summariseProviders = (runs: readonly ProviderRun[]): ProvidersSummary => ({
  schema: "blackstart/providers/v1",
  scenarios: [...Map.groupBy(runs, ({ scenario }) => scenario)].map(([scenario, of]) => ({
    scenario,
    providers: of.map(({ provider, report, missing }) => ({
      provider,
      missing,
      wallMs: report && wallMs(report),
      result: report && toResult(report),
    })),
  })),
});

/** From the first entry of the record to the last, stack up and read-back included. */
const wallMs = ({ startedAt, endedAt }: Report): number => Date.parse(endedAt) - Date.parse(startedAt);

export function renderProviders(runs: readonly ProviderRun[]): string {
  const tables = [...Map.groupBy(runs, ({ scenario }) => scenario)].map(([scenario, of]) =>
    [
      shown(scenario),
      "",
      ...columns([["provider", "verdict", "lost", "recovery time", "whole drill", "run"], ...of.map(row)]),
    ]
      .map((line) => `  ${line}`.trimEnd())
      .join("\n"),
  );
  return `${tables.join("\n\n")}\n`;
}

function row({ provider, report, missing }: ProviderRun): string[] {
  if (!report) return [shown(provider), "not run", "", "", "", shown(missing ?? "")];
  return [
    shown(provider),
    stamp(report).word,
    `${grouped(report.lost.count)} of ${grouped(report.operations.acknowledged)}`,
    report.recoveryTime ? interval(report.recoveryTime) : "not measured",
    printed(wallMs(report)),
    shown(report.run),
  ];
}
