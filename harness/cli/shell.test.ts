import { expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { commands } from "./commands.ts";
import { blackstart } from "./testing.ts";

const HINT = "  blackstart --help says what there is\n";

test("--help shows every command, examples and the exit codes", async () => {
  const { code, stdout, stderr } = await blackstart("--help");
  expect([code, stderr]).toEqual([0, ""]);
  expect([...commands.keys()].filter((name) => !stdout.includes(`blackstart ${name}`))).toEqual(["watch"]);
  expect(stdout).toContain("Examples:");
  for (const exit of [
    "0  objectives met",
    "2  usage",
    "3  inconclusive",
    "6    environment not ready",
    "130, 143  interrupted",
  ])
    expect(stdout).toContain(exit);
});

test("a command's own help has its options and the exit codes", async () => {
  const { code, stdout } = await blackstart("plan", "--help");
  expect(code).toBe(0);
  expect(stdout).toContain("--seed");
  expect(stdout).toContain("Exit codes:");
});

test("--version is the package's", async () => {
  expect(await blackstart("--version")).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: "" });
});

test.each<[string[], string]>([
  [[], `no command was given\n${HINT}`],
  [["validat"], "unknown command validat\n  did you mean validate?\n"],
  [["--reports", "r", "banana"], `unknown command banana\n${HINT}`],
  [["\u001b[31mred"], `unknown command \\u001b[31mred\n${HINT}`],
  [["validate", "--sed", "1"], "Unknown argument: sed\n  blackstart validate --help says what there is\n"],
  [["plan"], "Not enough non-option arguments: got 0, need at least 1\n  blackstart plan --help says what there is\n"],
  [["plan", "a.yaml", "b.yaml"], "Unknown argument: b.yaml\n  blackstart plan --help says what there is\n"],
  [
    ["plan", "a.yaml", "--seed", "x"],
    '--seed: found "x", expected one whole number from 0 to 4294967295\n  blackstart plan --help says what there is\n',
  ],
  [
    ["plan", "a.yaml", "--seed", "4294967296"],
    '--seed: found "4294967296", expected one whole number from 0 to 4294967295\n  blackstart plan --help says what there is\n',
  ],
  [
    ["plan", "a.yaml", "--seed", "1", "--seed", "2"],
    '--seed: found ["1","2"], expected one whole number from 0 to 4294967295\n  blackstart plan --help says what there is\n',
  ],
  [["plan", "a.yaml", "--set"], "Not enough arguments following: set\n  blackstart plan --help says what there is\n"],
  [["run"], "no scenario was named\n  name files or folders of scenarios, or --all-stores\n"],
  [
    ["validate", "--", "-x"],
    "nothing is read after --: -x\n  leave the -- out; write ./-x for a file that starts with a dash\n",
  ],
  [["validate", "--json=xml"], "--json=xml is no form of JSON\n  expected --json or --json=stream\n"],
  [
    ["list", "--reports", "a", "--reports", "b"],
    "--reports was given 2 times, expected once\n  blackstart list --help says what there is\n",
  ],
])("%j is a usage error that starts nothing", async (words, said) => {
  const { code, stdout, stderr } = await blackstart(...words);
  expect(stderr).toBe(said);
  expect(code).toBe(2);
  expect(stdout === "").toBe(!words.includes("--json=xml"));
});

test("with --json an error is a document on stdout", async () => {
  const { code, stdout, stderr } = await blackstart("plan", "nowhere.yaml", "--json");
  expect(code).toBe(2);
  expect(stderr).toContain("nowhere.yaml: there is no such file");
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "blackstart/error/v1",
    exitCode: 2,
    problems: [{ file: "nowhere.yaml", line: null, message: "there is no such file" }],
  });
});

test("--json does not swallow the word after it", async () => {
  const { code, stdout } = await blackstart("plan", "--json", "scenarios/postgres/primary-node-loss.yaml");
  expect([code, JSON.parse(stdout).schema]).toEqual([0, "blackstart/plan/v1"]);
});

test("completion prints a script and offers the commands", async () => {
  expect((await blackstart("completion")).stdout).toContain("_blackstart_yargs_completions");
  expect((await blackstart("--get-yargs-completions", "blackstart", "val")).stdout.split("\n")).toContain("validate");
});
