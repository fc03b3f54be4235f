import { execFile, spawn } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT } from "../verdict.ts";
import { sha256 } from "./files.ts";
import { ledgerKey } from "./keys.ts";
import { attemptsAt, openIntents } from "./ledger-entries.ts";
import { closeOrphans, openLedger, readLedgerDir, type Ledger, type RunEnd } from "./ledger.ts";
import { withLock } from "./lock.ts";
import { leafHash, rootOf } from "./merkle.ts";
import { openCheckpoint, signCheckpoint, verifierKey } from "./note.ts";
import { verifyProof } from "./ledger-proof.ts";
import { testBed, type TestBed } from "./testing.ts";

let bed: TestBed;
let ledger: Ledger;
const file = (name: string): string => join(bed.reports, "ledger", name);
const state = () => readLedgerDir(join(bed.reports, "ledger"), ledger.key);
beforeEach(async () => {
  bed = testBed();
  ledger = await openLedger(bed.reports, bed.env);
});
afterEach(() => bed.remove());

const SCENARIO = "postgres-primary-node-loss";
const enter = (run: string, into = ledger) =>
  into.appendIntent(() =>
    Promise.resolve({
      run,
      scenario: SCENARIO,
      scenarioSha256: sha256("s"),
      class: "development",
      bundleSha256: sha256(run),
    }),
  );
const result = (verdict: "pass" | "fail" | "unknown", exitCode: number): RunEnd => {
  return { kind: "result", bundleSha256: sha256("report"), class: "development", verdict, exitCode, reason: null };
};

test("every run enters once and leaves once, under a signed head", async () => {
  expect((await enter("a")).index).toBe(0);
  expect((await enter("b")).index).toBe(1);
  await ledger.closeRun("a", result("pass", 0));
  await ledger.closeRun("b", { kind: "void", bundleSha256: null, reason: "no engine" });
  const { entries, problems, head } = state();
  expect(problems).toEqual([]);
  expect(head?.size).toBe(4);
  expect(entries.map((entry) => `${entry.index} ${entry.kind} ${entry.run}`)).toEqual([
    "0 intent a",
    "1 intent b",
    "2 result a",
    "3 void b",
  ]);
});

test("an intent knows its place and the root of all before it", async () => {
  await enter("a");
  const { lines } = state();
  await ledger.appendIntent((place) => {
    expect(place).toMatchObject({ index: 1, root: rootOf(lines.map(leafHash)).toString("hex") });
    return Promise.resolve({
      run: "b",
      scenario: SCENARIO,
      scenarioSha256: sha256("s"),
      class: "development",
      bundleSha256: sha256("b"),
    });
  });
});

test.each([
  ["twice", "a", /closed already, as result in entry 1/],
  ["without an intent", "b", /has no intent/],
])("a run cannot end %s", async (_what, run, message) => {
  await enter("a");
  await ledger.closeRun("a", result("fail", 1));
  await expect(ledger.closeRun(run, result("pass", 0))).rejects.toMatchObject({
    exitCode: EXIT.unverified,
    message: expect.stringMatching(message) as string,
  });
});

test("a run cannot enter twice, and a signer that fails leaves no entry and no lock", async () => {
  await enter("a");
  await expect(enter("a")).rejects.toThrow(/in the ledger already/);
  await expect(ledger.appendIntent(() => Promise.reject(new Error("no signature")))).rejects.toThrow("no signature");
  await enter("b");
  expect(state()).toMatchObject({ problems: [], head: { size: 2 } });
});

test("what could not be read back is not written", async () => {
  await expect(enter("../escape")).rejects.toThrow(/run/);
  expect(state()).toMatchObject({ problems: [], head: { size: 0 } });
});

test("the proofs of an ended run hold against the signed head", async () => {
  for (const run of ["a", "b", "c"]) await enter(run);
  const root = rootOf(state().leaves.slice(0, 1)).toString("hex");
  const { checkpoint, proof } = await ledger.closeRun("b", result("pass", 0));
  const proven = verifyProof(proof, openCheckpoint(checkpoint, ledger.key), { index: 1, root });
  expect(proven).toMatchObject({ intent: { run: "b", index: 1 }, end: { run: "b", intent: 1, verdict: "pass" } });
  const rewritten = { index: 1, root: sha256("another past") };
  expect(() => verifyProof(proof, openCheckpoint(checkpoint, ledger.key), rewritten)).toThrow(/rewritten/);
});

