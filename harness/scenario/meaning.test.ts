import { expect, test } from "vitest";
import { planOf, problemsOf, SOUND, soundBut } from "./testing.ts";

test("zero loss goes with a control that fails something else", async () => {
  const control = soundBut(["expect: pass", "expect: fail\nexpectFailed: [detection]\noutcome: zero"]);
  expect(await problemsOf(control)).toEqual([]);
});

test("the sound scenario is sound", async () => {
  expect(await problemsOf(SOUND)).toEqual([]);
});

const FAULT = "{ fault: node-loss, target: db.primary }";
const RECOVER = "{ recover: promote, target: db.standby, when: { probe: db } }";
const CONFIG = "standbys: [{ name: standby, replication: synchronous }]";

test.each<[string, [string, string], string | RegExp]>([
  [
    "an unknown key",
    ["title: Something happens", "title: T\nsteadystate: { hold: 1s }"],
    /^3:1: steadystate: unknown key, expected one of id, .+; did you mean steadyState\?$/,
  ],
  [
    "a misspelt key, and not the right one as missing",
    ["title:", "titel:"],
    /^2:1: titel: unknown key, .+; did you mean title\?$/,
  ],
  [
    "a wrong unit",
    ["rate: 300/s", "rate: 300/m"],
    '6:39: workload[0].rate: found "300/m", expected a rate with a unit, such as 500/s',
  ],
  [
    "a duration without a unit",
    ["when: { probe: db }", "when: { probe: db, every: 200 }"],
    "9:71: steps[1].when.every: found 200, expected a duration with a unit, such as 250ms, 2s or 5m",
  ],
  [
    "a duration of days",
    ["expect: pass", "expect: pass\nsettle: 100h"],
    '12:9: settle: found "100h", expected at most 24h',
  ],
  [
    "a missing target",
    [FAULT, "{ fault: node-loss }"],
    "8:5: steps[0].target: missing, expected a component, or a node of one such as db.primary",
  ],
  [
    "a missing key of the whole",
    ["verify: [no-lost-writes]\n", ""],
    "1:1: verify: missing, expected a list of checkers, such as [no-lost-writes]",
  ],
  [
    "a standby that is not there",
    ["target: db.standby", "target: db.standby2"],
    '9:33: steps[1].target: found "db.standby2", expected a node of the stack: one of db.primary, db.standby; did you mean db.standby?',
  ],
  [
    "a node of a component that is not there",
    ["target: db.primary", "target: dbx.primary"],
    '8:33: steps[0].target: found "dbx.primary", expected a node of the stack: one of db.primary, db.standby; did you mean db.primary?',
  ],
  [
    "a component that is not there",
    ["target: db, rate", "target: bd, rate"],
    '6:29: workload[0].target: found "bd", expected a component of the stack: db; did you mean db?',
  ],
  [
    "a detector of nothing",
    ["probe: db", "probe: web"],
    '9:60: steps[1].when.probe: found "web", expected a component of the stack: db',
  ],
  [
    "a component where a node is needed",
    ["target: db.primary", "target: db"],
    "8:33: steps[0].target: found db, a whole component, expected a node: one of db.primary, db.standby",
  ],
  [
    "a node where a component is needed",
    [FAULT, "{ fault: latency, target: db.primary, latency: 1s }"],
    "8:31: steps[0].target: found db.primary, a single node, expected the component db: latency acts on its clients' path",
  ],
  [
    "a script in a component",
    [RECOVER, "{ recover: exec, target: db, in: node, command: [x] }"],
    "9:30: steps[1].target: found db, a whole component, expected a node: one of db.primary, db.standby",
  ],
  [
    "promoting the primary",
    ["target: db.standby", "target: db.primary"],
    "9:33: steps[1].target: found db.primary, which is the primary already, expected a standby: db.standby",
  ],
  [
    "starting what has no disk",
    [RECOVER, "{ recover: start, target: db.primary }"],
    "9:31: steps[1].target: db.primary lost its disk in node-loss: nothing is left to start; say disk: kept there",
  ],
  [
    "one disk with two filesystems",
    [
      FAULT,
      "{ fault: power-loss, target: db.primary }\n  - { fault: power-loss, as: again, target: db.primary, filesystem: xfs }",
    ],
    "9:45: steps[1].target: db.primary has one disk, and it is ext4 in power-loss and xfs here; name one filesystem",
  ],
  [
    "an unknown fault",
    ["fault: node-loss", "fault: nodeloss"],
    /^8:14: steps\[0\]\.fault: found "nodeloss", expected one of node-loss, .+; did you mean node-loss\?$/,
  ],
  [
    "an unknown recovery",
    ["recover: promote", "recover: promot"],
    /^9:16: steps\[1\]\.recover: found "promot", expected one of wait, start, promote, .+; did you mean promote\?$/,
  ],
  [
    "a parameter of another fault",
    [FAULT, "{ fault: pause, target: db.primary, disk: kept }"],
    "8:41: steps[0].disk: unknown key, expected one of fault, target, at, when, as",
  ],
  [
    "a wrong parameter",
    [FAULT, "{ fault: node-loss, target: db.primary, disk: keep }"],
    '8:51: steps[0].disk: found "keep", expected one of kept, lost',
  ],
  [
    "a peer that is not there",
    [FAULT, "{ fault: partition, target: db.primary, peers: [clients, db.stndby] }"],
    '8:62: steps[0].peers[1]: found "db.stndby", expected another node or clients: one of clients, db.standby; did you mean db.standby?',
  ],
  [
    "a node cut off from itself",
    [FAULT, "{ fault: partition, target: db.primary, peers: [db.primary] }"],
    '8:53: steps[0].peers[0]: found "db.primary", expected another node or clients: one of clients, db.standby',
  ],
  [
    "a step that does two things",
    [FAULT, "{ fault: node-loss, recover: wait, target: db.primary }"],
    "8:25: steps[0].recover: found fault and recover, expected exactly one of fault, recover, routine, heal",
  ],
  [
    "a step that does nothing",
    [FAULT, `${FAULT}\n  - { recovr: promote, target: db.standby }`],
    "9:7: steps[1].recovr: a step that does nothing, expected exactly one of fault, recover, routine, heal; did you mean recover?",
  ],
  [
    "a step that is no map",
    [FAULT, `${FAULT}\n  - promote`],
    '9:5: steps[1]: found "promote", expected a map with fault, recover, routine or heal',
  ],
  [
    "two starts",
    ["target: db.primary }", "target: db.primary, at: { after: 1s }, when: { probe: db } }"],
    "8:64: steps[0].when: found at and when, expected one of them",
  ],
  [
    "two kinds of planned start",
    ["target: db.primary }", "target: db.primary, at: { after: 1s, on: checkpoint } }"],
    "8:62: steps[0].at.on: found after and on, expected one of them",
  ],
  [
    "damage to nothing",
    [FAULT, "{ fault: file-damage, target: db.primary, damage: flip }"],
    "8:5: steps[0].path: what is damaged is not said; give path or place",
  ],
  [
    "damage to two things",
    [FAULT, "{ fault: file-damage, target: db.primary, path: a, place: { what: heap }, damage: flip }"],
    "8:63: steps[0].place: path and place are both given; keep one of them",
  ],
  [
    "a place that is not known",
    [FAULT, "{ fault: file-damage, target: db.primary, place: { what: haep }, damage: flip }"],
    /^8:62: steps\[0\]\.place\.what: found "haep", expected one of wal-segment, wal-page, heap, .+; did you mean heap\?$/,
  ],
  [
    "a place among no such three",
    [FAULT, "{ fault: file-damage, target: db.primary, place: { what: heap, where: second }, damage: flip }"],
    '8:75: steps[0].place.where: found "second", expected one of first, middle, last',
  ],
  [
    "a replacement by nothing",
    [FAULT, "{ fault: file-damage, target: db.primary, path: a, damage: replace }"],
    "8:5: steps[0].with: the other file of replace is not said; give with or withPlace",
  ],
  [
    "a key that the damage has no use for",
    [FAULT, "{ fault: file-damage, target: db.primary, path: a, damage: delete, bytes: 8 }"],
    "8:79: steps[0].bytes: bytes says nothing about delete; remove it; it belongs to truncate, flip, zeros, zero-range",
  ],
  [
    "an end of the file that is said twice",
    [FAULT, "{ fault: file-damage, target: db.primary, path: a, damage: truncate, bytes: 8, share: 0.5 }"],
    "8:91: steps[0].share: bytes and share both say where the file ends; keep one of them",
  ],
  [
    "a segment of WAL of no size that there is",
    [CONFIG, `${CONFIG}, walSegment: 3MiB`],
    '4:94: stack.db.walSegment: found "3MiB", expected a power of two from 1MiB to 1GiB',
  ],
  [
    "an unknown trigger",
    ["target: db.primary }", "target: db.primary, at: { on: chekpoint } }"],
    '8:55: steps[0].at.on: found "chekpoint", expected an event of the target: one of wal-switch, checkpoint, mid-checkpoint, base-backup, recovery; did you mean checkpoint?',
  ],
  [
    "a start of no form",
    ["target: db.primary }", "target: db.primary, at: 2s }"],
    '8:49: steps[0].at: found "2s", expected a map with after or on',
  ],
  [
    "healing what was not broken",
    [FAULT, `${FAULT}\n  - { heal: nodeloss }`],
    '9:13: steps[1].heal: found "nodeloss", expected an earlier fault step: node-loss; did you mean node-loss?',
  ],
  [
    "healing before breaking",
    [FAULT, `{ heal: node-loss }\n  - ${FAULT}`],
    '8:13: steps[0].heal: found "node-loss", expected an earlier fault step, and there is none',
  ],
  [
    "healing twice",
    [FAULT, `${FAULT}\n  - { heal: node-loss }\n  - { heal: node-loss }`],
    "10:13: steps[2].heal: found node-loss, which is healed already, expected each fault healed once",
  ],
  [
    "a name given twice",
    [FAULT, "{ fault: node-loss, as: x, target: db.primary }\n  - { fault: pause, as: x, target: db.standby }"],
    '9:25: steps[1].as: found "x" a second time, expected each name once',
  ],
  [
    "no fault at all",
    [`  - ${FAULT}\n`, ""],
    "7:1: steps: no step breaks anything, so nothing would be proven, expected at least one fault",
  ],
  [
    "no step at all",
    [`  - ${FAULT}\n  - ${RECOVER}\n`, "  []\n"],
    "8:3: steps: found a list of 0, expected a list of at least one step",
  ],
  [
    "no workload",
    ["  - { kind: ledger, target: db, rate: 300/s }", "  []"],
    "6:3: workload: found a list of 0, expected a list of at least one workload",
  ],
  [
    "an unknown kind of component",
    ["kind: postgres", "kind: postgresql"],
    /^4:15: stack\.db\.kind: found "postgresql", expected one of postgres, .+; did you mean postgres\?$/,
  ],
  [
    "a component without a kind",
    ["kind: postgres, ", ""],
    /^4:7: stack\.db\.kind: missing, expected one of postgres, .+$/,
  ],
  [
    "two nodes of one name",
    [CONFIG, "standbys: [{ name: standby, replication: synchronous }, { name: standby, replication: asynchronous }]"],
    "4:89: stack.db.standbys[1].name: the name standby is already taken in this component; give every node a name of its own",
  ],
  [
    "a count that cannot be reached",
    [CONFIG, `${CONFIG}, synchronous: { method: any, count: 2 }`],
    /^4:117: stack\.db\.synchronous\.count: 2 confirmations are asked for but only 1 standbys are synchronous/,
  ],
  [
    "a setting that is the stack's",
    [CONFIG, `${CONFIG}, settings: { port: 5 }`],
    "4:100: stack.db.settings.port: port is set by the stack itself; remove it; standbys and synchronous decide replication",
  ],
  [
    "a setting of no form",
    [CONFIG, `${CONFIG}, settings: { Fsync: off }`],
    '4:94: stack.db.settings.Fsync: found "Fsync", expected the name of a server setting',
  ],
  [
    "a setting of no value",
    [CONFIG, `${CONFIG}, settings: { fsync: [] }`],
    "4:101: stack.db.settings.fsync: found a list of 0, expected text or a number or true or false",
  ],
  [
    "a bad component name",
    ["workload:", "  Db: { kind: postgres }\nworkload:"],
    /^5:3: stack\.Db: this name, expected a name of lower-case letters, digits and dashes, at most 31$/,
  ],
  [
    "a looser recovery time",
    ["expect: pass", "expect: pass\nobjectives: { recoveryTime: 6m }"],
    "12:29: objectives.recoveryTime: found 6m, looser than the policy adr-004, expected at most 5m; a scenario may only tighten an objective",
  ],
  [
    "looser loss",
    ["expect: pass", "expect: pass\nobjectives: { lostWrites: 1 }"],
    "12:27: objectives.lostWrites: found 1, looser than the policy adr-004, expected at most 0; a scenario may only tighten an objective",
  ],
  [
    "a looser detection",
    ["expect: pass", "expect: pass\nobjectives: { detection: 1500ms }"],
    "12:26: objectives.detection: found 1500ms, looser than the policy adr-004, expected at most 1s; a scenario may only tighten an objective",
  ],
  [
    "an unknown checker",
    ["[no-lost-writes]", "[no-lost-write]"],
    /^10:10: verify\[0\]: found "no-lost-write", expected one of .+; did you mean no-lost-writes\?$/,
  ],
  [
    "a checker twice",
    ["[no-lost-writes]", "[no-lost-writes, no-lost-writes]"],
    '10:26: verify[1]: found "no-lost-writes" a second time, expected each name once',
  ],
  [
    "an expectation of no form",
    ["expect: pass", "expect: green"],
    '11:9: expect: found "green", expected one of pass, fail',
  ],
  [
    "a failure without its loss",
    ["expect: pass", "expect: fail"],
    /^1:1: expectLoss: missing, expected what a drill with expect: fail must show/,
  ],
  [
    "a loss without a failure",
    ["expect: pass", "expect: pass\nexpectLoss: { min: 1 }"],
    "12:1: expectLoss: expectLoss is declared but expect is pass, expected expect: fail, or no expectLoss",
  ],
  [
    "a loss of nothing",
    ["expect: pass", "expect: fail\nexpectLoss: { min: 0 }"],
    "12:20: expectLoss.min: found 0, expected at least 1",
  ],
  [
    "a loss upside down",
    ["expect: pass", "expect: fail\nexpectLoss: { min: 5, max: 4 }"],
    "12:28: expectLoss.max: found 4, expected at least the min of 5",
  ],
  [
    "zero loss that is declared lost",
    ["expect: pass", "expect: fail\nexpectLoss: { min: 1 }\noutcome: zero"],
    "13:10: outcome: found zero with expect: fail, expected expect: pass",
  ],
  [
    "a hold that outlasts its patience",
    ["expect: pass", "expect: pass\nsteadyState: { hold: 9s, timeout: 9s }"],
    "12:35: steadyState.timeout: found 9s, expected longer than the hold of 9s",
  ],
  [
    "probes that decide nothing",
    ["expect: pass", "expect: pass\nprobes: [{ target: db, mode: read, critical: false }]"],
    "12:1: probes: no probe is critical, so nothing could say when the recovery is over, expected at least one with critical: true",
  ],
  [
    "an id of the catalogue that is none",
    ["expect: pass", "expect: pass\ncovers: [A3, a3]"],
    '12:14: covers[1]: found "a3", expected an id of the catalogue, such as A3',
  ],
  [
    "a control of no form",
    ["expect: pass", "expect: pass\ncontrols: [rto]"],
    '12:12: controls[0]: found "rto", expected a framework and a control, such as adr-004/rto',
  ],
  [
    "an environment that is none",
    ["expect: pass", "expect: pass\nenvironment: { kind: moon }"],
    '12:22: environment.kind: found "moon", expected containers',
  ],
])("%s", async (_name, [from, to], said) => {
  const pattern = typeof said === "string" ? `${said.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$` : said.source.slice(1);
  expect(await problemsOf(soundBut([from, to]))).toEqual([expect.stringMatching(new RegExp(`^x\\.yaml:${pattern}`))]);
});

