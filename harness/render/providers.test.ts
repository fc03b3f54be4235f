import { expect, it } from "vitest";
import { renderProviders, summariseProviders } from "./providers.ts";
import { lossyControl, report } from "./testing.ts";

const runs = [
  { scenario: "store-x", provider: "minio", report: report({ run: "a" }), missing: null },
  { scenario: "store-x", provider: "ceph", report: lossyControl({ run: "b" }), missing: null },
  { scenario: "store-x", provider: "versitygw", report: null, missing: "its image cannot be had here" },
];

it("a line for each product, and one that could not be had is named and not left out", () => {
  const lines = renderProviders(runs).split("\n").filter(Boolean);
  expect(lines).toHaveLength(5);
  expect(lines[1]).toMatch(/provider +verdict +lost +recovery time +whole drill +run/);
  expect(lines[2]).toMatch(/^ {2}minio .* 0 of /);
  expect(lines[4]).toMatch(/^ {2}versitygw +not run .*its image cannot be had here$/);
});

it("the same as data, each with the result that a drill of its own would print", () => {
  const [scenario] = summariseProviders(runs).scenarios;
  expect(scenario?.providers.map(({ provider, result, missing }) => [provider, result?.run ?? null, missing])).toEqual([
    ["minio", "a", null],
    ["ceph", "b", null],
    ["versitygw", null, "its image cannot be had here"],
  ]);
  expect(scenario?.providers[0]?.wallMs).toBeGreaterThan(0);
});
