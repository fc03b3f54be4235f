import { expect, test } from "vitest";
import { planOf, problemsOf, soundBut } from "./testing.ts";

const CONFIG = "standbys: [{ name: standby, replication: synchronous }]";
const BOTH =
  "standbys: [{ name: standby, replication: synchronous }, { name: copy, replication: logical, failoverSlot: true }]";
const VERIFY = "verify: [no-lost-writes]";
const follow = (target: string): string => `  - { recover: follow, target: ${target} }\n${VERIFY}`;

test("a standby by logical replication can be promoted, have its sequences set, and be followed", async () => {
  const runbook = `  - { recover: sync-sequences, target: db.standby }\n  - { recover: repoint, target: db.standby }\n${VERIFY}`;
  const text = soundBut([CONFIG, CONFIG.replace("synchronous", "logical")], [VERIFY, runbook]);
  expect(await problemsOf(text)).toEqual([]);
  expect((await planOf(text)).components[0]?.config).toMatchObject({
    standbys: [{ name: "standby", replication: "logical" }],
  });
  const of18 = `version: 18, ${CONFIG.replace("synchronous", "logical")}`; // it is copied by nobody
  expect(await problemsOf(soundBut([CONFIG, of18]))).toEqual([]);
  expect(await problemsOf(soundBut([CONFIG, BOTH], [VERIFY, follow("db.copy")]))).toEqual([]);
});

test.each<[string, [string, string][], string]>([
  [
    "a slot that nobody could keep",
    [[CONFIG, "standbys: [{ name: standby, replication: logical, failoverSlot: true }]"]],
    "stack.db.standbys[0].failoverSlot: there is no physical standby that could keep the slot; add a standby with replication: synchronous or asynchronous",
  ],
  [
    "a slot that an older server cannot keep",
    [[CONFIG, `version: 16, ${BOTH}`]],
    "stack.db.standbys[1].failoverSlot: PostgreSQL 16 cannot keep a slot on another server; use version 17 or newer, or leave it out",
  ],
  [
    "a physical standby's own slot",
    [[CONFIG, "standbys: [{ name: standby, replication: synchronous, failoverSlot: true }]"]],
    "stack.db.standbys[0].failoverSlot: standby is a physical standby, whose slot no other server can keep; say it of a standby with replication: logical",
  ],
  [
    "a primary that nobody can subscribe to",
    [[CONFIG, `${BOTH}, settings: { wal_level: replica }`]],
    "stack.db.settings.wal_level: with wal_level replica nobody can subscribe to the primary; remove it: with a logical standby the stack sets logical",
  ],
  [
    "a list of slots that the stack sets",
    [[CONFIG, `${BOTH}, settings: { synchronized_standby_slots: x }`]],
    "stack.db.settings.synchronized_standby_slots: synchronized_standby_slots is set by the stack itself; remove it; standbys and synchronous decide replication",
  ],
  [
    "confirmations of one that confirms nothing",
    [[CONFIG, `${CONFIG.replace("synchronous", "logical")}, synchronous: { method: first, count: 1 }`]],
    "stack.db.synchronous.count: 1 confirmations are asked for but only 0 standbys are synchronous: every write would wait for ever; use a count of at most 0, or make more standbys synchronous",
  ],
  [
    "a physical standby that would have to subscribe",
    [
      [CONFIG, BOTH],
      [VERIFY, follow("db.standby")],
    ],
    "steps[2].target: found db.standby, a synchronous standby, expected a logical standby: db.copy",
  ],
  [
    "following where nobody subscribes",
    [[VERIFY, follow("db.standby")]],
    "steps[2].recover: found follow, which needs logical standbys, expected what db can do as it is configured",
  ],
])("%s is refused", async (_, changes, said) => {
  expect(await problemsOf(soundBut(...changes))).toContainEqual(expect.stringContaining(said));
});
