import { expect, it } from "vitest";
import { newestAt } from "./restore.ts";

const entry = (version: string, modifiedMs: number, more: object = {}) => ({
  key: "ops/x",
  version,
  marker: false,
  latest: false,
  modifiedMs,
  ...more,
});
const written = entry("written", 1_000);
const marker = entry("marker", 2_000, { marker: true });
const cipher = entry("cipher", 3_000, { latest: true });

it.each([
  ["before anything was written", 999, undefined],
  ["at the instant of the write", 1_000, "written"],
  ["before the deletion", 1_999, "written"],
  ["after the deletion, which then is what was there", 2_000, "marker"],
  ["after the overwrite", 3_000, "cipher"],
])("%s", (_when, wallMs, version) => {
  expect(newestAt([cipher, marker, written], wallMs)?.version).toBe(version);
});

it("of two versions of one instant it takes the one that the store lists first, its newest", () => {
  expect(newestAt([entry("second", 1_000), entry("first", 1_000)], 1_000)?.version).toBe("second");
});
