import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { problemsOf, SOUND, soundBut } from "./testing.ts";

const TOO_DEEP = /^x\.yaml:\d+:\d+: nested too deeply, expected at most 32 levels$/;

/** Of this thread alone: whatever else keeps the machine busy is no slowness of the reader. */
const cpuMsSince = (start: NodeJS.CpuUsage): number => process.threadCpuUsage(start).user / 1_000;

test.each([
  ["brackets", "["],
  ["braces", "{"],
  ["both", "[{a: "],
  ["dashes", "- "],
  ["question marks", "? "],
  ["colons", "a: "],
])("60 kB of %s are refused at once", async (_name, text) => {
  const start = process.threadCpuUsage();
  expect(await problemsOf(text.repeat(60_000 / text.length))).toEqual([expect.stringMatching(TOO_DEEP)]);
  expect(cpuMsSince(start)).toBeLessThan(1_000);
});

test("300 kB are refused unread", async () => {
  expect(await problemsOf("[".repeat(300_000))).toEqual(["x.yaml:1:1: too large, expected at most 65,536 bytes"]);
});

test.each([
  ["commas in a list", `[${",".repeat(60_000)}`],
  ["closing brackets", "]".repeat(60_000)],
  ["anchors", "&a ".repeat(20_000)],
  ["keys", Array.from({ length: 8_000 }, (_, i) => `k${i}: 1`).join("\n")],
  ["the same key", "k: 1\n".repeat(12_000)],
  ["indentation", Array.from({ length: 340 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
  ["documents", "---\n".repeat(15_000)],
])("60 kB of %s neither hang nor overflow, and are told in at most 201 lines", async (_name, text) => {
  const start = process.threadCpuUsage();
  const lines = await problemsOf(text);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThanOrEqual(201);
  expect(cpuMsSince(start)).toBeLessThan(15_000);
});

test("aliases that copy aliases end soon, and one that holds itself too", async () => {
  const bomb = "a: &a [1, 1, 1]\nb: &b [*a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c]\n";
  expect(await problemsOf(bomb)).toContainEqual(
    expect.stringMatching(/^x\.yaml:\d+:\d+: \S+: too many copies by aliases, expected at most 32$/),
  );
  expect(await problemsOf("a: &a { b: *a }\n")).toContainEqual(
    expect.stringMatching(/too many copies by aliases|nested too deeply/),
  );
});

test("an honest alias is followed, and its problem is said where it stands", async () => {
  const twice = soundBut([
    "- { kind: ledger, target: db, rate: 300/s }",
    "- &load { kind: ledger, target: db, rate: 300/s }\n  - *load",
  ]);
  expect(await problemsOf(twice)).toEqual([]);
  expect(await problemsOf(twice.replace("300/s", "300"))).toEqual([
    "x.yaml:6:45: workload[0].rate: found 300, expected a rate with a unit, such as 500/s",
    "x.yaml:6:45: workload[1].rate: found 300, expected a rate with a unit, such as 500/s",
  ]);
});

test.each([
  [
    "a tag",
    soundBut(["title: Something happens", "title: !!str Something"]),
    'x.yaml:2:14: title: the tag "tag:yaml.org,2002:str", expected values without tags',
  ],
  [
    "a custom tag",
    soundBut(["title: Something happens", "title: !secret x"]),
    'x.yaml:2:16: title: the tag "!secret", expected values without tags',
  ],
  [
    "a directive",
    `%YAML 1.1\n---\n${SOUND}`,
    "x.yaml:1:1: a %YAML directive, expected plain YAML 1.2 without directives",
  ],
  [
    "a second document",
    `${SOUND}---\nid: y\n`,
    "x.yaml:12:1: more than one YAML document, expected one document a file",
  ],
  [
    "a key twice",
    `${SOUND}settle: 1s\nsettle: 2s\n`,
    "x.yaml:13:1: settle: the same key a second time, expected each key once",
  ],
  [
    "a key twice in a step",
    soundBut(["target: db.primary }", "target: db.primary, target: db }"]),
    "x.yaml:8:45: steps[0].target: the same key a second time, expected each key once",
  ],
  [
    "a number as a key",
    `${SOUND}1: 2\n`,
    "x.yaml:12:1: a key that is no text; put it in quotes if it only looks like a number",
  ],
  [
    "a list as a key",
    `${SOUND}? [a]\n: 2\n`,
    "x.yaml:12:3: a key that is no text; put it in quotes if it only looks like a number",
  ],
  [
    "an alias without an anchor",
    soundBut(["title: Something happens", "title: *x"]),
    'x.yaml:2:8: title: no anchor "x" before this alias',
  ],
  [
    "an inexact number",
    soundBut([
      "replication: synchronous }]",
      "replication: synchronous }], settings: { work_mem: 12345678901234567890 }",
    ]),
    "x.yaml:4:104: stack.db.settings.work_mem: a number that cannot be kept exactly; put it in quotes if it is text",
  ],
  [
    "no number",
    soundBut(["rate: 300/s", "rate: 300/s, transfers: .nan"]),
    "x.yaml:6:57: workload[0].transfers: a number that cannot be kept exactly; put it in quotes if it is text",
  ],
  ["a tab as indentation", soundBut(["  - { fault", "\t- { fault"]), "x.yaml:8:1: Tabs are not allowed as indentation"],
  [
    "an open quote",
    soundBut(["title: Something happens", 'title: "Something']),
    expect.stringMatching(/^x\.yaml:\d+:\d+: Missing closing "quote$/),
  ],
  ["nothing", "", "x.yaml:1:1: nothing in it, expected a map"],
  ["only a comment", "# hello\n", "x.yaml:1:1: nothing in it, expected a map"],
  ["a list", "- 1\n", expect.stringMatching(/^x\.yaml:1:1: found a list of 1, expected a map with id, /)],
  ["a text", "hello\n", expect.stringMatching(/^x\.yaml:1:1: found "hello", expected a map with id, /)],
])("%s is refused with its place", async (_name, text, said) => {
  expect(await problemsOf(text)).toContainEqual(said);
});

test.each([
  [
    "an escape sequence",
    soundBut(["title: Something", "title: \u001b[31mSomething"]),
    "x.yaml:2:8: found the control character U+001B, expected plain text in UTF-8",
  ],
  [
    "NUL",
    soundBut(["happens", "hap\u0000pens"]),
    "x.yaml:2:21: found the control character U+0000, expected plain text in UTF-8",
  ],
  [
    "a C1 control",
    soundBut(["happens", "\u009b31m"]),
    "x.yaml:2:18: found the control character U+009B, expected plain text in UTF-8",
  ],
  [
    "a bare carriage return",
    soundBut(["happens", "\rhappens"]),
    "x.yaml:2:18: found the control character U+000D, expected plain text in UTF-8",
  ],
  [
    "text that runs backwards",
    soundBut(["happens", "\u202esneppah"]),
    "x.yaml:2:18: found the control character U+202E, expected plain text in UTF-8",
  ],
  [
    "an escaped control character",
    soundBut(["title: Something happens", 'title: "\\x1b[31mred"']),
    "x.yaml:2:8: title: the control character U+001B, expected text without it",
  ],
  ["one in a name", soundBut(["db: {", '"d\\x07b": {']), "x.yaml:4:3: stack: a key with the control character U+0007"],
  [
    "one in a value",
    soundBut(["target: db.primary", 'target: "db.\\u009bprimary"']),
    "x.yaml:8:33: steps[0].target: the control character U+009B, expected text without it",
  ],
])("%s is refused and named, never repeated", async (_name, text, said) => {
  const lines = await problemsOf(text);
  expect(lines[0]).toBe(said);
  expect(lines.join("\n")).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

test("a refused value is not called missing or wrong as well", async () => {
  expect(
    await problemsOf(soundBut(["fault: node-loss", 'fault: "\\e[2J"'], ["verify: [no", 'verify: ["\\e", no'])),
  ).toEqual([
    "x.yaml:8:14: steps[0].fault: the control character U+001B, expected text without it",
    "x.yaml:10:10: verify[0]: the control character U+001B, expected text without it",
  ]);
});

test("a binary file is refused", async () => {
  const lines = await problemsOf((await readFile(process.execPath)).subarray(0, 5_000));
  expect(lines).toEqual([
    expect.stringMatching(
      /^x\.yaml:1:\d+: found the control character U\+\w{4} and [\d,]+ more, expected plain text in UTF-8$/,
    ),
  ]);
});

test("bytes that are no UTF-8 are refused at their place", async () => {
  const text = Buffer.concat([Buffer.from("id: sound\ntitle: h\u00e9"), Buffer.from([0xff]), Buffer.from("\n")]);
  expect(await problemsOf(text)).toEqual(["x.yaml:2:10: not UTF-8, expected plain text in UTF-8"]);
});

test("a byte order mark, CRLF and text of every script are fine", async () => {
  expect(
    await problemsOf(`\ufeff${soundBut(["Something happens", "Eine Übung — 演習"]).replaceAll("\n", "\r\n")}`),
  ).toEqual([]);
});
