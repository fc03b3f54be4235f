import type { CheckControls } from "../control.ts";
import { addEvent } from "../edits.ts";
import { type DraftHistory, drill, nsOf } from "../golden.ts";

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

/** What was seen of it changed since the look before. */
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

const alarm = (h: DraftHistory, ms: number, name: string): void =>
  addEvent(h, ms, "archive-alarm", { component: "db", alarm: name, toNs: nsOf(ms) });

/** Segment 1 is completed by 4,200 and is in the store at 4,400. */
function archives(h: DraftHistory): void {
  look(h, 4_000, { current: 1, archived: 0 });
  look(h, 4_200, { current: 2, archived: 0, unstored: [1], waiting: 1 });
  look(h, 4_400, { current: 2, archived: 1 });
}

/** Segment 2 is completed between 5,000 and 5,200, and the server says at once that it is archived. */
function lies(h: DraftHistory, untilMs: number): void {
  archives(h);
  look(h, 5_200, { current: 3, archived: 2, unstored: [2] });
  look(h, untilMs, { current: 3, archived: 2, unstored: [2] });
}

/** Segment 2 is completed between 5,000 and 5,200 and refused; the first failure is seen at 5,400. */
function fails(h: DraftHistory, seen: Partial<Seen> = {}): void {
  archives(h);
  const waits = { current: 3, archived: 1, unstored: [2], waiting: 1, ...seen };
  look(h, 5_200, waits);
  look(h, 5_400, { ...waits, failures: 1 });
  look(h, 6_600, { ...waits, failures: 1 });
}

const planted = (change: (h: DraftHistory) => void) => () =>
  drill({}, (h) => {
    h.plan.verify.push("archiving-alarm");
    change(h);
  });

export const archivingAlarm: CheckControls = {
  check: "archiving-alarm",
  pass: [
    {
      name: "everything arrives",
      history: planted(archives),
      says: "db: 1 segment was completed, and was in the store within 400 ms",
    },
    {
      name: "a lie, which the list of the store alone shows",
      history: planted((h) => (lies(h, 8_000), alarm(h, 5_200, "missing"))),
      says: "db: 000000010000000000000002 did not reach the store; the alarm missing came after 0.0 ms to 200 ms, under the objective of 2 s, silent: failures, waiting, stale",
    },
    {
      name: "a failure, and a segment that waits",
      history: planted((h) => (fails(h), alarm(h, 5_400, "failures"), alarm(h, 6_400, "stale"))),
      says: "db: 000000010000000000000002 did not reach the store; the alarm failures came after 200 ms to 400 ms, under the objective of 2 s, stale after 1.20 s to 1.40 s, silent: waiting, missing",
    },
    {
      name: "a failure while the store cannot be asked",
      history: planted((h) => (fails(h, { unstored: null }), alarm(h, 5_400, "failures"))),
      says: "db: 000000010000000000000002 did not reach the store; the alarm failures came after 200 ms to 400 ms, under the objective of 2 s, silent: waiting, stale, missing",
    },
    {
      name: "a file of that name that is another's",
      history: planted((h) => (fails(h, { unstored: [] }), alarm(h, 5_400, "failures"))),
      says: "db: 000000010000000000000002 did not reach the store; the alarm failures came after 200 ms to 400 ms, under the objective of 2 s, silent: waiting, stale, missing",
    },
  ],
  fail: [
    {
      name: "silence",
      history: planted((h) => lies(h, 7_300)),
      says: "db: 000000010000000000000002 did not reach the store and no alarm came within 2.10 s",
    },
    {
      name: "too late",
      history: planted((h) => {
        lies(h, 7_000);
        look(h, 7_600, { current: 3, archived: 2, unstored: [2], failures: 1 });
        alarm(h, 7_600, "failures");
      }),
      says: "db: 000000010000000000000002 did not reach the store; the alarm failures came after 2.40 s to 2.60 s, not under the objective of 2 s, silent: waiting, stale, missing",
    },
    {
      name: "an alarm about an earlier trouble",
      history: planted((h) => {
        look(h, 3_800, { current: 1, archived: 0, failures: 0 });
        look(h, 3_900, { current: 1, archived: 0, failures: 1 });
        alarm(h, 3_900, "failures");
        lies(h, 7_300);
      }),
      says: "db: 000000010000000000000002 did not reach the store and no alarm came within 2.10 s",
    },
    {
      name: "two components, and one is silent",
      history: planted((h) => {
        archives(h);
        look(h, 4_000, { current: 1, archived: 0, component: "other" });
        look(h, 4_200, { current: 2, archived: 1, unstored: [1], component: "other" });
        look(h, 7_200, { current: 2, archived: 1, unstored: [1], component: "other" });
      }),
      says: "db: 1 segment was completed, and was in the store within 400 ms; other: 000000010000000000000001 did not reach the store and no alarm came within 3.00 s",
    },
  ],
  unknown: [
    {
      name: "nobody looked",
      history: planted(() => undefined),
      says: "nobody looked at the archiving of any component",
    },
    {
      name: "nothing was completed",
      history: planted((h) => look(h, 4_000, { current: 1, archived: 0 })),
      says: "db: no segment was completed and archived while somebody looked",
    },
    {
      name: "the server has no limit",
      history: planted((h) => look(h, 4_000, { current: 1, archived: 0, timeoutMs: 0 })),
      says: "db: the server has no limit after which a segment must be archived",
    },
    {
      name: "nobody looked for long enough",
      history: planted((h) => lies(h, 7_000)),
      says: "db: 000000010000000000000002 did not reach the store and no alarm came within 1.80 s, when nobody looked any more; one is due after 2 s",
    },
    {
      name: "an alarm that the looks do not show",
      history: planted((h) => (lies(h, 7_300), alarm(h, 5_200, "failures"))),
      says: "db: the looks do not show what the alarm failures says",
    },
  ],
};
