import type { CheckControls } from "../control.ts";
import { setFacts } from "../edits.ts";
import { formatPosition } from "../../position.ts";
import { type DraftHistory, drill, lsnOf } from "../golden.ts";

/** The promoted server says that it left the old timeline just before this write. */
const switchedAt = (seq: number) => (h: DraftHistory) =>
  setFacts(h, "recovered", "db.standby", { switch_position: formatPosition(lsnOf(seq)) });
const silent = (h: DraftHistory) => setFacts(h, "recovered", "db.standby", { switch_position: undefined });

/** Never fails a drill: two counts that differ prove nothing. */
export const secondEstimate: CheckControls = {
  check: "second-estimate",
  pass: [
    {
      name: "nothing lost by either count",
      history: () => drill(),
      says: "0 to 1 lost by db: position of each acknowledgement against 0/5019000, where timeline 1 was left for timeline 2, as read back",
    },
    {
      name: "twenty lost by either count",
      history: () => drill({ loseFrom: 380 }),
      says: "20 lost by db: position of each acknowledgement against 0/5017C00, where timeline 1 was left for timeline 2, as read back",
    },
  ],
  fail: [],
  unknown: [
    {
      name: "ten absent whose position survived",
      history: () => drill({ loseFrom: 380 }, switchedAt(390)),
      says: "the two estimates of the loss disagree: 10 writes are absent although their position survived; 20 are absent, the positions say 10 (db: position of each acknowledgement against 0/5018600, where timeline 1 was left for timeline 2)",
    },
    {
      name: "ten present whose position did not",
      history: () => drill({ loseFrom: 390 }, switchedAt(380)),
      says: "the two estimates of the loss disagree: 10 writes are present although their position did not survive; 10 are absent, the positions say 20 (db: position of each acknowledgement against 0/5017C00, where timeline 1 was left for timeline 2)",
    },
    {
      name: "no word of where the old history ended",
      history: () => drill({}, silent),
      says: "there is no second estimate of the loss: db.standby is on timeline 2 and does not say where the one before it ended",
    },
  ],
};
