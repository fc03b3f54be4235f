import { expect, test } from "vitest";
import type { PeriodRun } from "../period.ts";
import type { Report } from "../report.ts";
import { EXIT } from "../verdict.ts";
import { HOSTILE_MARKER, lossyControl, luckyPass, report } from "./testing.ts";
import { trendHtml, trendText } from "./trend.ts";

const run = (n: number, judged: Report | null, changes: Partial<PeriodRun> = {}): PeriodRun => ({
  run: `run-${n}`,
  scenario: "a",
  scenarioSha256: "a".repeat(64),
  wall: `2026-11-0${n}T10:00:00.000Z`,
  end: "result",
  exitCode: judged?.exitCode ?? null,
  report: judged,
  bundleSha256: null,
  gap: null,
  ...changes,
});

const runs = [
  run(1, report()),
  run(2, luckyPass()),
  run(3, lossyControl()),
  run(4, report({ verdict: "fail", exitCode: EXIT.missed, recoveryTime: null })),
  run(5, null, { end: "aborted" }),
  run(6, null, { gap: "its pack is not there" }),
];

test("every run stands in it, with what came of it in a word", () => {
  const words = trendText({ scenario: "a", runs })
    .split("\n")
    .slice(3, 9)
    .map((line) => /10:00 {2}(.+?) {2}/.exec(line)?.[1]);
  expect(words).toEqual(["pass", "lucky pass", "failed as declared", "fail", "aborted", "no pack"]);
});

test("the claim is made of all of them: what was not measured, or has no pack, counts as over", () => {
  const { length } = [run(4, null), run(5, null), run(6, null)];
  expect(trendText({ scenario: "a", runs })).toContain(`${length} of them over the objective or not measured`);
});

test("a run without a recovery time is a cross in the plot, one with is a bar", () => {
  const html = trendHtml({ scenario: "a", runs });
  const [wide = ""] = /<div class="wide">.*?<\/svg>/s.exec(html) ?? [];
  expect(wide.match(/<line class="took/g)).toHaveLength(3);
  expect(wide.match(/<path class="none"/g)).toHaveLength(3);
});

test("what others wrote is text, and versions of the scenario are said", () => {
  const html = trendHtml({
    scenario: HOSTILE_MARKER,
    runs: [run(1, report()), run(2, report(), { scenarioSha256: "b".repeat(64) })],
  });
  expect(html).not.toContain(HOSTILE_MARKER);
  expect(html).toContain("The scenario had 2 versions");
});
