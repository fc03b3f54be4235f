import { expect, test } from "vitest";
import { problemsOf, soundBut } from "./testing.ts";

const RECOVER = "{ recover: promote, target: db.standby, when: { probe: db } }";
const STACK = "db: { kind: postgres, standbys: [{ name: standby, replication: synchronous }] }";
const ARCHIVED = `store: { kind: s3 }
  db: { kind: postgres, archive: { tool: plain, to: store }, spares: [{ name: spare }] }`;
const POINT = `{ routine: restore-point, as: noon, target: db }
  - { recover: restore, target: db.spare, when: { probe: db }, `;

const restoring = (step: string, before = "{ recover: restore, target: db.spare, when: { probe: db }, ") =>
  problemsOf(soundBut([STACK, ARCHIVED], [RECOVER, `${before}${step} }`]));

test.each<[string, string, string | null, string?]>([
  ["a point that an earlier step noted", "to: name, point: noon", null, POINT],
  ["a point before the backups that is refused", "to: lsn, point: before-backups, expect: refused", null],
  ["a point before the backups that nobody checks", "to: lsn, point: before-backups, checked: false", null],
  ["now, as a time", "to: time, point: now", null],
  [
    "a point before the backups",
    "to: lsn, point: before-backups",
    "before-backups lies before the end of the oldest backup",
  ],
  ["a point that nobody noted", "to: name, point: non", 'found "non", expected the name of an earlier step', POINT],
  ["no point", "to: xid", "found xid, expected a point beside it: before-backups"],
  ["now, as a position", "to: lsn, point: now", 'found "now", expected the name of an earlier step'],
  ["the end of the archive and a point", "to: latest, point: noon", "with to: latest, which ends where", POINT],
  ["a pause at the end of the archive", "onEnd: pause", "where a server never pauses"],
  ["a refusal for a reason", "expect: refused, because: wrong size", null],
  ["a reason and no refusal", "because: wrong size", "a reason for a refusal that nobody expects"],
  ["a standby that is to end somewhere", "to: time, onEnd: follow", "who follows has no end"],
  ["another's archive that is not there", "from: dbx", "expected a component of the stack"],
  ["another's archive that it does not keep", "from: store", "found store, which keeps no archive"],
])("a restore to %s", async (_name, step, expected, before) => {
  const said = await restoring(step, before);
  expect(said.length).toBe(expected === null ? 0 : 1);
  expect(said.join("")).toContain(expected ?? "");
});

test("a restore needs an archive, and a disk", async () => {
  const step = "{ recover: restore, target: db.primary, when: { probe: db } }";
  expect(await problemsOf(soundBut([RECOVER, step]))).not.toEqual([]);
  expect(await problemsOf(soundBut([STACK, ARCHIVED], [RECOVER, step]))).toEqual([
    expect.stringContaining("db.primary lost its disk in node-loss"),
  ]);
});

test("a primary that follows may be promoted again", async () => {
  const kept: [string, string] = [
    "{ fault: node-loss, target: db.primary }",
    "{ fault: node-loss, target: db.primary, disk: kept }",
  ];
  const back = `${RECOVER}\n  - { recover: rejoin, target: db.primary }\n  - { recover: promote, target: db.primary }`;
  expect(await problemsOf(soundBut(kept, [RECOVER, back]))).toEqual([]);
});
