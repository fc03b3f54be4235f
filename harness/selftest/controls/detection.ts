import type { CheckControls } from "../control.ts";
import { dropEvents, setEvent } from "../edits.ts";
import { type DraftHistory, drill, nsOf } from "../golden.ts";

const objective = (ms: number) => (h: DraftHistory) => void (h.plan.objectives.detectionMs = ms);
const noSamples = (h: DraftHistory) => void (h.probes = h.probes.filter(({ probe }) => !probe.startsWith("detector:")));

export const detection: CheckControls = {
  check: "detection",
  pass: [
    {
      name: "noticed after 600 ms of 1 s",
      history: () => drill(),
      says: "node-loss of db.primary was detected after 598 ms to 600 ms, under the objective of 1 s",
    },
  ],
  fail: [
    {
      name: "an objective that the lower bound reaches",
      history: () => drill({}, objective(598)),
      says: "node-loss of db.primary was detected after 598 ms to 600 ms, not under the objective of 598 ms",
    },
    {
      name: "a detector that never fired",
      history: () => drill({}, (h) => dropEvents(h, "detected")),
      says: "the detector of promote never fired",
    },
  ],
  unknown: [
    {
      name: "an objective between the bounds",
      history: () => drill({}, objective(599)),
      says: "node-loss of db.primary was detected after 598 ms to 600 ms, on both sides of the objective of 599 ms",
    },
    {
      name: "a detector that fired before the fault",
      history: () => drill({}, (h) => setEvent(h, "detected", { toNs: nsOf(4_990) })),
      says: "the detector of promote fired before any fault was effective",
    },
    {
      name: "no samples that bear the decision out",
      history: () => drill({}, noSamples),
      says: "the samples of the detector of promote do not show the failures that it fired on",
    },
  ],
};
