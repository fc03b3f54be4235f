import type { CheckControls } from "../control.ts";
import { addEvent, breakReadBack, setFacts } from "../edits.ts";
import { formatPosition } from "../../position.ts";
import { type DraftHistory, drill, elementOf, lsnOf } from "../golden.ts";

const phantom = (h: DraftHistory) =>
  void h.recovered.push({ op: "never-sent", store: "db", sha256: "0".repeat(64), transfer: null });
const duplicated = (h: DraftHistory) => void h.recovered.push(elementOf(h.operations[3]!), elementOf(h.operations[4]!));
const mutated = (h: DraftHistory) =>
  void (h.recovered = h.recovered.map((e, i) => (i < 3 ? { ...e, sha256: "f".repeat(64) } : e)));
/** A write that was certainly not executed, and is there. */
const resurrected = (h: DraftHistory) => {
  const refused = h.operations.find((op) => op.outcome === "info")!;
  refused.outcome = "fail";
  h.recovered.push(elementOf(refused));
};
const hole = (h: DraftHistory) => {
  h.plan.expect = { verdict: "fail", failed: ["no-lost-writes"], lost: { min: 1, shape: "hole" } };
  h.recovered = h.recovered.filter(({ op }) => op !== "ledger-100" && op !== "ledger-101");
};
const rewound = (h: DraftHistory) =>
  addEvent(h, 5_650, "rewound", { step: "promote", store: "db", lineage: "1", position: formatPosition(lsnOf(390)) });
/** The positions say that all but the last ten survived, and the read-back lacks twenty. */
const contradicted = (h: DraftHistory) =>
  setFacts(h, "recovered", "db.standby", { switch_position: formatPosition(lsnOf(390)) });

export const noLostWrites: CheckControls = {
  check: "no-lost-writes",
  pass: [
    {
      name: "every acknowledged write read back",
      history: () => drill(),
      says: "0 of 730 acknowledged writes lost; of 70 indeterminate ones 0 are present",
    },
    {
      name: "ten lost writes where ten are allowed",
      history: () => drill({ loseFrom: 390 }, (h) => void (h.plan.objectives.lostWrites = 10)),
      says: "10 of 730 acknowledged writes lost, a suffix, the oldest acknowledged 100 ms before the end of service, 2,304 bytes of WAL; of 70 indeterminate ones 0 are present",
    },
  ],
  fail: [
    {
      name: "the ten newest writes before the fault",
      history: () => drill({ loseFrom: 390 }),
      says: "10 of 730 acknowledged writes lost, a suffix, the oldest acknowledged 100 ms before the end of service, 2,304 bytes of WAL; the objective is 0",
    },
    {
      name: "one lost write",
      history: () => drill({ loseFrom: 399 }),
      says: "1 of 730 acknowledged writes lost, a suffix, the oldest acknowledged 10 ms before the end of service; the objective is 0",
    },
    {
      name: "twenty lost writes, ten of them beyond the point that a restore was told to end at",
      history: () => drill({ loseFrom: 380 }, rewound),
      says: "20 of 730 acknowledged writes lost, a suffix, the oldest acknowledged 200 ms before the end of service, 4,864 bytes of WAL, 10 of them given up on purpose; the objective is 0",
    },
    {
      name: "two writes lost between others",
      history: () => drill({}, hole),
      says: "2 of 730 acknowledged writes lost, with later writes surviving: a hole; the objective is 0",
    },
    {
      name: "one element that nobody sent",
      history: () => drill({}, phantom),
      says: "0 of 730 acknowledged writes lost; 1 phantom",
    },
    {
      name: "two writes present twice",
      history: () => drill({}, duplicated),
      says: "0 of 730 acknowledged writes lost; 2 duplicated",
    },
    {
      name: "three elements with other content",
      history: () => drill({}, mutated),
      says: "0 of 730 acknowledged writes lost; 3 mutated",
    },
    {
      name: "a refused write that is present",
      history: () => drill({}, resurrected),
      says: "0 of 730 acknowledged writes lost; 1 resurrected",
    },
  ],
  unknown: [
    {
      name: "a read-back that broke off",
      history: () => drill({}, breakReadBack),
      says: "nothing was read back after the recovery: an absent write proves nothing",
    },
    {
      name: "two estimates that disagree",
      history: () => drill({ loseFrom: 380 }, contradicted),
      says: "20 of 730 acknowledged writes lost, a suffix, the oldest acknowledged 200 ms before the end of service, 2,304 bytes of WAL; not proven, for the second estimate disagrees: 10 writes are absent although their position survived; 20 are absent, the positions say 10",
    },
    {
      name: "ten lost writes in a record with a gap",
      history: () => drill({ loseFrom: 390 }, (h) => void h.operations.splice(420, 1)),
      says: "not proven, for the record has defects: 10 of 730 acknowledged writes lost, a suffix, the oldest acknowledged 100 ms before the end of service, 2,304 bytes of WAL; the objective is 0",
    },
  ],
};
