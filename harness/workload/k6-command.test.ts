import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { k6Argv } from "./k6-command.ts";

const SCRIPT = readFileSync(new URL("../../fixtures/workloads/orders.ts", import.meta.url), "utf8");

it("sets what the script asks for, and nothing that it does not know", () => {
  const load = { port: 8080, ratePerSecond: 50, durationMs: 60_000, timeoutMs: 1_000, seed: 7, workload: "k6" };
  const argv = k6Argv(load);
  const given = argv.flatMap((word, i) => (argv[i - 1] === "-e" ? [word] : []));
  expect(given).toEqual([
    "TARGET=http://127.0.0.1:8080",
    "RATE=50",
    "DURATION=60000ms",
    "TIMEOUT_MS=1000",
    "SEED=7",
    "WORKLOAD=k6",
  ]);
  const asked = [...SCRIPT.matchAll(/(?:setting|count)\("([A-Z_]+)"/g)].map(([, name]) => name!);
  expect(asked.filter((name) => name !== "VUS").toSorted()).toEqual(given.map((g) => g.split("=")[0]!).toSorted());
  expect(argv.at(-1)).toBe("-");
});
