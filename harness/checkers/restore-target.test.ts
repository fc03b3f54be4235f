import { describe, expect, it } from "vitest";
import { outcomeClass } from "./outcome-class.ts";
import { restoreTarget } from "./restore-target.ts";
import { addEvent, dropEvents, setFacts } from "../selftest/edits.ts";
import { formatPosition } from "../position.ts";
import { type DraftHistory, drill, lsnOf } from "../selftest/golden.ts";

const told =
  (from: number, upTo = from, lineage = "1") =>
  (h: DraftHistory): void =>
    addEvent(h, 5_650, "rewound", {
      step: "promote",
      store: "db",
      lineage,
      position: formatPosition(lsnOf(from)),
      ...(upTo !== from && { upTo: formatPosition(lsnOf(upTo)) }),
    });

/** The switch happens where the writes from `loseFrom` on are lost. */
const ending = (loseFrom: number, ...changes: ((h: DraftHistory) => void)[]) =>
  restoreTarget.check(drill({ loseFrom }, (h) => changes.forEach((change) => change(h))));

const says = (verdict: string, ...details: string[]) => ({
  verdict,
  detail: expect.stringMatching(new RegExp(details.join(".*"))) as unknown,
});

describe("a restore that was told to end at a point", () => {
  it("kept what lies before it and nothing beyond", () => {
    expect(ending(380, told(380))).toMatchObject(says("pass", "all of 380 writes", "none of 20 beyond", "0 lie too"));
    expect(ending(380)).toMatchObject(says("pass", "no restore"));
  });

  it("may end anywhere between the two positions that it lies between", () => {
    expect(ending(380, told(375, 385))).toMatchObject(says("pass", "all of 375 ", "none of 15 ", "10 lie too close"));
  });

  it("went too far: each write from beyond the point is counted", () => {
    expect(ending(390, told(380))).toMatchObject(says("fail", "beyond the point", "10 writes from beyond"));
    expect(ending(390, told(380, 388))).toMatchObject(says("fail", " 2 writes from beyond"));
  });

  it("went too far although nobody had written there", () => {
    const noWrite = (h: DraftHistory) => {
      h.operations = h.operations.map((op) =>
        op.lineage === "1" ? { ...op, position: formatPosition(lsnOf(op.seq) + 0x100000n) } : op,
      );
      setFacts(h, "recovered", "db.standby", { switch_position: formatPosition(lsnOf(10)) });
    };
    expect(ending(0, noWrite, told(5))).toMatchObject(says("fail", "recovery ended at .*, beyond the point$"));
  });

  it("ended too early: each write from before the point is counted", () => {
    expect(ending(370, told(380))).toMatchObject(says("fail", "10 writes from before the point are gone"));
  });

  it("is judged by where that history was left, whatever came after", () => {
    const later = (h: DraftHistory) =>
      setFacts(h, "recovered", "db.standby", {
        lineage: "3",
        switch_position: formatPosition(lsnOf(500)),
        switch_from_lineage: "2",
        ancestry: `1 ${formatPosition(lsnOf(380))}, 2 ${formatPosition(lsnOf(500))}`,
      });
    expect(ending(380, told(380), later)).toMatchObject(says("pass", "all of 380"));
    expect(ending(380, told(370), later)).toMatchObject(says("fail", "10 writes from beyond"));
  });

  it.each<[string, (h: DraftHistory) => void, string]>([
    ["was not read back", (h) => dropEvents(h, "phase-ended"), "nothing was read back"],
    [
      "serves from nowhere",
      (h) => setFacts(h, "recovered", "db.standby", { unreachable: "gone" }),
      "nothing says which",
    ],
    ["left another history", told(380, 380, "7"), "where it left timeline 7"],
    ["was told nonsense", told(380, 370), "no positions in this order"],
  ])("is unknown where it %s", (_name, change, detail) => {
    expect(ending(380, told(380), change)).toMatchObject(says("unknown", detail));
  });
});

it("is closed though writes were given up on purpose, and not though one more is lost", () => {
  const closed = (point: number) =>
    outcomeClass.check(
      drill({ loseFrom: 380 }, (h) => {
        told(point)(h);
        h.plan.outcome = "closed";
        addEvent(h, 5_640, "attempt", { step: "promote", attempt: "go on", refused: true, detail: "no" });
      }),
    );
  expect(closed(380)).toMatchObject({ verdict: "pass" });
  expect(closed(381)).toMatchObject(says("fail", "1 element is lost"));
});
