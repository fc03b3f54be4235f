import { expect, test } from "vitest";
import { type Path, parsePath, pathText } from "./path.ts";
import { closest } from "./suggest.ts";
import { byteRate, byteSize, duration, durationText, positiveDuration, rate } from "./units.ts";

test.each<[string, Path]>([
  ["id", ["id"]],
  ["steps[1].when.probe", ["steps", 1, "when", "probe"]],
  ['stack.db.settings["timescaledb.license"]', ["stack", "db", "settings", "timescaledb.license"]],
  ['["odd key"][0]', ["odd key", 0]],
])("the path %s reads as it is written", (text, path) => {
  expect(pathText(path)).toBe(text);
  expect(parsePath(text)).toEqual(path);
});

test.each(["", ".", "a.", "a..b", ".a", "[0]", "a[", "a[x]", "a[-1]", 'a["b]', "a b", "a]"])(
  "%j is no path",
  (text) => {
    expect(parsePath(text)).toBeUndefined();
  },
);

test.each([
  ["titel", "title"],
  ["steady_state", "steadyState"],
  ["STEPS", "steps"],
  ["verfy", "verify"],
  ["stakc", "stack"],
])("%s probably means %s", (word, meant) => {
  expect(closest(word, ["id", "title", "stack", "steps", "steadyState", "verify"])).toBe(meant);
});

test("nothing near, nothing meant", () => {
  expect(closest("banana", ["id", "title"])).toBeUndefined();
  expect(closest("x".repeat(100_000), ["id"])).toBeUndefined();
  expect(closest(5, ["id"])).toBeUndefined();
});

test("units become numbers", () => {
  expect(["250ms", "2s", "1.5m", "1h", "0s"].map((text) => duration.parse(text))).toEqual([
    250, 2_000, 90_000, 3_600_000, 0,
  ]);
  expect(rate.parse("500/s")).toBe(500);
  expect(byteRate.parse("64KiB/s")).toBe(65_536);
  expect(byteSize.parse("2GiB")).toBe(2 ** 31);
  expect(byteSize.parse("0.3KiB"), "whole bytes").toBe(307);
});

test.each([
  "5",
  "5 s",
  "-1s",
  "1e3s",
  "s",
  "1.s",
  ".5s",
  "5S",
  "5min",
  "1s2s",
  "25h",
  "0x1s",
  5,
  null,
  "9".repeat(20) + "ms",
])("%j is no duration", (text) => {
  expect(duration.safeParse(text).success).toBe(false);
});

test("zero is no positive duration", () => {
  expect(positiveDuration.safeParse("0ms").success).toBe(false);
});

test("a duration is written as a scenario would", () => {
  expect([0, 0.5, 250, 1_000, 1_500, 1_234, 60_000, 90_000, 300_000, 3_600_000].map(durationText)).toEqual([
    "0ms",
    "0.5ms",
    "250ms",
    "1s",
    "1.5s",
    "1234ms",
    "1m",
    "1.5m",
    "5m",
    "1h",
  ]);
});
