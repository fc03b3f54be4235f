import type { Expectation } from "../../plan.ts";
import type { CheckControls } from "../control.ts";
import { setEvent } from "../edits.ts";
import { type Course, type DraftHistory, drill } from "../golden.ts";

/** A drill that must lose writes, as the plan declares it. */
const lossy =
  (lost: Expectation["lost"], course: Partial<Course> = {}, change: (h: DraftHistory) => void = () => undefined) =>
  () =>
    drill(course, (h) => {
      h.plan.expect = { verdict: "fail", failed: ["no-lost-writes"], ...(lost ? { lost } : {}) };
      change(h);
    });
const TEN = { loseFrom: 390 };

/** No checker of the registry: the verdict itself says whether a control drill showed what it declares. */
export const declaredLoss: CheckControls = {
  check: "declared-loss",
  pass: [
    {
      name: "ten lost as declared",
      history: lossy({ min: 10, max: 10, shape: "suffix" }, TEN),
      says: "it shows what it declares, and nothing else is wrong",
    },
  ],
  fail: [
    {
      name: "nothing lost",
      history: lossy({ min: 1 }),
      says: "a lossy control that lost nothing is a failed drill: its fault does not bite, or its checks are blind",
    },
    {
      name: "ten lost of eleven declared",
      history: lossy({ min: 11 }, TEN),
      says: "10 writes are lost, declared are 11 or more",
    },
    {
      name: "ten lost of nine allowed",
      history: lossy({ min: 1, max: 9 }, TEN),
      says: "10 writes are lost, declared are 1 to 9",
    },
    {
      name: "another check failed as well",
      history: lossy({ min: 1 }, TEN, (h) => void (h.plan.objectives.recoveryTimeMs = 100)),
      says: "a control may only fail no-lost-writes, but it also failed recovery-time",
    },
  ],
  unknown: [
    {
      name: "ten lost without a proof of the fault",
      history: lossy({ min: 1 }, TEN, (h) => setEvent(h, "fault-proven", { observed: false })),
      says: "whether it shows what it declares is not proven: fault-effect",
    },
  ],
};
