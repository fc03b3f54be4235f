import { describe, expect, it } from "vitest";
import type { Mark } from "../report.ts";
import { addEvent, dropEvents, setEvent } from "../selftest/edits.ts";
import { drill, nsOf } from "../selftest/golden.ts";
import { timelineOf, waterfallOf } from "./waterfall.ts";

const times = (marks: readonly Mark[]): Record<string, readonly [number, number] | null> =>
  Object.fromEntries(marks.map(({ name, at }) => [name, at && [at.lowerMs, at.upperMs]]));
const noteOf = (marks: readonly Mark[], name: string) => marks.find((mark) => mark.name === name)?.note;

describe("the waterfall", () => {
  it("gives every phase as an interval after the fault", () => {
    expect(times(waterfallOf(drill()))).toEqual({
      effective: [-2, 0],
      "first-error": [-2, 200],
      detected: [598, 600],
      decided: [599, 601],
      promoted: [599, 640],
      repointed: [638, 650],
      "first-read": [698, 701],
      "first-write": [698, 702],
      sustained: [3_699, 3_701],
      baseline: [699, 711],
      redundancy: null,
    });
  });

  it("shows a first write that did not last beside the one that did", () => {
    const history = drill({}, (h) => {
      for (const op of h.operations)
        if (op.dueMs >= 5_300 && op.dueMs < 5_340) Object.assign(op, { outcome: "ok", endedMs: op.dueMs + 2 });
    });
    expect(times(waterfallOf(history))).toMatchObject({
      "first-write": [298, 302],
      recovered: [698, 702],
      sustained: [3_699, 3_701],
    });
  });

  it("ends with a write where only reads had failed", () => {
    const history = drill({ restoredMs: 5_000 }, (h) => {
      for (const probe of h.probes)
        if (probe.probe === "db-read" && probe.dueMs >= 5_000 && probe.dueMs < 5_500) probe.ok = false;
    });
    expect(times(waterfallOf(history))).toMatchObject({
      "first-read": [498, 501],
      "first-write": null,
      recovered: [399, 402],
    });
  });

  it("waits for throughput and latency to be normal", () => {
    const history = drill({ stoppedMs: 10_000 }, (h) => {
      for (const op of h.operations) if (op.dueMs >= 5_700 && op.dueMs < 6_500) op.endedMs = op.dueMs + 30;
    });
    // 30 ms instead of 2 until the write due at 6,490, which ends at 6,520: from 6,511 on it is the one of 101 that a p99 leaves out.
    expect(times(waterfallOf(history))["baseline"]).toEqual([1_509, 1_521]);
  });

  it("says why there is no time", () => {
    const down = waterfallOf(drill({ restoredMs: Infinity }));
    expect(times(down)).toMatchObject({ "first-read": null, "first-write": null, sustained: null, baseline: null });
    expect(noteOf(down, "first-write")).toBe("no write succeeded again");
    expect(noteOf(down, "redundancy")).toBe("0 of 1 standbys attached to db.standby");
    expect(waterfallOf(drill({}, (h) => dropEvents(h, "fault-effective"))).map((mark) => mark.note)).toContain(
      "no fault was effective",
    );
    expect(noteOf(waterfallOf(drill({ restoredMs: 5_000 })), "first-error")).toBe("no client noticed an error");
  });

  it("marks a person's planned act", () => {
    const history = drill({}, (h) => setEvent(h, "recovery-started", { human: true }));
    expect(noteOf(waterfallOf(history), "decided")).toContain("a person's planned act");
  });

  it("takes marks of any name and a redundancy that came back", () => {
    const history = drill({}, (h) => {
      addEvent(h, 5_700, "recovery-mark", {
        step: "promote",
        mark: "cache warmed",
        fromNs: nsOf(5_690),
        toNs: nsOf(5_700),
      });
      setEvent(h, "redundancy", { state: "restored", detail: "1 of 1 standbys attached" });
    });
    expect(times(waterfallOf(history))).toMatchObject({ "cache warmed": [688, 700], redundancy: [4_018, 4_020] });
  });
});

const sum = (of: readonly number[]) => of.reduce((a, b) => a + b, 0);

describe("the timeline", () => {
  it("counts each end once, in buckets relative to the fault", () => {
    const history = drill();
    const timeline = timelineOf(history);
    expect(timeline).toMatchObject({ fromMs: -3_000, bucketMs: 50 });
    expect(timeline.acknowledged.slice(59, 75)).toEqual([5, ...Array.from({ length: 14 }, () => 0), 5]); // the last before the fault, and the first after it
    expect([sum(timeline.failed), sum(timeline.indeterminate)]).toEqual([0, 70]);
    expect(sum(timeline.acknowledged)).toBe(
      history.operations.filter((op) => op.outcome === "ok" && op.endedMs! >= 2_002).length,
    );
    expect(timeline.latencyP99Ms[0]).toBe(2);
    expect(timeline.latencyP99Ms[70]).toBeNull();
  });

  it("has nothing to show without operations", () => {
    expect(timelineOf(drill({}, (h) => void (h.operations = []))).acknowledged).toEqual([]);
  });

  it("stays bounded however long the record claims to be", () => {
    const history = drill({}, (h) => void (h.operations.at(-1)!.endedMs = 1e12));
    expect(timelineOf(history).acknowledged.length).toBeLessThanOrEqual(5_001);
  });
});
