import type { Plan } from "../../plan.ts";
import type { CheckControls } from "../control.ts";
import { breakReadBack } from "../edits.ts";
import { type Course, type DraftHistory, drill } from "../golden.ts";

const classed =
  (outcome: Plan["outcome"], course: Partial<Course> = {}, change: (h: DraftHistory) => void = () => undefined) =>
  () =>
    drill(course, (h) => {
      h.plan.outcome = outcome;
      change(h);
    });
const LOSSY = { loseFrom: 390 };

export const outcomeClass: CheckControls = {
  check: "outcome-class",
  pass: [
    {
      name: "zero loss, and none",
      history: classed("zero"),
      says: "zero: every acknowledged write is there as it was sent",
    },
    {
      name: "lossy, and ten lost",
      history: classed("lossy", LOSSY),
      says: "lossy: 10 elements are lost or wrong, as it must be",
    },
    {
      name: "closed, and writes refused",
      history: classed("closed", {}, (h) => {
        for (const op of h.operations)
          if (op.outcome === "info") Object.assign(op, { outcome: "fail", error: "refused" });
      }),
      says: "closed: 70 writes were refused",
    },
  ],
  fail: [
    { name: "zero loss, and ten lost", history: classed("zero", LOSSY), says: "zero: 10 elements are lost or wrong" },
    {
      name: "lossy, and nothing lost",
      history: classed("lossy"),
      says: "lossy: nothing is lost or wrong: the fault does not bite, or the checks are blind",
    },
    { name: "closed, and nothing refused", history: classed("closed"), says: "closed: nothing was refused" },
    {
      name: "silent, and nothing wrong",
      history: classed("silent"),
      says: "silent: nothing is lost or wrong: the fault does not bite, or the checks are blind",
    },
    { name: "block, and ten lost", history: classed("block", LOSSY), says: "block: 10 elements are lost or wrong" },
  ],
  unknown: [
    {
      name: "a read-back that broke off",
      history: classed("zero", {}, breakReadBack),
      says: "whether the outcome is zero is not known: nothing was read back",
    },
  ],
};
