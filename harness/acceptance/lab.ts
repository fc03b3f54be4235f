import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "vitest";
import type { Report, Result } from "../report.ts";
import type { Finding } from "../verdict.ts";

/** What the acceptance tests share: the real command line on real containers, in a reports folder and with keys of their own. */
const ROOT = path.join(import.meta.dirname, "..", "..");
export const scenario = (name: string): string => path.join(ROOT, "scenarios", `${name}.yaml`);

export interface Lab {
  readonly dir: string;
  readonly reports: string;
  readonly env: NodeJS.ProcessEnv;
}

export function openLab(): Lab {
  const dir = mkdtempSync(path.join(tmpdir(), "blackstart-test-"));
  return {
    dir,
    reports: path.join(dir, "reports"),
    env: { ...process.env, BLACKSTART_CONFIG: path.join(dir, "config"), NO_COLOR: "1" },
  };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the line shows on stdout or stderr. */
  said(text: string | RegExp): Promise<void>;
}

/** Starts the command line as a user would, without a terminal. */
export function start(lab: Lab, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [path.join(ROOT, "harness", "cli.ts"), ...args, "--reports", lab.reports], {
    env: { ...lab.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  let changed: (() => void)[] = [];
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      for (const look of changed) look();
    });
  }
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, ...texts })));
  const said = (text: string | RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        const all = texts.stdout + texts.stderr;
        if (typeof text === "string" ? !all.includes(text) : !text.test(all)) return;
        changed = changed.filter((other) => other !== look);
        resolve();
      };
      changed.push(look);
      void ended.then(({ code }) =>
        reject(new Error(`ended with ${code} before it said ${String(text)}:\n${texts.stderr}`)),
      );
      look();
    });
  return { child, ended, said };
}

export interface Ran extends Ended {
  readonly results: Result[];
  /** For the message of a test that fails: the findings that did not pass, then what was said. They come first, for it may be cut. */
  readonly account: string;
}

/** Runs drills to their end; the results as a program gets them. */
export async function run(lab: Lab, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const ended = await start(lab, ["run", ...args, "--json"], env).ended;
  const data = ended.stdout.trim() === "" ? [] : (JSON.parse(ended.stdout) as Result | Result[]);
  const results = Array.isArray(data) ? data : [data];
  const found = results.flatMap(({ reasons }) => reasons ?? []).filter(({ verdict }) => verdict !== "pass");
  const lines = found.map(({ check, verdict, detail }) => `${check} ${verdict}: ${detail}\n`);
  return { ...ended, results, account: `\n${lines.join("")}${ended.stderr}` };
}

export interface Drilled {
  readonly result: Result;
  readonly report: Report;
  /** Its folder. */
  readonly pack: string;
}

/**
 * One drill that ends as its scenario declares: exit 0, its loss counted again with the standard tools, store by store, and by the
 * second estimate.
 */
export const drilled = (lab: Lab, name: string, args: readonly string[] = []): Promise<Drilled> =>
  drilledWith(lab, [scenario(name), ...args]);

export async function drilledWith(lab: Lab, args: readonly string[]): Promise<Drilled> {
  const { code, results, account } = await run(lab, args);
  const [result] = results;
  expect(code, account).toBe(0);
  const [pack, report] = [packOf(lab, result!), reportOf(lab, result!)];
  for (const [store, count] of Object.entries(result!.lost.byStore)) expect(recount(pack, store), store).toBe(count);
  expect(recount(pack)).toBe(result!.lost.count);
  expect(report.secondEstimate?.agrees).toBe(true);
  return { result: result!, report, pack };
}

/** What a check found; that it was not asked is an error of the test. */
export function findingOf({ reasons }: Result, check: string): Finding {
  const found = reasons.find((reason) => reason.check === check);
  if (!found) throw new Error(`no finding of ${check}: ${reasons.map((reason) => reason.check).join(", ")}`);
  return found;
}

export const words = (result: Result, check: string): string => findingOf(result, check).detail;

export const reportOf = (lab: Lab, result: Result): Report =>
  JSON.parse(readFileSync(path.join(packOf(lab, result), "views", "report.json"), "utf8")) as Report;
export const packOf = (lab: Lab, result: Result): string => path.join(lab.reports, result.run);
export const linesOf = <T>(file: string): T[] =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);