test("attempts count every ending, and a lossy control that lost as declared has passed", async () => {
  const ends: [string, RunEnd][] = [
    ["passed", result("pass", 0)],
    ["lossy control", result("fail", 0)],
    ["failed", result("fail", 1)],
    ["unknown", result("unknown", 3)],
    ["crashed", { kind: "crashed", bundleSha256: null, reason: "x" }],
  ];
  for (const [i, [, end]] of ends.entries()) {
    await enter(`r${i}`);
    await ledger.closeRun(`r${i}`, end);
  }
  await enter("open");
  const at = (wall: Date) => attemptsAt(state().entries, SCENARIO, 30, wall);
  expect(at(new Date())).toEqual({ number: 7, windowDays: 30, passed: 2, failed: 1, other: 3 });
  expect(at(new Date(Date.now() + 31 * 86_400_000))).toEqual({
    number: 1,
    windowDays: 30,
    passed: 0,
    failed: 0,
    other: 0,
  });
  expect(attemptsAt(state().entries, "another", 30, new Date()).number).toBe(1);
});

test("orphans are closed as crashed; the living and the ended are left alone", async () => {
  for (const run of ["dead", "alive", "ended"]) await enter(run);
  await ledger.closeRun("ended", result("pass", 0));
  const closed = await closeOrphans(bed.reports, bed.env, (intent) => intent.run !== "dead");
  expect(closed.map((intent) => intent.run)).toEqual(["dead"]);
  expect(openIntents(state().entries).map((intent) => intent.run)).toEqual(["alive"]);
  expect(await closeOrphans(bed.reports, bed.env)).toEqual([]); // this process lives
  expect(state().entries.at(-1)).toMatchObject({ kind: "crashed", run: "dead", verdict: null });
});

test("closing orphans begins no ledger where there is none", async () => {
  const empty = testBed();
  expect(await closeOrphans(empty.reports, empty.env)).toEqual([]);
  expect(existsSync(join(empty.reports, "ledger"))).toBe(false);
  empty.remove();
});

/** Runs a module in another process; `ledger`, `enter` and `close` are at hand. */
const program = (body: string): string[] => [
  "--input-type=module",
  "--eval",
  `import { openLedger } from ${JSON.stringify(join(import.meta.dirname, "ledger.ts"))};
   const [reports, run] = process.argv.slice(1);
   const ledger = await openLedger(reports, process.env);
   const intent = { run, scenario: "s", scenarioSha256: "0".repeat(64), class: "development", bundleSha256: "0".repeat(64) };
   ${body}`,
  bed.reports,
];
const childEnv = (): NodeJS.ProcessEnv => ({ ...bed.env });

test("eight processes at once lose no entry", { timeout: 60_000 }, async () => {
  const body = `for (let i = 0; i < 4; i++) {
    await ledger.appendIntent(async () => ({ ...intent, run: run + "-" + i }));
    await ledger.closeRun(run + "-" + i, { kind: "void", bundleSha256: null, reason: "test" });
  }`;
  const run = (i: number) => promisify(execFile)(process.execPath, [...program(body), `p${i}`], { env: childEnv() });
  await Promise.all(Array.from({ length: 8 }, (_, i) => run(i)));
  expect(state()).toMatchObject({ problems: [], head: { size: 64 } });
  expect(readdirSync(join(bed.reports, "ledger")).toSorted()).toEqual(["checkpoint", "entries.jsonl"]);
});

