import type { Report } from "./report.ts";
import { renderControls } from "./render/controls.ts";
import { renderCsv } from "./render/csv.ts";
import { renderHtml } from "./render/html.ts";
import { renderJson } from "./render/json.ts";
import { renderOscal } from "./render/oscal.ts";
import { renderPdf } from "./render/pdf.ts";
import { renderJunit } from "./render/junit.ts";
import { renderTerminal } from "./render/terminal.ts";
import { renderTimeline } from "./render/timeline.ts";

/** One view of a report. Pure: the same report gives the same bytes, so that a view can be made again from a pack and compared. */
export interface Reporter {
  readonly name: string;
  /** Where the view stands in the pack. */
  readonly file: string;
  /** null where the report has nothing for this view; then the pack has no such file. */
  render(report: Report): string | Buffer | null;
}

/** A new format is one file under render/ and one line here. */
export const reporters: readonly Reporter[] = [
  { name: "html", file: "views/report.html", render: renderHtml },
  { name: "json", file: "views/report.json", render: renderJson },
  { name: "junit", file: "views/junit.xml", render: renderJunit },
  { name: "csv", file: "views/results.csv", render: renderCsv },
  { name: "controls", file: "views/controls.csv", render: renderControls },
  { name: "oscal", file: "views/oscal.json", render: renderOscal },
  { name: "svg", file: "views/timeline.svg", render: renderTimeline },
  { name: "pdf", file: "views/report.pdf", render: renderPdf },
  { name: "terminal", file: "views/summary.txt", render: (report) => renderTerminal(report) },
];
