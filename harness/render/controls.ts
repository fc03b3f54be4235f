/** views/controls.csv: one row a clause that the scenario names, with what the drill is worth for it. */
import { controlRows } from "../controls.ts";
import type { Report } from "../report.ts";
import { csv } from "./csv.ts";

const COLUMNS = [
  "run",
  "scenario",
  "control",
  "clause",
  "asks_for",
  "evidence",
  "grade",
  "because",
  "verdict",
  "class",
  "environment",
];

export const renderControls = (report: Report): string =>
  csv([
    COLUMNS,
    ...controlRows(report).map(({ control, clause, asks, shows, grade, because }) => [
      report.run,
      report.scenario,
      control,
      clause,
      asks,
      shows,
      grade,
      because,
      report.verdict,
      report.class,
      report.host.environmentKind,
    ]),
  ]);
