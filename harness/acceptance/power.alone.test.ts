import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sweepUntilClean } from "../engine/sweep.ts";
import { drillText, openLab, reportOf, scenario, start, writeScenario } from "./lab.ts";
import { awaitNothingLeft, drill, loopsOf } from "./power-lab.ts";

const RECOVER = "when: { probe: db, fails: 3, every: 150ms, timeout: 150ms }";

describe("what a machine without power keeps is what was synced, and no more", () => {
  const lab = openLab();

  test("fsync on: not one acknowledged write is lost, and the settings promise it", async () => {
    const { code, result, account } = await drill(lab, scenario("postgres/power-loss-fsync-on"));
    expect(code, account).toBe(0);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: true } });
    expect(reportOf(lab, result).secondEstimate?.agrees).toBe(true);
  });

  test("fsync off: everything since the last write-out is lost, by both counts", async () => {
    const { code, result, account } = await drill(lab, scenario("postgres/power-loss-fsync-off"));
    expect(code, account).toBe(0);
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "suffix" }, guaranteed: { zeroLoss: false } });
    expect(result.lost.count).toBeGreaterThan(300);
    expect(result.guaranteed.why).toContain("fsync=off on db.primary");
    expect(reportOf(lab, result).secondEstimate?.agrees).toBe(true);
  });

  test("fsync off and the process is merely killed: nothing is lost, which is luck", async () => {
    const text = drillText({
      id: "sigkill-fsync-off",
      stack: "{ kind: postgres, settings: { fsync: off } }",
      steps: `  - { fault: process-crash, target: db.primary, at: { after: 1s } }
  - { recover: start, target: db.primary, ${RECOVER} }`,
    });
    const { code, result, account } = await drill(lab, writeScenario(lab, "sigkill-fsync-off", text));
    expect(code, account).toBe(0);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: false } });
    expect(reportOf(lab, result).luckyPass).toBe(true);
  });

  test("synchronous_commit off: the buffered tail is lost", async () => {
    const { code, result, account } = await drill(lab, scenario("postgres/power-loss-synchronous-commit-off"));
    expect(code, account).toBe(0);
    expect(result.lost.count).toBeGreaterThan(0);
    expect(reportOf(lab, result).secondEstimate?.agrees).toBe(true);
  });

  test.each([
    ["on", 0],
    ["off", 1],
  ])("fsync %s on XFS", async (fsync, code) => {
    const text = drillText({
      id: `xfs-fsync-${fsync}`,
      stack: `{ kind: postgres, settings: { fsync: ${fsync} } }`,
      steps: `  - { fault: power-loss, target: db.primary, filesystem: xfs, at: { after: 1s } }
  - { recover: start, target: db.primary, ${RECOVER} }`,
    });
    const ended = await drill(lab, writeScenario(lab, `xfs-fsync-${fsync}`, text));
    expect(ended.code, ended.account).toBe(code);
    expect(ended.result.lost.count > 0).toBe(fsync === "off");
  });
});

describe("any node, and more than once", () => {
  const lab = openLab();

  test("killed and started, then twice without power: still the same disk, and nothing is lost", async () => {
    const text = drillText({
      id: "power-lost-twice",
      stack: "{ kind: postgres }",
      steps: ["process-crash", "power-loss", "power-loss"]
        .map(
          (fault, i) => `  - { fault: ${fault}, as: blow-${i}, target: db.primary, at: { after: 3s } }
  - { recover: start, as: start-${i}, target: db.primary, ${RECOVER} }`,
        )
        .join("\n"),
    });
    const { code, result, account } = await drill(lab, writeScenario(lab, "power-lost-twice", text));
    expect(code, account).toBe(0);
    expect(result.lost.count).toBe(0);
  });

  test("the synchronous standby without power: writes wait until it is back, and none is lost", async () => {
    const text = drillText({
      id: "standby-power-loss",
      steps: `  - { fault: power-loss, target: db.standby, at: { after: 1s } }
  - { recover: start, target: db.standby, ${RECOVER} }`,
    });
    const { code, result, account } = await drill(lab, writeScenario(lab, "standby-power-loss", text));
    expect(code, account).toBe(0);
    expect(result.lost.count).toBe(0);
  });
});

describe("whatever ends a drill, no disk of it stays", () => {
  const file = scenario("postgres/power-loss-fsync-on");

  async function untilPhase(phase: string) {
    const lab = openLab();
    const going = start(lab, ["run", file]);
    await going.said(phase);
    return { ...going, name: readdirSync(lab.reports).find((name) => name !== "ledger")! };
  }

  test.each(["stack up", "effective: power-loss"])("SIGINT at: %s", async (phase) => {
    const { child, ended, name } = await untilPhase(phase);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(130);
    await awaitNothingLeft(name, 5_000);
  });

  test.each(["steady state", "effective: power-loss"])("kill -9 at: %s", async (phase) => {
    const { child, ended, name } = await untilPhase(phase);
    expect(loopsOf(name)).toHaveLength(1);
    child.kill("SIGKILL");
    await ended;
    await awaitNothingLeft(name, 20_000);
  });

  test("kill -9 of the drill and of its watcher: the sweep of what is labelled detaches the device too", async () => {
    const { child, ended, name } = await untilPhase("fault and recovery");
    const watcher = Number(spawnSync("pgrep", ["-f", `cli.ts watch ${name}`], { encoding: "utf8" }).stdout.trim());
    process.kill(watcher, "SIGKILL");
    child.kill("SIGKILL");
    await ended;
    expect(loopsOf(name)).toHaveLength(1);
    expect(await sweepUntilClean(name, 60_000)).toEqual([]);
    await awaitNothingLeft(name, 5_000);
  });
});