test("every problem of a file is told at once, in its order", async () => {
  const text = `id: many
titel: Many problems
objectives: { recoveryTime: 10m, detection: 5 }
stack:
  db: { kind: postgres, version: 13, standbys: [{ name: standby, replication: synchronous }] }
workload:
  - { kind: ledger, target: db, rate: "500", conections: 8 }
steps:
  - { fault: node-loss, disk: kept }
  - { recover: promote, target: db.standby2, when: { probe: db, fails: 0 } }
verify: [no-lost-writes, balance]
expect: pass
expect: pass
`;
  expect((await problemsOf(text)).map((line) => line.replace(/expected one of .*?(;|$)/, "…$1"))).toEqual([
    "x.yaml:2:1: titel: unknown key, …; did you mean title?",
    "x.yaml:3:29: objectives.recoveryTime: found 10m, looser than the policy adr-004, expected at most 5m; a scenario may only tighten an objective",
    "x.yaml:3:45: objectives.detection: found 5, expected a duration with a unit, such as 250ms, 2s or 5m",
    "x.yaml:5:34: stack.db.version: found 13, …",
    'x.yaml:7:39: workload[0].rate: found "500", expected a rate with a unit, such as 500/s',
    "x.yaml:7:46: workload[0].conections: unknown key, …; did you mean connections?",
    "x.yaml:9:5: steps[0].target: missing, expected a component, or a node of one such as db.primary",
    'x.yaml:10:33: steps[1].target: found "db.standby2", …; did you mean db.standby?'.replace(
      "…",
      "expected a node of the stack: one of db.primary, db.standby",
    ),
    "x.yaml:10:72: steps[1].when.fails: found 0, expected at least 1",
    'x.yaml:11:26: verify[1]: found "balance", …; did you mean balances?',
    "x.yaml:13:1: expect: the same key a second time, expected each key once",
  ]);
});