test("a killed run frees the ledger and is closed as crashed", async () => {
  const body = `await ledger.appendIntent(async () => intent);
    await ledger.appendIntent(() => new Promise(() => { console.log("holding"); setInterval(() => {}, 1000); }));`;
  const child = spawn(process.execPath, [...program(body), "victim"], {
    env: childEnv(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  expect(existsSync(file("lock"))).toBe(true);
  expect((await closeOrphans(bed.reports, bed.env)).map((intent) => intent.run)).toEqual(["victim"]);
  expect(existsSync(file("lock"))).toBe(false);
  expect(state().problems).toEqual([]);
});

test("a lock that is held by the living is waited for, and named when patience ends", async () => {
  const order: string[] = [];
  const first = withLock(file("lock"), async () => {
    await expect(withLock(file("lock"), () => Promise.resolve(), 30)).rejects.toThrow(`by process ${process.pid}`);
    order.push("first");
  });
  await Promise.all([first, withLock(file("lock"), () => Promise.resolve(order.push("second")))]);
  expect(order).toEqual(["first", "second"]);
});

/** What an append leaves when the power goes between two of its steps. */
const cutAppend = async (stage: "ahead" | "half a line" | "whole line"): Promise<void> => {
  const before = readFileSync(file("entries.jsonl"), "utf8");
  const checkpoint = readFileSync(file("checkpoint"), "utf8");
  await enter("cut");
  const line = readFileSync(file("entries.jsonl"), "utf8").slice(before.length);
  copyFileSync(file("checkpoint"), file("checkpoint.next"));
  writeFileSync(file("checkpoint"), checkpoint);
  const kept = { ahead: 0, "half a line": 40, "whole line": line.length }[stage];
  writeFileSync(file("entries.jsonl"), before + line.slice(0, kept));
};

test.each([
  ["ahead", 3],
  ["half a line", 3],
  ["whole line", 4],
] as const)("an append cut short (%s) is undone or completed by the next one", async (stage, size) => {
  await enter("a");
  await ledger.closeRun("a", result("pass", 0));
  await cutAppend(stage);
  await enter("next");
  expect(state()).toMatchObject({ problems: [], head: { size } });
});

test("a reader sees a sound ledger while the head is about to be moved, and repairs nothing", async () => {
  await enter("a");
  await cutAppend("whole line");
  expect(state()).toMatchObject({ problems: [], head: { size: 2 } });
  expect(existsSync(file("checkpoint.next"))).toBe(true);
});

const edited = (change: (lines: string[]) => string[]): void => {
  const lines = readFileSync(file("entries.jsonl"), "utf8").trimEnd().split("\n");
  writeFileSync(
    file("entries.jsonl"),
    change(lines)
      .map((line) => `${line}\n`)
      .join(""),
  );
};

test.each<[string, (lines: string[]) => string[], RegExp]>([
  ["a failure removed", (l) => l.toSpliced(2, 2), /2 entries were removed|a gap/],
  ["the last entry removed", (l) => l.slice(0, -1), /1 entries were removed/],
  ["everything removed", () => [], /4 entries were removed/],
  ["entries swapped", (l) => [l[0]!, l[2]!, l[1]!, l[3]!], /a gap: entry 1 calls itself 2/],
  [
    "a verdict edited",
    (l) => l.map((line) => line.replace('"fail"', '"pass"')),
    /not the ones that the head has signed/,
  ],
  [
    "an entry added",
    (l) => [...l, l[0]!.replace('"index":0', '"index":4').replace('"run":"a"', '"run":"z"')],
    /1 entries follow/,
  ],
  ["a second end", (l) => [...l, l[1]!.replace('"index":1', '"index":4')], /has a second end/],
  [
    "an end without an intent",
    (l) => [...l, l[1]!.replace('"index":1', '"index":4').replace('"run":"a"', '"run":"z"')],
    /an end and no intent/,
  ],
  ["garbage", (l) => [...l, "{}"], /wrong shape/],
])("%s is noticed, and nothing is appended to it any more", async (_what, change, problem) => {
  for (const [run, end] of [
    ["a", result("pass", 0)],
    ["b", result("fail", 1)],
  ] as const) {
    await enter(run);
    await ledger.closeRun(run, end);
  }
  edited(change);
  expect(state().problems.join("; ")).toMatch(problem);
  await expect(enter("c")).rejects.toMatchObject({ exitCode: EXIT.unverified });
});

test("a tree rebuilt over fewer entries needs the ledger's key", async () => {
  await enter("a");
  await ledger.closeRun("a", result("fail", 1));
  const attacker = testBed();
  const leaves = state().leaves.slice(0, 1);
  edited((lines) => lines.slice(0, 1));
  const origin = ledger.key.split("+")[0]!;
  writeFileSync(file("checkpoint"), signCheckpoint({ origin, size: 1, root: rootOf(leaves) }, ledgerKey(attacker.env)));
  expect(state().problems.join("; ")).toMatch(/not signed by/);
  attacker.remove();
});

test("a ledger begun with another key is not continued", async () => {
  await enter("a");
  const stranger = testBed();
  await expect(openLedger(bed.reports, stranger.env)).rejects.toThrow(/does not verify.*not signed by/);
  stranger.remove();
});

test("entries without a checkpoint are not taken for a new ledger", async () => {
  const other = testBed();
  await openLedger(other.reports, other.env);
  const dir = join(other.reports, "ledger");
  appendFileSync(join(dir, "entries.jsonl"), "x\n");
  writeFileSync(join(dir, "checkpoint"), "");
  await expect(openLedger(other.reports, other.env)).rejects.toThrow(/ledger/);
  other.remove();
});

test("the key of a ledger is named after it, and no two ledgers share a name", async () => {
  const other = testBed({ BLACKSTART_CONFIG: bed.env["BLACKSTART_CONFIG"] });
  const second = await openLedger(other.reports, other.env);
  expect(second.key).not.toBe(ledger.key);
  expect(verifierKey(ledger.key.split("+")[0]!, ledgerKey(bed.env))).toBe(ledger.key);
  other.remove();
});
