import { expect, test } from "vitest";
import type { Report } from "../report.ts";
import { blocksOf } from "./blocks.ts";
import { renderHtml } from "./html.ts";
import { renderPdf } from "./pdf.ts";
import { renderTerminal } from "./terminal.ts";
import { acceptedRisk, lossyControl, luckyPass, report } from "./testing.ts";

const failed = (changes: Partial<Report> = {}): Report => lossyControl({ expect: "pass", exitCode: 1, ...changes });
const terminal = (data: Report): string => renderTerminal(data, { width: 120 }).replace(/\n {2}│ /g, " ");
/** The page as plain text, and so what is on paper. */
const page = (data: Report): string[] =>
  blocksOf(renderHtml(data)).map((block) =>
    "runs" in block ? block.runs.map(({ text }) => text).join("") : block.kind === "title" ? block.verdict : block.kind,
  );

test("accepted risks come first after the verdict, which they leave as it is", () => {
  const data = failed({ acceptances: [acceptedRisk()], overrides: ["seed=1"] });
  const words = page(data);
  const at = (start: string): number => words.findIndex((text) => text.startsWith(start));
  const first = at("Accepted risk async-standby: no-lost-writes, in force when the drill began");
  expect(words[first]).toContain(
    "Dana Ortiz, payments accepts it from 2026-11-01 until 2027-03-01, because the second site gets its synchronous standby in February. The check failed. The verdict is unchanged by this.",
  );
  expect(first).toBeGreaterThan(at("Fail"));
  expect(first).toBeLessThan(at("Overridden for this run"));
  expect(first).toBeLessThan(at("pairs"));
  const said = terminal(data);
  expect(said).toMatch(/^FAIL {2}[^\n]*\n {2}[^\n]*the asynchronous standby[^\n]* Accepted risk async-standby: /);
  expect(said).toContain("The verdict is unchanged by this.");
  expect(said.indexOf("Accepted risk")).toBeLessThan(said.indexOf("Overridden for this run"));
});

test("the meaning of the verdict is still said, and a lucky pass stays one", () => {
  const acceptances = [acceptedRisk()];
  expect(terminal(failed({ acceptances }))).toContain("At least one condition of success was missed.");
  expect(terminal(luckyPass({ acceptances }))).toMatch(/Accepted risk[^]*Lucky pass\. Nothing was lost/);
});

test("whether it was in force, and what came of the check, stand with each", () => {
  const acceptances = [
    acceptedRisk({ id: "old", state: "expired" }),
    acceptedRisk({ id: "new", state: "not yet", finding: "recovery-time" }),
    acceptedRisk({ id: "other", finding: "amcheck" }),
  ];
  const said = terminal(failed({ acceptances }));
  expect(said).toMatch(/Accepted risk old: no-lost-writes, expired when the drill began\.[^]*The check failed\./);
  expect(said).toMatch(/Accepted risk new: recovery-time, not yet in force when[^]*The check passed\./);
  expect(said).toMatch(/Accepted risk other: amcheck[^]*The check was not made in this run\./);
});

test("it can be set on paper, and without any nothing is said of it", () => {
  expect(renderPdf(failed({ acceptances: [acceptedRisk()] })).length).toBeGreaterThan(20_000);
  expect(renderHtml(report())).not.toMatch(/accepted risk/i);
  expect(renderTerminal(report())).not.toMatch(/accepted risk/i);
});
