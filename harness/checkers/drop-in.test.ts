import { describe, expect, it } from "vitest";
import { dropIn } from "./drop-in.ts";
import { setFacts } from "../selftest/edits.ts";
import { drill, type DraftHistory } from "../selftest/golden.ts";

const sequence = (name: string, last: number | null, rows: object = {}) => ({
  name,
  last: last === null ? null : String(last),
  table: "ledger",
  column: "id",
  ...rows,
});
const counted = (highest: number, reused = 0) => ({ highest: String(highest), reused: String(reused) });
const LOOSE = { table: null, column: null, highest: null, reused: null };

const DEFINITIONS: Record<string, string> = {
  "table ledger": "",
  "column ledger.id": "bigint not null",
  "column ledger.op": "text not null",
  "constraint ledger.ledger_pkey": "PRIMARY KEY (id)",
  "index ledger_pkey": "CREATE UNIQUE INDEX ledger_pkey ON blackstart.ledger USING btree (id)",
  "sequence ledger_id_seq": "",
};
const NOTES: Record<string, string> = {
  "table notes": "",
  "column notes.op": "text not null",
  "constraint notes.notes_pkey": "PRIMARY KEY (op)",
  "index notes_pkey": "CREATE UNIQUE INDEX notes_pkey ON blackstart.notes USING btree (op)",
};

interface Side {
  readonly sequences?: readonly object[];
  readonly definitions?: Readonly<Record<string, string>>;
}

const values = ({ sequences = [], definitions = DEFINITIONS }: Side) => ({
  sequences: JSON.stringify(sequences),
  definitions: JSON.stringify(definitions),
});

/** The primary as it was just before the fault, and the standby after the recovery. */
const between = (before: Side, after: Side, change: (h: DraftHistory) => void = () => undefined) =>
  dropIn.check(
    drill({}, (h) => {
      h.plan.verify.push("drop-in");
      setFacts(h, "steady", "db.primary", values({}));
      setFacts(h, "fault", "db.primary", values(before));
      setFacts(h, "recovered", "db.standby", values(after));
      change(h);
    }),
  );

const ID = "ledger_id_seq";

