import { describe, expect, test } from "vitest";
import { drilled, drillText, openLab, packOf, recount, reportOf, run, scenario, writeScenario } from "./lab.ts";

describe("drills that lose data are red, with the exact count", () => {
  const lab = openLab();

  test("asynchronous standby, replication cut 2 s, primary lost: fails as declared, and an independent count agrees", async () => {
    const { result } = await drilled(lab, "postgres/async-cut-then-loss");
    expect(result).toMatchObject({
      verdict: "fail",
      expect: "fail",
      lost: { shape: "suffix" },
      guaranteed: { zeroLoss: false },
    });
    expect(result.lost.count).toBeGreaterThan(300);
    expect(result.lost.walBytes).toBeGreaterThan(0);
  });

  test("the same drill that asks for a pass is a missed objective: exit 1", async () => {
    const file = writeScenario(
      lab,
      "async-asks-for-pass",
      drillText({
        id: "async-asks-for-pass",
        stack: "{ kind: postgres, standbys: [{ name: standby, replication: asynchronous }] }",
        steps: `  - { fault: partition, target: db.standby, peers: [db.primary], at: { after: 500ms } }
  - { fault: node-loss, target: db.primary, at: { after: 2s } }
  - { recover: promote, target: db.standby, when: { probe: db, fails: 3, every: 150ms, timeout: 150ms } }`,
      }),
    );
    const { code, results } = await run(lab, [file]);
    expect(code).toBe(1);
    expect(results[0]!.lost.count).toBe(recount(packOf(lab, results[0]!)));
  });

  test("synchronous_commit off and the server crashes: the buffered tail is lost, counted exactly", async () => {
    const { result } = await drilled(lab, "postgres/synchronous-commit-off-crash");
    expect(result.lost.count).toBeGreaterThan(0);
  });

  test("ANY 1 (a, b) and the one that did not confirm is promoted: fails with the exact count", async () => {
    const { result } = await drilled(lab, "postgres/any-one-of-two-wrong-standby");
    expect(result).toMatchObject({ verdict: "fail", guaranteed: { zeroLoss: false } });
    expect(result.lost.count).toBeGreaterThan(0);
  });
});

describe("what was not lost is told from what could not be lost", () => {
  const lab = openLab();

  test.each([
    ["FIRST 1 (a, b), and the confirming one is promoted", "postgres/first-one-of-two", true],
    ["synchronous_commit remote_write", "postgres/remote-write", false],
    ["synchronous_commit off and a planned restart", "postgres/synchronous-commit-off-restart", false],
    ["fsync off and the server crashes", "postgres/fsync-off-crash", false],
  ])("%s", async (_name, file, guaranteed) => {
    const { result, report } = await drilled(lab, file);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: guaranteed } });
    expect(report.luckyPass).toBe(!guaranteed);
  });

  test("a crash is noticed by its noise, a lost machine only by silence", async () => {
    const crash = await run(lab, [scenario("postgres/primary-process-crash"), "--seed", "1"]);
    const loss = await run(lab, [scenario("postgres/primary-node-loss"), "--seed", "1"]);
    const [crashed, lost] = [reportOf(lab, crash.results[0]!), reportOf(lab, loss.results[0]!)];
    const firstError = (report: typeof crashed) =>
      report.waterfall.find((mark) => mark.name === "first-error")!.at!.upperMs;
    console.log(
      `detection: process-crash ${crashed.detection!.upperMs.toFixed(0)} ms, node-loss ${lost.detection!.upperMs.toFixed(0)} ms; first error ${firstError(crashed).toFixed(0)} and ${firstError(lost).toFixed(0)} ms`,
    );
    expect(firstError(crashed)).toBeLessThan(firstError(lost));
  });
});
