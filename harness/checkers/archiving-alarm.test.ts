import { describe, expect, it } from "vitest";
import { archivingAlarm } from "./archiving-alarm.ts";
import { addEvent, type DraftHistory, drill, nsOf } from "./testing.ts";

const EVERY_MS = 200;
const LIMIT_MS = 1_000;
const segment = (number: number): string => `0000000100000000${number.toString(16).toUpperCase().padStart(8, "0")}`;

interface Seen {
  /** The segment that is being written; those from 1 on have been completed. */
  readonly current: number;
  readonly archived: number;
  readonly unstored?: readonly number[] | null;
  readonly failures?: number;
  readonly waiting?: number;
  readonly component?: string;
  readonly timeoutMs?: number;
}

/** Begun one look earlier. */
function look(h: DraftHistory, ms: number, seen: Seen): void {
  const { current, archived, unstored = [], failures = 0, waiting = 0, component = "db", timeoutMs = LIMIT_MS } = seen;
  addEvent(h, ms, "archive-looked", {
    component,
    node: `${component}.primary`,
    current: segment(current),
    archived: segment(archived),
    failures,
    waiting,
    unstored: unstored && unstored.map(segment),
    timeoutMs,
    fromNs: nsOf(ms - EVERY_MS),
    toNs: nsOf(ms),
  });
}

const alarm = (h: DraftHistory, ms: number, name: string, component = "db"): void =>
  void addEvent(h, ms, "archive-alarm", { component, alarm: name, toNs: nsOf(ms) });

/** Segment 1 is completed by 4,200 and is in the store at 4,400. */
function archives(h: DraftHistory): void {
  look(h, 4_000, { current: 1, archived: 0 });
  look(h, 4_200, { current: 2, archived: 0, unstored: [1], waiting: 1 });
  look(h, 4_400, { current: 2, archived: 1 });
}

/** Segment 2 is completed between 5,000 and 5,200, and the server says at once that it is archived. */
function lies(h: DraftHistory): void {
  archives(h);
  look(h, 5_200, { current: 3, archived: 2, unstored: [2] });
}

/** Segment 2 is completed between 5,000 and 5,200 and refused; the first failure is seen at 5,400. */
function fails(h: DraftHistory): void {
  archives(h);
  look(h, 5_200, { current: 3, archived: 1, unstored: [2], waiting: 1 });
  look(h, 5_400, { current: 3, archived: 1, unstored: [2], waiting: 1, failures: 1 });
}

const check = (change: (h: DraftHistory) => void) => archivingAlarm.check(drill({}, change));

describe("an alarm about archiving", () => {
  it.each<[string, (h: DraftHistory) => void, string, string]>([
    ["nobody looked", () => undefined, "unknown", "nobody looked"],
    ["everything arrives", archives, "pass", "1 segments were completed, and each was in the store within 400 ms"],
    ["nothing was completed", (h) => look(h, 4_000, { current: 1, archived: 0 }), "unknown", "no segment"],
    [
      "the server has no limit",
      (h) => look(h, 4_000, { current: 1, archived: 0, timeoutMs: 0 }),
      "unknown",
      "has no limit",
    ],
    [
      "a lie is found by the list alone",
      (h) => (lies(h), alarm(h, 5_200, "missing"), look(h, 8_000, { current: 3, archived: 2, unstored: [2] })),
      "pass",
      "db: 000000010000000000000002 did not reach the store; the alarm missing came after 0.0 ms to 200 ms, under the objective of 2 s, silent: failures, waiting, stale",
    ],
    [
      "a failure is counted, and the segment waits too long",
      (h) => {
        fails(h);
        alarm(h, 5_400, "failures");
        alarm(h, 6_400, "stale");
        look(h, 6_600, { current: 3, archived: 1, unstored: [2], waiting: 1, failures: 1 });
      },
      "pass",
      "failures came after 200 ms to 400 ms, under the objective of 2 s, stale after 1.20 s to 1.40 s, silent: waiting, missing",
    ],
    [
      "it comes too late",
      (h) => {
        fails(h);
        look(h, 7_600, { current: 3, archived: 1, unstored: [2], waiting: 1, failures: 2 });
        alarm(h, 7_600, "failures");
      },
      "fail",
      "failures came after 2.40 s to 2.60 s, not under the objective of 2 s",
    ],
    [
      "silence",
      (h) => (lies(h), look(h, 7_300, { current: 3, archived: 2, unstored: [2] })),
      "fail",
      "did not reach the store and no alarm came within 2.10 s",
    ],
    [
      "nobody looked for long enough to call it silence",
      (h) => (lies(h), look(h, 7_000, { current: 3, archived: 2, unstored: [2] })),
      "unknown",
      "no alarm came within 1.80 s, when nobody looked any more; one is due after 2 s",
    ],
    [
      "an alarm that the looks do not show",
      (h) => (lies(h), alarm(h, 5_200, "failures")),
      "unknown",
      "the looks do not show what the alarm failures says",
    ],
    [
      "an alarm about an earlier trouble is not the one",
      (h) => {
        look(h, 3_800, { current: 1, archived: 0 });
        look(h, 3_900, { current: 1, archived: 0, failures: 1 });
        alarm(h, 3_900, "failures");
        lies(h);
        look(h, 7_300, { current: 3, archived: 2, unstored: [2] });
      },
      "fail",
      "no alarm came within 2.10 s",
    ],
    [
      "the store could not be asked: what the server says of itself still counts",
      (h) => {
        archives(h);
        look(h, 5_200, { current: 3, archived: 1, unstored: null, waiting: 1 });
        look(h, 5_400, { current: 3, archived: 1, unstored: null, waiting: 1, failures: 1 });
        alarm(h, 5_400, "failures");
        look(h, 6_600, { current: 3, archived: 1, unstored: null, waiting: 1, failures: 1 });
      },
      "pass",
      "the alarm failures came after 200 ms to 400 ms",
    ],
    [
      "a name in the store that the server never called archived is another's",
      (h) => {
        archives(h);
        look(h, 5_200, { current: 3, archived: 1, waiting: 1 });
        look(h, 5_400, { current: 3, archived: 1, waiting: 1, failures: 1 });
        alarm(h, 5_400, "failures");
        look(h, 6_600, { current: 3, archived: 1, waiting: 1, failures: 1 });
      },
      "pass",
      "000000010000000000000002 did not reach the store; the alarm failures came after 200 ms to 400 ms",
    ],
    [
      "the worst of two components",
      (h) => {
        lies(h);
        alarm(h, 5_200, "missing");
        look(h, 7_300, { current: 3, archived: 2, unstored: [2] });
        look(h, 4_000, { current: 1, archived: 0, component: "other" });
        look(h, 4_200, { current: 2, archived: 1, unstored: [1], component: "other" });
        look(h, 7_200, { current: 2, archived: 1, unstored: [1], component: "other" });
      },
      "fail",
      "other: 000000010000000000000001 did not reach the store and no alarm came",
    ],
  ])("%s", (_name, change, verdict, detail) => {
    expect(check(change)).toMatchObject({ verdict, detail: expect.stringContaining(detail) as unknown });
  });
});
