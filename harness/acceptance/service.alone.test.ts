import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { analyzePack } from "../analyze.ts";
import { drilled, labelled, linesOf, openLab, scenario, start } from "./lab.ts";

const SCENARIO = "cross/service-primary-loss";

/** k6's own lines of one sort, counted with the standard tools alone. `filter` is jq's. */
function countLines(packDir: string, sort: "sent" | "ended", filter = "true"): number {
  const script = `grep '^{"k6":"${sort}"' "$1/raw/requests-users.txt" | jq -c 'select(${filter})' | wc -l`;
  const counted = spawnSync("sh", ["-eu", "-c", script, "sh", packDir], { encoding: "utf8" });
  if (counted.status !== 0 || counted.stderr !== "") throw new Error(`the count failed: ${counted.stderr}`);
  return Number(counted.stdout.trim());
}

const subjectsOf = (packDir: string): string[] => {
  const bundle = JSON.parse(readFileSync(path.join(packDir, "report.sigstore.json"), "utf8")) as {
    dsseEnvelope: { payload: string };
  };
  const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, "base64").toString()) as {
    subject: { name: string }[];
  };
  return statement.subject.map(({ name }) => name);
};

describe("a primary is lost under an order service", () => {
  const lab = openLab();

  test("no promised order is lost, and the report counts the users' requests as k6 said them", async () => {
    const { result, report, pack } = await drilled(lab, SCENARIO);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, phantom: 0, duplicated: 0, mutated: 0 });

    const users = report.users!;
    const [sent, ended] = [countLines(pack, "sent"), countLines(pack, "ended")];
    expect(users.requests).toBe(ended);
    expect(users.underWayAtTheEnd).toBe(sent - ended);
    expect(users.failed).toBe(countLines(pack, "ended", ".status != 201"));
    expect(users.failed).toBeGreaterThan(5);
    for (const { status, perBucket } of users.statuses.counts)
      expect(perBucket.reduce((a, b) => a + b)).toBe(countLines(pack, "ended", `.status == ${status}`));
    expect(countLines(pack, "ended", `(.error // "") | endswith("canceled")`)).toBe(0); // broken off by the end of the load, not by an outage
    expect(result.operations.invoked).toBe(3 * sent);
    expect(linesOf(path.join(pack, "raw", "operations.jsonl"))).toHaveLength(3 * sent);

    // Users are served again, a few requests more or less, by the time that the drill says; it also waits for the probes.
    const { outage, goodAgainMs, firstFailedMs } = users;
    expect(firstFailedMs).toBeGreaterThan(-1_000);
    expect(goodAgainMs).toBeLessThan(result.recoveryTime!.upperMs + 200);
    expect(outage!.lowerMs).toBeGreaterThan(0);
    console.log(
      `users: ${users.failed} of ${users.requests} failed, ${outage!.lowerMs.toFixed(0)} to ${outage!.upperMs.toFixed(0)} ms; recovery ${result.recoveryTime!.lowerMs.toFixed(0)} to ${result.recoveryTime!.upperMs.toFixed(0)} ms`,
    );

    expect(subjectsOf(pack)).toEqual(
      expect.arrayContaining(["raw/requests-users.txt", "raw/requests-users.clock.jsonl"]),
    );
    expect(labelled(result.run)).toEqual([]);

    // The same record without one line of k6 proves nothing.
    const copy = path.join(lab.dir, "copy");
    cpSync(pack, copy, { recursive: true });
    const file = path.join(copy, "raw", "requests-users.txt");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^\{"k6":"sent","op":"users-17".*\n/m, ""));
    const changed = await analyzePack(copy);
    expect(changed).toMatchObject({ verdict: "unknown", exitCode: 3 });
    expect(changed.reasons.find(({ check }) => check === "record")?.detail).toMatch(/1 of \d+ orders are missing/);
  });
});

test("kill -9 of the harness leaves no k6 and no order service", async () => {
  const lab = openLab();
  const drill = start(lab, ["run", scenario(SCENARIO)]);
  await drill.said("fault and recovery");
  const [name] = readdirSync(lab.reports).filter((entry) => entry !== "ledger");
  const service = childrenOf(drill.child.pid!, "order-service/main.ts");
  expect(service).toHaveLength(1);
  expect(containers(name!, "-users")).toHaveLength(1);
  drill.child.kill("SIGKILL");
  await drill.ended;
  const endMs = performance.now() + 20_000;
  while ((labelled(name).length > 0 || isRunning(service[0]!)) && performance.now() < endMs) await sleep(100);
  expect(labelled(name)).toEqual([]);
  expect(isRunning(service[0]!)).toBe(false);
});

function childrenOf(parent: number, words: string): number[] {
  const { stdout } = spawnSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null && Number(found[2]) === parent && found[3]!.includes(words))
    .map((found) => Number(found![1]));
}

const containers = (run: string, suffix: string): string[] =>
  spawnSync("docker", ["ps", "--filter", `label=blackstart.run=${run}`, "--format", "{{.Names}}"], { encoding: "utf8" })
    .stdout.split("\n")
    .filter((name) => name.endsWith(suffix));

/** A child that nobody waited for is a zombie until its new parent does; it runs no more. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.trim().startsWith("Z");
}
