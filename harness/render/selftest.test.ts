import { describe, expect, test } from "vitest";
import type { SelftestOnRecord } from "../report.ts";
import { renderHtml } from "./html.ts";
import { renderJson } from "./json.ts";
import { selftestDeviation, selftestLine } from "./selftest.ts";
import { renderTerminal } from "./terminal.ts";
import { HOSTILE_MARKER, readMarkup, report } from "./testing.ts";
import { banners } from "./words.ts";

const sound = report().selftest!;
const having = (changes: Partial<SelftestOnRecord>) => report({ selftest: { ...sound, ...changes } });
const planted = (...failed: string[]) => ({ ok: failed.length === 0, planted: { count: 113, failed } });
const one = (why: string, control = "selftest-redis") => ({ control, why });

describe("the line of the selftest", () => {
  test.each<[string, ReturnType<typeof report>, "pass" | "fail" | "unknown", string]>([
    [
      "passed",
      report(),
      "pass",
      "selftest 3f9a01c2… passed 42 minutes before this drill with the same evaluator (113 planted, 3 real)",
    ],
    [
      "none",
      report({ selftest: null }),
      "unknown",
      "no selftest on record for this evaluator: run blackstart selftest",
    ],
    ["one minute", having({ ageMinutes: 1 }), "pass", "passed 1 minute before"],
    ["just now", having({ ageMinutes: 0 }), "pass", "passed less than a minute before"],
    ["hours", having({ ageMinutes: 47 * 60 + 59 }), "pass", "passed 47 hours before"],
    ["days", having({ ageMinutes: 48 * 60 }), "pass", "passed 2 days before"],
    [
      "future",
      having({ ageMinutes: null }),
      "unknown",
      "at a time that its clock puts after this drill, so of unknown age,",
    ],
    [
      "another evaluator",
      having({ sameEvaluator: false, evaluatorSha256: "ab".repeat(32) }),
      "unknown",
      "passed 42 minutes before this drill with another evaluator (abababab…), so it says nothing of this one (113",
    ],
    [
      "failed",
      having(planted("balances: a", "load: b", "clock: c", "record: d")),
      "fail",
      "failed 42 minutes before this drill with the same evaluator (109 of 113 planted, 3 real): balances: a; load: b; clock: c; and 1 more",
    ],
    [
      "failed on a real store",
      having({ ok: false, real: { count: 3, failed: ["selftest-redis"], notRun: [] } }),
      "fail",
      "(113 planted, 2 of 3 real): selftest-redis",
    ],
    [
      "no engine",
      having({ real: { count: 0, failed: [], notRun: [one("no engine"), one("no engine", "selftest-s3")] } }),
      "pass",
      "(113 planted; real controls: not run (no engine))",
    ],
    [
      "some not run",
      having({ real: { count: 2, failed: [], notRun: [one("the image redis is not on this machine")] } }),
      "pass",
      "(113 planted, 2 real; not run: selftest-redis (the image redis is not on this machine))",
    ],
  ])("%s", (_what, data, tone, text) => {
    expect(selftestLine(data)).toEqual({ tone, text: expect.stringContaining(text) as string });
    expect(selftestDeviation(data) === null).toBe(tone === "pass");
  });
});

const plain = (html: string): string => html.replace(/<[^>]*>/g, " ");

test("every view has the line", () => {
  for (const data of [report(), report({ selftest: null }), having({ sameEvaluator: false })]) {
    const { text } = selftestLine(data);
    expect(plain(renderHtml(data))).toContain(text);
    expect(renderTerminal(data).replace(/\s+/g, " ")).toContain(`controls ${text}`);
    expect(JSON.parse(renderJson(data))).toMatchObject({ selftest: data.selftest });
  }
});

test("one that failed with this evaluator stands above the verdict, and one of another does not", () => {
  const titles = (data: ReturnType<typeof report>) => banners(data).map(({ title }) => title);
  expect(titles(having(planted("balances: a")))).toEqual(["The selftest of this evaluator failed"]);
  expect(titles(having({ ...planted("balances: a"), sameEvaluator: false }))).toEqual([]);
  expect(renderTerminal(having(planted("balances: a")))).toContain("did not find what was planted for it: balances: a");
});

test("what a statement says is text, whatever stands in it", () => {
  const data = having({
    sha256: HOSTILE_MARKER,
    ok: false,
    planted: { count: 1, failed: [HOSTILE_MARKER] },
    real: { count: 0, failed: [], notRun: [{ control: HOSTILE_MARKER, why: `${HOSTILE_MARKER}\u001b[31m` }] },
  });
  const html = renderHtml(data);
  readMarkup(html);
  expect(html).not.toContain(HOSTILE_MARKER);
  expect(renderTerminal(data)).not.toContain("\u001b");
});

test("why a drill was not run is told in so many letters and no more", () => {
  const long = having({ real: { count: 0, failed: [], notRun: [one("x".repeat(4_000)), one("no engine")] } });
  expect(selftestLine(long).text).toMatch(/not run: selftest-redis \(x{160}…\), selftest-redis \(no engine\)/);
});
