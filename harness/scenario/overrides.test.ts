import { expect, test } from "vitest";
import { planOf, problemsOf, SOUND, soundBut } from "./testing.ts";

test("an override changes the data before it is checked, and is recorded", async () => {
  const set = [
    "workload[0].rate=500/s",
    "stack.db.settings.fsync=off",
    'stack.db.settings["timescaledb.license"]=apache',
    "settle=1s",
  ];
  const plan = await planOf(SOUND, set);
  expect(plan.workload[0]?.ratePerSecond).toBe(500);
  expect(plan.components[0]?.config).toMatchObject({ settings: { fsync: "off", "timescaledb.license": "apache" } });
  expect(plan.settleMs).toBe(1_000);
  expect(plan.overrides).toEqual(set);
});

test("lists and maps can be set, and a later override sees the earlier one", async () => {
  const plan = await planOf(SOUND, [
    "stack.db.standbys=[{ name: standby, replication: asynchronous }]",
    "stack.db.standbys[0].replication=synchronous",
  ]);
  expect(plan.components[0]?.config).toMatchObject({ standbys: [{ name: "standby", replication: "synchronous" }] });
});

test("an override repairs what stands in the file", async () => {
  expect(await problemsOf(soundBut(["rate: 300/s", "rate: 300"]), ["workload[0].rate=300/s"])).toEqual([]);
});

test.each([
  [
    "workload[0].rate=500",
    "--set workload[0].rate=500: workload[0].rate: found 500, expected a rate with a unit, such as 500/s",
  ],
  [
    "workload[1].rate=5/s",
    "--set workload[1].rate=5/s: workload[1].rate: there is no workload[1], expected an index from 0 to 0",
  ],
  ["workload.rate=5/s", "--set workload.rate=5/s: workload.rate: workload, found a list of 1, expected a map there"],
  ["id[0]=x", '--set id[0]=x: id[0]: id, found "sound", expected a list there'],
  ["rate", "--set rate: no path to set, expected path=value, such as workload[0].rate=500/s"],
  ["a..b=1", "--set a..b=1: no path to set, expected path=value, such as workload[0].rate=500/s"],
  ["steps[0].disk=gone", '--set steps[0].disk=gone: steps[0].disk: found "gone", expected one of kept, lost'],
  ["settle=", "--set settle=: settle: nothing in it, expected a map"],
  ["title=[", "--set title=[: title: Flow sequence must end with a ]"],
  [
    "workload[0].raet=5/s",
    "--set workload[0].raet=5/s: workload[0].raet: unknown key, expected one of kind, name, target, rate, connections, timeout, transfers, payload, keys; did you mean rate?",
  ],
])("--set %s", async (set, said) => {
  expect(await problemsOf(SOUND, [set])).toEqual([said]);
});

test("a key that an override made is said at the override", async () => {
  const [line] = await problemsOf(SOUND, ["made.up=1"]);
  expect(line).toMatch(/^--set made\.up=1: made: unknown key, /);
});

test("no override reaches a prototype", async () => {
  const lines = await problemsOf(SOUND, ["stack.__proto__.polluted=1", "__proto__.polluted=1"]);
  expect(lines).toHaveLength(3);
  expect("polluted" in {}).toBe(false);
});

test("control characters of an override are refused and not repeated", async () => {
  expect(await problemsOf(SOUND, ["title=\u001b[31mred"])).toEqual([
    "--set title=\\u001b[31mred: title: found the control character U+001B, expected plain text in UTF-8",
  ]);
});
