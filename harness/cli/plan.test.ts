import { expect, test } from "vitest";
import { scenarioFile, SOUND } from "../scenario/testing.ts";
import { blackstart } from "./testing.ts";

test("plan says what would happen, in order", async () => {
  const { code, stdout, stderr } = await blackstart(
    "plan",
    "scenarios/postgres/async-cut-then-loss.yaml",
    "--seed",
    "7",
    "--set",
    "settle=1s",
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.replace(/sha256 [0-9a-f]{64}/, "sha256 …"))
    .toBe(`postgres-async-cut-then-loss: An asynchronous standby is cut off for two seconds before the primary is lost

file        scenarios/postgres/async-cut-then-loss.yaml, sha256 …
covers      A2
objectives  writes again within 5m, noticed within 1s, at most 0 acknowledged writes lost (policy adr-004)
seed        7
overridden  settle=1s
stack       db (postgres): db.primary, db.standby
workload    ledger: 300/s to db over 8 connections, 20 % transfers, each given up after 1s
probe       db.write: a write every 100ms, timeout 500ms
probe       db.read: a read every 100ms, timeout 500ms

What would happen
  1  the intent is signed
  2  stack up, workload and probes start
  3  steady state: no error for 2s, given up after 1m
  4  1s and up to 200ms later: fault partition on db.standby (direction both, peers ["db.primary"])
  5  2s later: fault node-loss on db.primary (disk kept)
  6  when db failed 3 times in a row (every 150ms, timeout 150ms): recover promote on db.standby (fence none, repoint true)
  7  settle: every critical probe succeeds for 1s
  8  everything is read back; judged by no-lost-writes, balances, checksums, amcheck
  9  stack down
 10  expected verdict: fail, with 300 to 2000 acknowledged writes lost as a suffix

Nothing was started.
`);
});

test("the same file, seed and overrides give the same plan", async () => {
  const file = await scenarioFile(SOUND);
  const words = [
    "plan",
    file,
    "--json",
    "--seed",
    "4294967295",
    "--set",
    "stack.db.settings.fsync=off",
    "--set",
    "workload[0].rate=5/s",
  ];
  const [one, two] = [await blackstart(...words), await blackstart(...words)];
  expect(one).toEqual(two);
  expect(JSON.parse(one.stdout)).toMatchObject({
    seed: 4_294_967_295,
    overrides: ["stack.db.settings.fsync=off", "workload[0].rate=5/s"],
    workload: [{ ratePerSecond: 5 }],
  });
});

test("schema prints what lies in fixtures", async () => {
  const { code, stdout } = await blackstart("schema");
  expect([code, JSON.parse(stdout).title]).toEqual([0, "Blackstart scenario"]);
});
