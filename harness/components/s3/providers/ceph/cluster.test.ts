import { expect, test } from "vitest";
import { notWhole, type OsdDump, type PlacementGroup } from "./cluster.ts";

const dump = (upFrom: readonly number[]): OsdDump => ({
  pools: [],
  erasure_code_profiles: {},
  osds: upFrom.map((up_from, osd) => ({ osd, up: 1, in: 1, up_from })),
});

const group = (over: Partial<PlacementGroup>): PlacementGroup => ({
  pgid: "6.0",
  state: "active+clean",
  reported_epoch: 20,
  last_deep_scrub_stamp: "",
  acting: [0, 1, 2, 3],
  acting_primary: 0,
  stat_sum: { num_objects_degraded: 0, num_objects_misplaced: 0, num_scrub_errors: 0 },
  ...over,
});

test.each<[string, Partial<PlacementGroup>, string]>([
  ["whole", {}, ""],
  ["whole while it is scrubbed", { state: "active+clean+scrubbing+deep" }, ""],
  ["being rebuilt", { state: "active+undersized+degraded" }, "6.0 active+undersized+degraded"],
  ["damaged", { state: "active+clean+inconsistent" }, "6.0 active+clean+inconsistent"],
  [
    "without a drive in one place",
    { state: "active+undersized", acting: [0, 1, 2, 2147483647] },
    "6.0 active+undersized",
  ],
])("a placement group that is %s", (_, over, words) => {
  expect(notWhole([group(over)], dump([5, 6, 7, 8]))).toBe(words);
});

test("what was said before a drive of it joined says nothing; other groups need not speak again", () => {
  const groups = [group({}), group({ pgid: "3.0", acting: [0, 1, 2] })];
  expect(notWhole(groups, dump([5, 6, 7, 21]))).toBe("6.0 has not said yet");
});
