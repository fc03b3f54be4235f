import type { CheckControls } from "../control.ts";
import { drill } from "../golden.ts";

const sequence = (last: number, rows: object = {}) => ({
  name: "ledger_id_seq",
  last: String(last),
  table: "ledger",
  column: "id",
  ...rows,
});
const DEFINITIONS = { "table ledger": "", "column ledger.id": "bigint not null", "column ledger.op": "text not null" };

type Side = { sequences: object[]; definitions: Record<string, string> } | null;

/** What the primary had beside its rows at the fault, and what the standby has after the recovery. */
const between = (before: Side, after: Side) => () =>
  drill({}, (h) => {
    h.plan.verify.push("drop-in");
    const values = (side: Side) =>
      side && { sequences: JSON.stringify(side.sequences), definitions: JSON.stringify(side.definitions) };
    h.facts = h.facts.map((f) => {
      const side =
        f.at === "recovered" ? (f.node === "db.standby" ? after : null) : f.node === "db.primary" ? before : null;
      return { ...f, values: { ...f.values, ...values(side) } };
    });
  });

const HAD: Side = { sequences: [sequence(391)], definitions: DEFINITIONS };

export const dropIn: CheckControls = {
  check: "drop-in",
  pass: [
    {
      name: "sequence and schema came along",
      history: between(HAD, { sequences: [sequence(391, { highest: "391", reused: "0" })], definitions: DEFINITIONS }),
      says: "db.standby has what db.primary had: 1 sequence, 3 definitions",
    },
  ],
  fail: [
    {
      name: "a sequence that began anew, and a column that is not there",
      history: between(
        { sequences: [sequence(391)], definitions: { ...DEFINITIONS, "column ledger.note": "text" } },
        { sequences: [sequence(4, { highest: "391", reused: "4" })], definitions: DEFINITIONS },
      ),
      says: "db.standby cannot stand in for db.primary: 1 sequence did not come along (ledger_id_seq at 4, was 391): 4 numbers stand in several rows; 1 column of 3 missing (column ledger.note)",
    },
  ],
  unknown: [
    {
      name: "nobody looked after the recovery",
      history: between(HAD, null),
      says: "what db has beside its rows after the recovery is not recorded",
    },
    {
      name: "nobody counted the rows",
      history: between(HAD, HAD),
      says: "the highest number that ledger_id_seq has given to a row is not recorded",
    },
  ],
};