describe("what replication of rows does not carry", () => {
  it("passes where everything came along, and says how much there was", () => {
    expect(between({ sequences: [sequence(ID, 400)] }, { sequences: [sequence(ID, 701, counted(701))] })).toMatchObject(
      {
        verdict: "pass",
        detail: "db.standby has what db.primary had: 1 sequence, 6 definitions",
      },
    );
  });

  it.each<[string, Side, Side, string]>([
    [
      "a sequence behind the rows",
      { sequences: [sequence(ID, 391)] },
      { sequences: [sequence(ID, 1, counted(391))] },
      "1 sequence did not come along (ledger_id_seq at 1, was 391)",
    ],
    [
      "a sequence that was never used",
      { sequences: [sequence(ID, 391)] },
      { sequences: [sequence(ID, null, counted(391))] },
      "1 sequence did not come along (ledger_id_seq at its start, was 391)",
    ],
    [
      "a sequence that has long passed the old one, and what it did on its way",
      { sequences: [sequence(ID, 391)] },
      { sequences: [sequence(ID, 900, counted(900, 391))] },
      "1 sequence did not come along (ledger_id_seq at 900, was 391): 391 numbers stand in several rows",
    ],
    [
      "two of them",
      { sequences: [sequence("a", 10), sequence("b", 20)] },
      { sequences: [sequence("a", 1, counted(10, 1)), sequence("b", 2, counted(20))] },
      "2 sequences did not come along (a at 1, was 10, b at 2, was 20): 1 number stands in several rows",
    ],
    [
      "a sequence that numbers no column",
      { sequences: [sequence("invoices", 50, LOOSE)] },
      { sequences: [sequence("invoices", 49, LOOSE)] },
      "1 sequence did not come along (invoices at 49, was 50)",
    ],
    [
      "a table, once and not with all of its parts",
      { definitions: { ...DEFINITIONS, ...NOTES } },
      {},
      "1 table of 2 missing (table notes)",
    ],
    [
      "a column and an index",
      { definitions: { ...DEFINITIONS, "column ledger.note": "text", "index by_op": "CREATE INDEX by_op ON x" } },
      {},
      "1 column of 3, 1 index of 2 missing (column ledger.note, index by_op)",
    ],
    [
      "more than a finding can name",
      {
        definitions: { ...DEFINITIONS, ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map((n) => [`view v${n}`, ""])) },
      },
      {},
      "8 views of 8 missing (view v1, view v2, view v3, view v4, view v5, view v6 and 2 more)",
    ],
    [
      "something that is there alone",
      {},
      { definitions: { ...DEFINITIONS, ...NOTES } },
      "1 definition that it did not have (table notes)",
    ],
    [
      "another form",
      {},
      { definitions: { ...DEFINITIONS, "column ledger.op": "text" } },
      "1 definition in another form (column ledger.op)",
    ],
  ])("finds %s", (_, before, after, words) => {
    expect(between(before, after)).toMatchObject({
      verdict: "fail",
      detail: `db.standby cannot stand in for db.primary: ${words}`,
    });
  });

  it("is content with a sequence beyond the rows that survived: the numbers of lost rows are numbers of nothing", () => {
    expect(between({ sequences: [sequence(ID, 391)] }, { sequences: [sequence(ID, 385, counted(385))] })).toMatchObject(
      {
        verdict: "pass",
      },
    );
  });

  it("counts the writes and probes that were refused for a number that was taken, and no others", () => {
    const refuse = (constraint: string) => `duplicate key value violates unique constraint "${constraint}"`;
    const found = between({ sequences: [sequence(ID, 300)] }, { sequences: [sequence(ID, 420, counted(420))] }, (h) => {
      const after = h.operations.filter((op) => op.dueMs >= 5_700);
      for (const op of after.slice(0, 17)) Object.assign(op, { outcome: "fail", error: refuse("ledger_pkey") });
      for (const op of after.slice(17, 20)) Object.assign(op, { outcome: "fail", error: refuse("ledger_op") });
      const asked = h.probes.filter(({ probe, dueMs }) => probe === "db-write" && dueMs >= 5_700);
      for (const probe of asked.slice(0, 2)) Object.assign(probe, { ok: false, error: refuse("ledger_pkey") });
    });
    expect(found).toMatchObject({
      verdict: "fail",
      detail: expect.stringContaining(
        "(ledger_id_seq at 420, was 300): 17 writes refused for a number that was taken, 2 probes refused for it",
      ),
    });
  });

  it.each<[string, (h: DraftHistory) => void, string]>([
    [
      "nothing was recorded at the fault",
      (h) => {
        for (const at of ["steady", "fault"] as const)
          setFacts(h, at, "db.primary", { sequences: undefined, definitions: undefined });
      },
      "what db had beside its rows at the fault is not recorded",
    ],
    [
      "it could not be read afterwards, and why",
      (h) => setFacts(h, "recovered", "db.standby", { sequences: undefined, beside_rows: "could not be read: disk" }),
      "what db has beside its rows after the recovery is not recorded: it could not be read: disk",
    ],
    [
      "it is in another form",
      (h) => setFacts(h, "recovered", "db.standby", { sequences: '[{"name":"x","last":"soon"}]' }),
      "after the recovery is not recorded",
    ],
    ["nobody serves", (h) => void (h.facts = h.facts.filter((f) => f.at !== "recovered")), "is not recorded"],
  ])("is unknown when %s", (_, change, words) => {
    expect(between({}, {}, change)).toMatchObject({ verdict: "unknown", detail: expect.stringContaining(words) });
  });

  it("takes the look before the fault that saw something: a later one may have timed out", () => {
    const found = between({}, {}, (h) => {
      setFacts(h, "steady", "db.primary", values({ definitions: { ...DEFINITIONS, ...NOTES } }));
      setFacts(h, "fault", "db.primary", { sequences: undefined, definitions: undefined });
    });
    expect(found.detail).toContain("1 table of 2 missing");
  });
});
