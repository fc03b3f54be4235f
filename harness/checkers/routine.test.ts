import { describe, expect, it } from "vitest";
import { lossOf } from "./loss.ts";
import { routine } from "./routine.ts";
import { addEvent } from "../selftest/edits.ts";
import { formatPosition } from "../position.ts";
import { type DraftHistory, drill, lsnOf, nsOf } from "../selftest/golden.ts";

const planned = (h: DraftHistory, expect: "success" | "refused" = "success") =>
  void h.plan.steps.unshift({
    name: "nightly",
    start: { by: "time", afterMs: 0, jitterMs: 0 },
    does: "routine",
    kind: "backup",
    target: "db",
    params: {},
    expect,
  });
const ended = (h: DraftHistory, ok: boolean, detail: string) => {
  addEvent(h, 4_500, "step-started", { step: "nightly" });
  addEvent(h, 4_600, "routine-ended", {
    step: "nightly",
    routine: "backup",
    target: "db",
    ok,
    detail,
    fromNs: nsOf(4_500),
    toNs: nsOf(4_600),
  });
};

describe("a routine", () => {
  it.each<[string, (h: DraftHistory) => void, string, string]>([
    ["no routine", () => undefined, "pass", "no routine"],
    ["it succeeded", (h) => (planned(h), ended(h, true, "full backup a")), "pass", "nightly: full backup a"],
    ["it failed", (h) => (planned(h), ended(h, false, "exit 1")), "fail", "nightly failed: exit 1"],
    ["it was refused", (h) => (planned(h, "refused"), ended(h, false, "exit 1")), "pass", "refused, as it had to be"],
    [
      "it was refused for another reason",
      (h) => {
        planned(h, "refused");
        Object.assign(h.plan.steps[0]!, { because: "a gap" });
        ended(h, false, "exit 1");
      },
      "fail",
      'another reason than "a gap": exit 1',
    ],
    ["it should have been refused", (h) => (planned(h, "refused"), ended(h, true, "")), "fail", "had to be refused"],
    ["nobody knows", (h) => planned(h), "unknown", "no end in the journal"],
  ])("%s", (_name, change, verdict, detail) => {
    expect(routine.check(drill({}, change))).toMatchObject({
      verdict,
      detail: expect.stringContaining(detail) as unknown,
    });
  });
});

describe("a restore that was told to end early", () => {
  const rewindTo =
    (seq: number, lineage = "1") =>
    (h: DraftHistory) =>
      addEvent(h, 5_650, "rewound", { step: "promote", store: "db", lineage, position: formatPosition(lsnOf(seq)) });

  it("gave up what lies beyond the point on purpose, and nothing else", () => {
    expect(lossOf(drill({ loseFrom: 380 }, rewindTo(380)))).toMatchObject({ loss: { count: 20 }, discarded: 20 });
    expect(lossOf(drill({ loseFrom: 380 }, rewindTo(390)))).toMatchObject({ loss: { count: 20 }, discarded: 10 });
    expect(lossOf(drill({ loseFrom: 380 }, rewindTo(380, "7")))).toMatchObject({ loss: { count: 20 }, discarded: 0 });
  });
});
