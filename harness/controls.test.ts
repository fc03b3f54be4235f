import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { clauses, controlRows } from "./controls.ts";
import { renderControls } from "./render/controls.ts";
import { HOSTILE_MARKER, lossyControl, luckyPass, report } from "./render/testing.ts";
import type { Report } from "./report.ts";
import { EXIT } from "./verdict.ts";

const attested = (changes: Partial<Report> = {}): Partial<Report> => ({
  class: "attested",
  classReasons: [],
  luckyPass: false,
  controls: ["adr-004/rpo", "adr-004/rto", "nist-800-53/SI-7"],
  ...changes,
});
const grades = (judged: Report): string[] => controlRows(judged).map(({ grade }) => grade);

describe("what a drill is worth", () => {
  test("is what the map says, but for clauses about time in a container lab", () => {
    const lab = report(attested());
    expect(grades(lab)).toEqual(["direct", "supporting", "supporting"]);
    expect(controlRows(lab)[1]!.because).toContain("a container lab is not production");
    const staging = report(attested({ host: { ...report().host, environmentKind: "staging" } }));
    expect(grades(staging)).toEqual(["direct", "direct", "supporting"]);
  });

  test.each<[string, Report, string]>([
    [
      "development evidence",
      report(attested({ class: "development" })),
      "development evidence cannot satisfy an audit",
    ],
    [
      "a failed drill",
      report(attested({ verdict: "fail", exitCode: EXIT.missed })),
      "the drill ended fail, with exit code 1",
    ],
    ["an inconclusive one", report(attested({ verdict: "unknown", exitCode: EXIT.inconclusive })), "with exit code 3"],
  ])("%s is none at all", (_what, judged, because) => {
    expect(new Set(grades(judged))).toEqual(new Set(["none"]));
    expect(controlRows(judged)[0]!.because).toContain(because);
  });

  test("a lucky pass and a lossy control support, and no more", () => {
    for (const judged of [luckyPass(attested({ luckyPass: true })), lossyControl(attested())])
      expect(new Set(grades(judged))).toEqual(new Set(["supporting"]));
  });

  test("a control that the map lacks is none, and said", () => {
    expect(controlRows(report(attested({ controls: ["house/7"] })))[0]).toMatchObject({
      grade: "none",
      because: "not in the control map",
    });
  });
});

test("every control that a scenario names is in the map", () => {
  const named = globSync(new URL("../scenarios/*/*.yaml", import.meta.url).pathname).flatMap(
    (file) => (parse(readFileSync(file, "utf8")) as { controls?: string[] }).controls ?? [],
  );
  expect(named.length).toBeGreaterThan(200);
  expect([...new Set(named)].filter((control) => !clauses.has(control))).toEqual([]);
});

test("what others wrote is no formula and no second row", () => {
  const rows = renderControls(report(attested({ controls: [`=cmd()\n${HOSTILE_MARKER}`] })))
    .trimEnd()
    .split("\r\n");
  expect(rows).toHaveLength(2);
  expect(rows[1]).toContain(`"'=cmd()`);
});