/** A text that a step kept in the pack, by the end of its name. */
export function keptIn(pack: string, name: string): string {
  const folder = path.join(pack, "raw", "output");
  const file = readdirSync(folder).find((one) => one.endsWith(name));
  if (!file) throw new Error(`no ${name} in ${folder}`);
  return readFileSync(path.join(folder, file), "utf8");
}

export const factsIn = (pack: string) =>
  linesOf<{ at: string; node: string; values: Record<string, string> }>(path.join(pack, "raw", "facts.jsonl"));

const acknowledgedIn = (pack: string): string[] =>
  linesOf<{ op: string; outcome: string }>(path.join(pack, "raw", "operations.jsonl"))
    .filter(({ outcome }) => outcome === "ok")
    .map(({ op }) => op);

/** The acknowledged operations that were not read back. */
export function absentIn(pack: string): string[] {
  const present = new Set(linesOf<{ op: string }>(path.join(pack, "raw", "recovered.jsonl")).map(({ op }) => op));
  return acknowledgedIn(pack).filter((op) => !present.has(op));
}

/** What stood in the damaged bytes, as the fault read it out of the page itself; only what was acknowledged. */
export function struckIn(pack: string): { damaged: string[]; beside: string[] } {
  const acknowledged = new Set(acknowledgedIn(pack));
  const lines = keptIn(pack, "-elements.txt")
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));
  const ofKind = (kind: string): string[] =>
    lines.flatMap(([is, op = ""]) => (is === kind && acknowledged.has(op) ? [op] : []));
  return { damaged: ofKind("damaged"), beside: ofKind("beside") };
}

/**
 * Counts the loss with the standard tools alone, as section 7 of the contract promises: acknowledged by a store, and not read back
 * from it. `store` counts that one alone.
 */
export function recount(packDir: string, store = ""): number {
  const script = `set -eu; cd "$1/raw"; export LC_ALL=C
    jq -r --arg store "$3" 'select(.outcome == "ok" and ($store == "" or .store == $store)) | [.store, .op] | @tsv' operations.jsonl |
      sort > "$2/acknowledged"
    jq -r '[.store, .op] | @tsv' recovered.jsonl | sort -u > "$2/present"
    comm -23 "$2/acknowledged" "$2/present" | wc -l`;
  const scratch = mkdtempSync(path.join(tmpdir(), "blackstart-recount-"));
  const counted = spawnSync("sh", ["-c", script, "sh", packDir, scratch, store], { encoding: "utf8" });
  if (counted.status !== 0) throw new Error(`the recount failed: ${counted.stderr}`);
  return Number(counted.stdout.trim());
}

/** Ids of everything on the engine that carries a run's label. */
export function labelled(run?: string): string[] {
  const label = run ? `label=blackstart.run=${run}` : "label=blackstart.run";
  return [
    ["ps", "-aq", "--filter", label],
    ["volume", "ls", "-q", "--filter", label],
    ["network", "ls", "-q", "--filter", label],
  ].flatMap((args) => spawnSync("docker", args, { encoding: "utf8" }).stdout.split("\n").filter(Boolean));
}

/** A scenario of the test's own; `text` replaces nothing, it is the whole file. */
export function writeScenario(lab: Lab, name: string, text: string): string {
  const file = path.join(lab.dir, `${name}.yaml`);
  writeFileSync(file, text);
  return file;
}

/** The standard drill with other words for its parts. */
export const drillText = (parts: {
  id: string;
  stack?: string;
  workload?: string;
  steps: string;
  rest?: string;
}): string => `
id: ${parts.id}
title: ${parts.id.replaceAll("-", " ")}
covers: [A1]
objectives: { recoveryTime: 20s, lostWrites: 0, detection: 1s }
stack:
  db: ${parts.stack ?? "{ kind: postgres, version: 17, standbys: [{ name: standby, replication: synchronous }] }"}
workload:
  - ${parts.workload ?? "{ kind: ledger, target: db, rate: 300/s, connections: 8 }"}
steadyState: { hold: 1s, errors: 0, timeout: 10s }
steps:
${parts.steps}
settle: 2s
verify: [no-lost-writes, balances, checksums, amcheck]
${parts.rest ?? "expect: pass"}
`;
