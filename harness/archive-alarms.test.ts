import { expect, it } from "vitest";
import { ArchiveAlarms } from "./archive-alarms.ts";
import type { ArchiveLook } from "./history.ts";

const well: ArchiveLook = {
  node: "db.primary",
  current: "000000010000000000000003",
  archived: "000000010000000000000002",
  failures: 2,
  waiting: 0,
  unstored: [],
  timeoutMs: 1_000,
};
const next = { ...well, current: "000000010000000000000004", unstored: ["000000010000000000000003"], waiting: 1 };

it.each<[string, ArchiveLook, number, string[]]>([
  ["normal service", well, 100, []],
  ["a segment on its way", next, 100, []],
  ["one that waits too long", next, 1_101, ["stale"]],
  ["the same, where the server has no limit", { ...next, timeoutMs: 0 }, 60_000, []],
  ["another failure", { ...well, failures: 3 }, 100, ["failures"]],
  ["a count that a crash has reset", { ...well, failures: 0 }, 100, []],
  ["three that wait", { ...well, waiting: 3 }, 100, ["waiting"]],
  ["two that wait", { ...well, waiting: 2 }, 100, []],
  ["one that is archived and not there", { ...well, unstored: ["000000010000000000000002"] }, 100, ["missing"]],
  ["a store that could not be asked", { ...well, unstored: null }, 100, []],
])("%s", (_name, look, atMs, holding) => {
  const alarms = new ArchiveAlarms();
  expect(alarms.holding(0)).toEqual([]);
  alarms.see(well, 0);
  alarms.see(look, 100);
  expect(alarms.holding(atMs)).toEqual(holding);
});
