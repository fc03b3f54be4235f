import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { SuiteOutcome } from "../suite/outcome.ts";
import { labelled, openLab, scenario, start } from "./lab.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");

/** A suite of its own in the lab's folder: the standard drill twice, and the control that must lose. */
function smallSuite(dir: string, drills: readonly string[], covers: string): string {
  mkdirSync(path.join(dir, "scenarios", "postgres"), { recursive: true });
  mkdirSync(path.join(dir, "scenarios", "suites"));
  for (const name of ["primary-node-loss", "async-cut-then-loss"])
    copyFileSync(scenario(`postgres/${name}`), path.join(dir, "scenarios", "postgres", `${name}.yaml`));
  const file = path.join(dir, "scenarios", "suites", "small.yaml");
  writeFileSync(
    file,
    `id: small\ntitle: Two scenarios\ndrills:\n${drills.map((drill) => `  - ${drill}\n`).join("")}covers: [${covers}]\n`,
  );
  return file;
}

const foldersOf = (reports: string): string[] =>
  existsSync(reports) ? readdirSync(reports).filter((name) => name.startsWith("suite-")) : [];

describe("a suite", () => {
  test("that was killed is taken up again: what ended stays, what was under way is drilled anew, and all of it counts", async () => {
    const lab = openLab();
    const suite = smallSuite(
      lab.dir,
      ["{ drill: postgres/async-cut-then-loss }", "{ drill: postgres/primary-node-loss }"],
      "A2, A3",
    );
    const first = start(lab, ["run", "--suite", suite, "--jobs", "1"]);
    await first.said("postgres-async-cut-then-loss-1: exit 0, fail");
    first.child.kill("SIGKILL");
    await first.ended;
    const folder = path.join(lab.reports, foldersOf(lab.reports)[0]!);
    expect(existsSync(path.join(folder, "suite.json"))).toBe(false);

    const second = await start(lab, ["run", "--suite", suite, "--jobs", "1", "--resume", "--json"]).ended;
    const outcome = JSON.parse(second.stdout) as SuiteOutcome;
    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr).toContain("small: 1 of 2 drills to run");
    expect(outcome).toMatchObject({ resumed: 1, exitCode: 0, coverage: { required: ["A2", "A3"], missing: [] } });
    expect(outcome.drills.map(({ key, verdict }) => [key, verdict])).toEqual([
      ["postgres-async-cut-then-loss-1", "fail"],
      ["postgres-primary-node-loss-1", "pass"],
    ]);
    expect(readFileSync(path.join(folder, "junit.xml"), "utf8")).toContain('tests="3" failures="0" errors="0"');
    expect(existsSync(path.join(folder, "suite.json"))).toBe(true);
    for (const { run } of outcome.drills) expect(labelled(run!)).toEqual([]);
    const again = await start(lab, ["run", "--suite", suite, "--resume"]).ended;
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("came to its end")]);
  });
});

/** Runs the action's own steps as a runner would: each `run` in bash, with the inputs and files that it is given. */
function runAction(inputs: Readonly<Record<string, string>>, dir: string, env: NodeJS.ProcessEnv) {
  const action = parse(readFileSync(path.join(ROOT, "action.yml"), "utf8")) as {
    inputs: Record<string, { default?: string }>;
    runs: { steps: { name: string; if?: string; run: string; env?: Record<string, string> }[] };
  };
  const given: Record<string, string> = Object.fromEntries(
    Object.entries(action.inputs).map(([name, { default: value = "" }]) => [name, inputs[name] ?? value]),
  );
  const filled = (text: string): string =>
    text.replace(/\$\{\{ inputs\.([a-z-]+) \}\}/g, (_, name: string) => given[name]!);
  const files = { GITHUB_OUTPUT: path.join(dir, "output"), GITHUB_STEP_SUMMARY: path.join(dir, "summary.md") };
  const ended = action.runs.steps
    .filter(({ if: condition }) => {
      const [, name = "", wanted = ""] = /^inputs\.([a-z-]+) == '(.*)'$/.exec(condition ?? "") ?? [];
      return condition === undefined || given[name] === wanted;
    })
    .map((step) => {
      const own = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, filled(value)]));
      const { status, stdout, stderr } = spawnSync("bash", ["-e", "-c", step.run], {
        encoding: "utf8",
        env: { ...env, ...files, ...own, GITHUB_ACTION_PATH: ROOT },
        maxBuffer: 1e8,
      });
      return { name: step.name, status, stdout, stderr };
    });
  return { ended, files };
}

test("the GitHub action drills and then shuts its gate on development evidence, with an annotation, a summary and JUnit", () => {
  const lab = openLab();
  const suite = smallSuite(lab.dir, ["{ drill: postgres/primary-node-loss }"], "A3");
  const key = path.join(lab.dir, "config", "development.pub.pem");
  const { ended, files } = runAction({ suite, "public-key": key, reports: lab.reports }, lab.dir, lab.env);
  expect(ended.map(({ name, status }) => [name, status])).toEqual([
    ["Make ready", 0],
    ["Drill", 0],
    ["Gate", 1],
  ]);
  const [, drill, gate] = ended;
  expect(drill!.stdout).toContain("1 of 1 drills ended as declared");
  expect(gate!.stdout).toContain("The gate is shut: 0 of 1 required scenarios of small hold");
  expect(gate!.stderr).toMatch(/^::error title=postgres-primary-node-loss%3A class::/m);
  expect(readFileSync(files.GITHUB_STEP_SUMMARY, "utf8")).toContain("## Drill gate: shut");
  const junit = /^junit=(.+)$/m.exec(readFileSync(files.GITHUB_OUTPUT, "utf8"))![1]!;
  expect(readFileSync(junit, "utf8")).toContain('failures="1"');
});
