import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openJournal, readJournal } from "./journal.ts";

let dir: string;
let text: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "blackstart-journal-"));
  const journal = openJournal(join(dir, "events.jsonl"));
  journal.append("run-started", { run: "r", scenario: "s", seed: 1 });
  journal.append("note", { text: "\u2014 not ASCII, \n and a newline" }, 123_456_789_012_345_678n);
  journal.append("note", { text: "third" });
  journal.flush();
  journal.append("run-ended", { outcome: "completed" });
  journal.close();
  text = readFileSync(join(dir, "events.jsonl"), "utf8");
});
afterAll(() => rmSync(dir, { recursive: true }));

const lines = (): string[] => text.trimEnd().split("\n");
const joined = (all: string[]): string => all.map((line) => `${line}\n`).join("");

test("events come back as they were written, instants exact beyond 2^53", () => {
  const { events, defects } = readJournal(text);
  expect(defects).toEqual([]);
  expect(events.map((event) => event.kind)).toEqual(["run-started", "note", "note", "run-ended"]);
  expect(events[1]).toMatchObject({
    seq: 1,
    ns: 123_456_789_012_345_678n,
    data: { text: "\u2014 not ASCII, \n and a newline" },
  });
});

test("the chain can be checked with sha256sum and jq alone", () => {
  const script = `head -n 1 events.jsonl | tr -d '\\n' | sha256sum | cut -c 1-64; sed -n 2p events.jsonl | jq -r .prev`;
  const [hash, prev] = execFileSync("sh", ["-c", script], { cwd: dir, encoding: "utf8" }).trim().split("\n");
  expect(hash).toBe(prev);
});

test("a journal is never written over", () => {
  expect(() => openJournal(join(dir, "events.jsonl"))).toThrow(/EEXIST/);
});

test.each<[string, () => string, RegExp]>([
  ["an event edited", () => text.replace("third", "Third"), /line 4: the chain is broken/],
  ["an event removed", () => joined(lines().toSpliced(1, 1)), /line 2: the chain is broken/],
  [
    "an event removed: the gap",
    () => joined(lines().toSpliced(1, 1)),
    /line 2: sequence gap, 1 was expected and 2 is there/,
  ],
  ["events swapped", () => joined([lines()[0]!, lines()[2]!, lines()[1]!, lines()[3]!]), /line 2: the chain is broken/],
  ["an event twice", () => joined([...lines(), lines()[3]!]), /line 5: the chain is broken/],
  ["the last line cut off", () => text.slice(0, -20), /line 4 is cut off/],
  ["the last line gone", () => joined(lines().slice(0, -1)), /no run-ended/],
  ["an unknown kind", () => text.replace('"kind":"note"', '"kind":"nope"'), /line 2 is not an event/],
  ["a kind of Object's", () => text.replace('"kind":"note"', '"kind":"constructor"'), /line 2 is not an event/],
  ["an instant that is no number", () => text.replace(/"ns":"\d+"/, '"ns":"1e9"'), /line 1 is not an event/],
  ["binary", () => "\u0000\u0001\n", /line 1 is not an event/],
  ["an array", () => "[]\n", /line 1 is not an event/],
  ["null", () => "null\n", /line 1 is not an event/],
  ["nothing at all", () => "", /no run-ended/],
])("%s is noticed", (_what, damaged, defect) => {
  expect(readJournal(damaged()).defects.join("\n")).toMatch(defect);
});

test("the first bad line does not hide what follows", () => {
  const { events } = readJournal(text.replace(lines()[1]!, "garbage"));
  expect(events.map((event) => event.seq)).toEqual([0, 2, 3]);
});
