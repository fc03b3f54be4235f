import { expect, it } from "vitest";
import { parsePosition } from "../../position.ts";
import { segmentAt, segmentsBetween } from "./segments.ts";

const MIB = 1024 * 1024;

it.each([
  [1, "0/2000028", 16 * MIB, "000000010000000000000002"],
  [1, "0/FF000000", 16 * MIB, "0000000100000000000000FF"],
  [1, "1/0", 16 * MIB, "000000010000000100000000"],
  [26, "2/1A00000", MIB, "0000001A000000020000001A"],
  [1, "1/40000000", 1024 * MIB, "000000010000000100000001"],
])("timeline %i, position %s in segments of %i", (timeline, position, bytes, name) => {
  expect(segmentAt(timeline, parsePosition(position)!, bytes)).toBe(name);
});

it("counts across the halves of a name, and not across timelines", () => {
  expect(segmentsBetween("0000000100000000000000FE", "000000010000000100000001", 16 * MIB)).toEqual([
    "0000000100000000000000FE",
    "0000000100000000000000FF",
    "000000010000000100000000",
  ]);
  expect(segmentsBetween("000000010000000000000003", "000000010000000000000003", 16 * MIB)).toEqual([]);
  expect(segmentsBetween("000000010000000000000003", "000000010000000000000001", 16 * MIB)).toEqual([]);
  expect(segmentsBetween("000000010000000000000003", "000000020000000000000005", 16 * MIB)).toEqual([]);
});
