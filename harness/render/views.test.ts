import { describe, expect, test } from "vitest";
import type { EvidenceClass, Report } from "../report.ts";
import { renderCsv } from "./csv.ts";
import { renderHtml } from "./html.ts";
import { renderJson } from "./json.ts";
import { renderJunit } from "./junit.ts";
import { renderTerminal } from "./terminal.ts";
import { finding, hostile, inconclusive, lossyControl, luckyPass, readMarkup, report } from "./testing.ts";
import { verifyCommands } from "./verify-commands.ts";
import { interval, intervalParts, objective } from "./words.ts";

describe("report.json", () => {
  test("is the report, and holds no character that moves a terminal", () => {
    for (const data of [report(), hostile()]) {
      const text = renderJson(data);
      expect(JSON.parse(text)).toEqual(data);
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
    }
  });

  test("a bigint is a defect, not a number", () => {
    expect(() => renderJson({ ...report(), seed: 1n as unknown as number })).toThrow(TypeError);
  });
});

/** What a CI server would count, checked against what the suite says of itself. */
const counts = (data: Report): { failures: number; errors: number; cases: number } => {
  const tags = readMarkup(renderJunit(data));
  const count = (name: string): number => tags.filter((tag) => tag.name === name).length;
  const suite = tags.find(({ name }) => name === "testsuite")!.attributes;
  expect(suite["tests"]).toBe(String(count("testcase")));
  expect(suite["failures"]).toBe(String(count("failure")));
  expect(suite["errors"]).toBe(String(count("error")));
  return { failures: count("failure"), errors: count("error"), cases: count("testcase") };
};

describe("junit.xml", () => {
  test("one case a finding; unknown is an error, fail a failure", () => {
    expect(counts(report())).toEqual({ failures: 0, errors: 0, cases: 6 });
    expect(counts(inconclusive())).toEqual({ failures: 0, errors: 2, cases: 3 });
    expect(counts(lossyControl({ expect: "pass", exitCode: 1 }))).toEqual({ failures: 1, errors: 0, cases: 2 });
  });

  test("agrees with the exit code of a lossy control", () => {
    expect(counts(lossyControl())).toEqual({ failures: 0, errors: 0, cases: 2 });
    expect(renderJunit(lossyControl())).toContain("failed as declared: 601 of 18,204");
    const blind = lossyControl({
      verdict: "pass",
      exitCode: 1,
      reasons: [finding("no-lost-writes", "pass", "nothing lost")],
    });
    expect(counts(blind)).toEqual({ failures: 1, errors: 0, cases: 2 });
  });

  test("is XML 1.0 whatever the names hold", () => {
    const text = renderJunit(hostile());
    readMarkup(text);
    expect(text).not.toMatch(/[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
    expect(text).toContain("\\u0000");
  });
});

/** RFC 4180, strictly. */
function parseCsv(text: string): string[][] {
  expect(text.endsWith("\r\n")).toBe(true);
  const rows: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text);
    if (!found) throw new Error("not RFC 4180");
    rows.at(-1)!.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

const rowOf = (data: Report, figure: string): string[] =>
  parseCsv(renderCsv(data))
    .find((cells) => cells[2] === figure)!
    .slice(3);

describe("results.csv", () => {
  test("one row a figure", () => {
    expect(parseCsv(renderCsv(report()))[0]!.join()).toBe(
      "run,scenario,figure,objective,actual_lower,actual_upper,unit,verdict,basis",
    );
    expect(rowOf(report(), "recovery time")).toEqual([
      "300000",
      "702.2",
      "751.8",
      "ms",
      "pass",
      "interval on the monotonic clock",
    ]);
    expect(rowOf(lossyControl(), "lost acknowledged writes").slice(0, 5)).toEqual([
      "0",
      "601",
      "601",
      "writes",
      "fail",
    ]);
    expect(rowOf(inconclusive(), "recovery time")).toEqual(["300000", "", "", "ms", "unknown", "not measured"]);
    expect(rowOf(inconclusive(), "lost acknowledged writes")[4]).toBe("unknown");
    expect(parseCsv(renderCsv(luckyPass())).every((cells) => cells.length === 9)).toBe(true);
  });

  test("no cell from data is a formula, and numbers below zero stay numbers", () => {
    const formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "|calc", "＝1"];
    for (const scenario of formulas) {
      const [, second] = parseCsv(renderCsv(report({ scenario })));
      expect(second![1]).toMatch(/^(?:'|\\u)/);
    }
    expect(rowOf(report(), "mark: fault effective")[1]).toBe("-1.8");
    parseCsv(renderCsv(hostile()));
  });
});

test("the commands that verify attested evidence name the authority that it rests on", () => {
  const naming = (evidence: EvidenceClass): number =>
    verifyCommands(report({ class: evidence })).filter(({ command }) => command.includes('--tsa-certificate "$TSA"'))
      .length;
  expect([naming("attested"), naming("development")]).toEqual([2, 0]);
});

describe("times in words", () => {
  test("are rounded outward, so that what is printed contains what was measured", () => {
    expect(interval({ lowerMs: 702.9, upperMs: 751.1 })).toBe("702 to 752 ms");
    expect(interval({ lowerMs: 999.2, upperMs: 1_000.1 })).toBe("999 ms to 1.01 s");
    expect(interval({ lowerMs: -1.84, upperMs: 0 })).toBe("−1.9 to 0 ms");
    expect(interval({ lowerMs: 251_400, upperMs: 300_000.2 })).toBe("4 min 11 s to 5 min 01 s");
    expect(interval({ lowerMs: 5, upperMs: 5 })).toBe("5.0 ms");
    expect(intervalParts({ lowerMs: 3_700, upperMs: 3_752 })).toEqual({ from: "3.70", to: "3.76", unit: "s" });
  });

  test("objectives are round", () => {
    expect([300_000, 1_000, 250, 1_500, 90_000].map(objective)).toEqual([
      "5 min",
      "1 s",
      "250 ms",
      "1.5 s",
      "1 min 30 s",
    ]);
  });
});

test("what was given up on purpose is told beside what was lost, in every view, and only where there is any", () => {
  const lossy = lossyControl();
  const given = lossyControl({ discarded: 1_234 });
  const views = [renderCsv, renderHtml, (data: Report) => renderTerminal(data, { width: 160 })];
  for (const view of views) {
    expect(view(lossy)).not.toContain("given up on purpose");
    expect(view(given)).toMatch(/1.?234.*given up on purpose|given up on purpose[^]{0,80}1.?234/);
  }
});
