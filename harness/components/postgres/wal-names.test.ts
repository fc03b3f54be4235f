import { describe, expect, test } from "vitest";
import { missingNames, runsOf, segmentOf, segmentsBetween } from "./wal-names.ts";

const MIB = 2 ** 20;
const SEGMENT = 16 * MIB;
const one = (n: number, timeline = 1): string => `${hex(timeline)}00000000${hex(n)}`;
const hex = (n: number): string => n.toString(16).toUpperCase().padStart(8, "0");
const from2 = { timeline: 1, lsn: 0x200_0028n };

test("a name says timeline and number, whatever the size of a segment", () => {
  expect(segmentOf("00000002000000010000000A", SEGMENT)).toEqual({ timeline: 2, number: 266n, partial: false });
  expect(segmentOf("00000002000000010000000A", MIB)).toEqual({ timeline: 2, number: 4106n, partial: false });
  expect(segmentOf(`${one(3)}.partial`, SEGMENT)?.partial).toBe(true);
  for (const other of ["00000002.history", `${one(2)}.00000028.backup`, `${one(2)}.lzo`, ""])
    expect(segmentOf(other, SEGMENT)).toBeNull();
});

test("segments are counted across the halves of a name, and not across timelines", () => {
  expect(segmentsBetween("0000000100000000000000FE", "000000010000000100000001", SEGMENT)).toEqual([
    "0000000100000000000000FE",
    "0000000100000000000000FF",
    "000000010000000100000000",
  ]);
  expect(segmentsBetween(one(3), one(3), SEGMENT)).toEqual([]);
  expect(segmentsBetween(one(3), one(1), SEGMENT)).toEqual([]);
  expect(segmentsBetween(one(3), one(5, 2), SEGMENT)).toEqual([]);
});

describe("names that are missing", () => {
  const missing = (names: string[], beginning = from2 as typeof from2 | null) =>
    missingNames(names, beginning, SEGMENT);

  test.each([
    ["nothing", [one(2), one(3), one(4)], []],
    ["one in the middle", [one(2), one(4)], [one(3)]],
    ["several", [one(2), one(6), one(8)], [one(3), one(4), one(5), one(7)]],
    ["the first that the backup needs", [one(3), one(4)], [one(2)]],
    ["everything from the backup on", [], [one(2)]],
    ["a tail, which leaves no gap", [one(2), one(3)], []],
    ["what is older than the backup, and whole", [one(1), one(2)], []],
    ["a history file", [one(2), one(3), one(3, 2)], ["00000002.history"]],
    ["where a timeline was left", [one(2), one(4, 2), "00000002.history"], [one(3)]],
    [
      "nothing: the end of the old timeline is partial",
      [one(2), `${one(3)}.partial`, one(3, 2), "00000002.history"],
      [],
    ],
    [
      "nothing: the third branched off the first",
      [one(2), one(3), one(4), one(3, 2), one(5, 3), "00000002.history", "00000003.history"],
      [],
    ],
  ])("%s", (_what, names, expected) => expect(missing(names)).toEqual(expected));

  test("over the boundary of a log file number", () => {
    expect(missingNames(["0000000100000000000000FE", "000000010000000100000001"], null, SEGMENT)).toEqual([
      "0000000100000000000000FF",
      "000000010000000100000000",
    ]);
  });

  test("a name from elsewhere does not make an endless list", () => {
    expect(missing([one(2), "00000001FFFFFFFF000000FF"])).toHaveLength(10_000);
  });
});

describe("what a reader goes through", () => {
  const runs = (names: string[], beginning = from2 as typeof from2 | null) =>
    runsOf(names, beginning, SEGMENT).map(({ timeline, from, to, bytes }) => [timeline, from, to, bytes / SEGMENT]);

  test("from where the backup begins, cut where a segment is missing, timeline by timeline", () => {
    expect(runs([one(1), one(2), one(3), one(5), one(3, 2), "00000002.history", `${one(6)}.partial`])).toEqual([
      [1, "0/2000028", "0/4000000", 2],
      [1, "0/5000000", "0/6000000", 1],
      [2, "0/3000000", "0/4000000", 1],
    ]);
  });

  test("a backup of a later timeline needs nothing of an earlier one", () => {
    expect(runs([one(2), one(3, 2)], { timeline: 2, lsn: 0x300_0028n })).toEqual([[2, "0/3000028", "0/4000000", 1]]);
  });

  test("everything where nobody knows of a backup", () => {
    expect(runs([one(1), one(2)], null)).toEqual([[1, "0/1000000", "0/3000000", 2]]);
  });
});