test("nodes that a refused config may hide are not called missing", async () => {
  expect(await problemsOf(soundBut([CONFIG, "standbys: 3"]))).toEqual([
    "x.yaml:4:35: stack.db.standbys: found 3, expected a list",
  ]);
  expect(await problemsOf(soundBut([CONFIG, CONFIG.replace("standbys", "standbies")]))).toEqual([
    expect.stringMatching(/^x\.yaml:4:25: stack\.db\.standbies: unknown key, .+; did you mean standbys\?$/),
  ]);
});

const TWO_STORES = soundBut(
  [CONFIG + " }", CONFIG + " }\n  cache: { kind: redis }"],
  ["{ kind: ledger, target: db, rate: 300/s }", "{ kind: orders, targets: [db, cache], rate: 300/s }"],
);

test("orders go to two stores or more, each of them once, and the stores can then be reconciled", async () => {
  const reconciled = TWO_STORES.replace(
    "verify:",
    "  - { recover: reconcile, target: db, direction: discard }\nverify:",
  );
  expect(await problemsOf(reconciled)).toEqual([]);
  expect((await planOf(reconciled)).workload[0]).toMatchObject({ targets: ["db", "cache"], transfers: 0 });
  const targets = (written: string) => problemsOf(TWO_STORES.replace("[db, cache]", written));
  expect(await targets("[db]")).toEqual([expect.stringContaining("workload[0].targets")]);
  expect(await targets("[db, db]")).toEqual([expect.stringContaining("expected each component once")]);
  expect(await targets("[db, cachee]")).toEqual([expect.stringContaining("did you mean cache?")]);
});

test("the record alone cannot be reconciled", async () => {
  const alone = soundBut(["verify:", "  - { recover: reconcile, target: db, direction: discard }\nverify:"]);
  expect(await problemsOf(alone)).toEqual([expect.stringContaining("there is nothing to make it agree with")]);
});

test("two cuts of power on one filesystem, or on two of two nodes, are sound", async () => {
  const cut = (target: string, as: string, filesystem: string) =>
    `{ fault: power-loss, as: ${as}, target: ${target}, filesystem: ${filesystem} }`;
  const cuts = [cut("db.primary", "a", "xfs"), cut("db.primary", "b", "xfs"), cut("db.standby", "c", "ext4")];
  expect(await problemsOf(soundBut([FAULT, cuts.join("\n  - ")]))).toEqual([]);
});
