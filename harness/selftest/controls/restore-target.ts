import type { CheckControls } from "../control.ts";
import { addEvent, breakReadBack } from "../edits.ts";
import { formatPosition } from "../../position.ts";
import { type DraftHistory, drill, lsnOf } from "../golden.ts";

/** The recovery was told to end before write 380, and ended before `endedAt`. */
const ended =
  (endedAt: number, change: (h: DraftHistory) => void = () => undefined) =>
  () =>
    drill({ loseFrom: endedAt }, (h) => {
      const position = formatPosition(lsnOf(380));
      addEvent(h, 5_650, "rewound", { step: "promote", store: "db", lineage: "1", position });
      change(h);
    });

export const restoreTarget: CheckControls = {
  check: "restore-target",
  pass: [
    { name: "none", history: () => drill(), says: "no restore that clients were led to was told to end at a point" },
    {
      name: "it ended there",
      history: ended(380),
      says: "promote ended at 0/5017C00, told was 0/5017C00 on timeline 1: all of 380 writes before it are there and none of 20 beyond it, 0 lie too close to say",
    },
  ],
  fail: [
    {
      name: "10 writes too far",
      history: ended(390),
      says: "promote, told to end at 0/5017C00 on timeline 1: recovery ended at 0/5018600, beyond the point, 10 writes from beyond the point are there",
    },
    {
      name: "10 writes too early",
      history: ended(370),
      says: "promote, told to end at 0/5017C00 on timeline 1: 10 writes from before the point are gone",
    },
  ],
  unknown: [
    {
      name: "nothing was read back",
      history: ended(380, breakReadBack),
      says: "nothing was read back: where the restore ended is not known",
    },
  ],
};
