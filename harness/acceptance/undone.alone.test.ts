import { readdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { labelled, type Lab, linesOf, openLab, run, scenario, start } from "./lab.ts";

const runsIn = (lab: Lab): string[] => readdirSync(lab.reports).filter((name) => name !== "ledger");
const ledgerOf = (lab: Lab) =>
  linesOf<{ kind: string; run: string }>(path.join(lab.reports, "ledger", "entries.jsonl"));

async function awaitNothingLeft(run: string, limitMs: number): Promise<number> {
  const startMs = performance.now();
  while (labelled(run).length > 0) {
    if (performance.now() - startMs > limitMs)
      throw new Error(`after ${limitMs} ms there is still ${labelled(run).join(" ")}`);
    await sleep(200);
  }
  return performance.now() - startMs;
}

describe("whatever ends a drill, nothing of it stays", () => {
  test.each(["stack up", "steady state", "fault and recovery", "settle"])("SIGINT during: %s", async (phase) => {
    const lab = openLab();
    const drill = start(lab, ["run", scenario("postgres/primary-node-loss")]);
    await drill.said(phase);
    drill.child.kill("SIGINT");
    const { code, stderr } = await drill.ended;
    expect(code, stderr).toBe(130);
    for (const run of runsIn(lab)) expect(labelled(run)).toEqual([]);
    expect(ledgerOf(lab).map((entry) => entry.kind)).toEqual(["intent", "aborted"]);
  });

  test("SIGINT while everything is read back, which takes a tenth of a second: rolled back or just completed", async () => {
    const lab = openLab();
    const drill = start(lab, ["run", scenario("postgres/primary-node-loss")]);
    await drill.said("read everything back");
    drill.child.kill("SIGINT");
    const { code, stderr } = await drill.ended;
    expect([130, 0], stderr).toContain(code);
    for (const run of runsIn(lab)) expect(labelled(run)).toEqual([]);
    expect(ledgerOf(lab).map((entry) => entry.kind)).toEqual(["intent", code === 130 ? "aborted" : "result"]);
  });

  test.each(["stack up", "fault and recovery"])(
    "kill -9 during %s: swept within 15 s, and the run is closed as crashed",
    async (phase) => {
      const lab = openLab();
      const drill = start(lab, ["run", scenario("postgres/primary-node-loss")]);
      await drill.said(phase);
      const [name] = runsIn(lab);
      drill.child.kill("SIGKILL");
      await drill.ended;
      await awaitNothingLeft(name!, 15_000);
      const endMs = performance.now() + 15_000;
      while (ledgerOf(lab).length < 2 && performance.now() < endMs) await sleep(100);
      expect(ledgerOf(lab).map((entry) => entry.kind)).toEqual(["intent", "crashed"]);
    },
  );

  test("two drills at once never touch each other", async () => {
    const lab = openLab();
    const [one, other] = await Promise.all([
      run(lab, [scenario("postgres/primary-node-loss")]),
      run(lab, [scenario("postgres/primary-process-crash")]),
    ]);
    expect([one.code, other.code], one.stderr + other.stderr).toEqual([0, 0]);
    expect(one.results[0]!.run).not.toBe(other.results[0]!.run);
    for (const result of [...one.results, ...other.results]) expect(labelled(result.run)).toEqual([]);
  });
});
