import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../report.ts";
import { labelled, type Lab, linesOf, openLab, packOf, recount, reportOf, run, scenario, start } from "./lab.ts";

const REPEATS = 3;

describe("the primary's machine is lost and the synchronous standby takes over", () => {
  const lab: Lab = openLab();
  let ended: Awaited<ReturnType<typeof run>>;
  let reports: Report[];

  beforeAll(async () => {
    ended = await run(lab, [scenario("postgres/primary-node-loss"), "--repeat", String(REPEATS)]);
    reports = ended.results.map((result) => reportOf(lab, result));
  });

  test("every drill passes with no acknowledged write lost, and so says a count with jq, sort and comm", () => {
    expect(ended.code, ended.account).toBe(0);
    expect(ended.results).toHaveLength(REPEATS);
    for (const result of ended.results) {
      expect(result.reasons.filter((reason) => reason.verdict !== "pass")).toEqual([]);
      expect(result).toMatchObject({
        verdict: "pass",
        lost: { count: 0, shape: "none" },
        phantom: 0,
        duplicated: 0,
        mutated: 0,
        guaranteed: { zeroLoss: true },
      });
      expect(result.operations.acknowledged).toBeGreaterThan(1_000);
      expect(result.operations.indeterminate).toBeGreaterThan(0);
      expect(recount(packOf(lab, result))).toBe(0);
    }
  });

  test("the interval that was measured contains what the server and the engine say themselves, within 10 ms", () => {
    for (const [i, report] of reports.entries()) {
      const pack = packOf(lab, ended.results[i]!);
      const events = linesOf<{ kind: string; data: Record<string, string> }>(path.join(pack, "raw", "events.jsonl"));
      const clock = events.find((e) => e.kind === "clock-bracket" && e.data["label"] === "fault")!.data;
      const toMonotonicMs = (wallNs: bigint) =>
        Number(wallNs - BigInt(clock["wallNs"]!) + BigInt(clock["fromNs"]!)) / 1e6;
      const effective = events.find((e) => e.kind === "fault-effective")!.data;
      const [fromMs, toMs] = [Number(effective["fromNs"]) / 1e6, Number(effective["toNs"]) / 1e6];
      const log = readFileSync(path.join(pack, "raw", "logs", "db.standby.log"), "utf8");
      const promoted = [...log.matchAll(/^(\S+ \S+) UTC \[\d+\] LOG: {2}selected new timeline ID: 2/gm)].map((m) =>
        Date.parse(`${m[1]!.replace(" ", "T")}Z`),
      );
      expect(promoted).toHaveLength(1);
      const promotedMs = toMonotonicMs(BigInt(promoted[0]!) * 1_000_000n);
      const { recoveryTime } = report;
      expect(promotedMs).toBeGreaterThan(fromMs - 10);
      expect(promotedMs).toBeLessThan(fromMs + recoveryTime!.upperMs + 10);
      const died = linesOf<{ node: string; action: string; wallNs: string }>(
        path.join(pack, "raw", "engine-events.jsonl"),
      ).find((e) => e.node === "db.primary" && e.action === "die")!;
      expect(toMonotonicMs(BigInt(died.wallNs))).toBeGreaterThan(toMs - 10);
      expect(toMonotonicMs(BigInt(died.wallNs))).toBeLessThan(fromMs + recoveryTime!.upperMs + 10);
    }
  });

  test("the pack verifies with the pinned key and its verdict comes out the same from the raw files", async () => {
    const pack = packOf(lab, ended.results[0]!);
    const pinned = ["--fingerprint", reports[0]!.keyFingerprint!];
    const good = await start(lab, ["verify", pack, ...pinned, "--recompute"]).ended;
    expect(good.code, good.stdout + good.stderr).toBe(0);
    expect((await start(lab, ["verify", pack]).ended).code).toBe(5);
    const again = await start(lab, ["analyze", pack, "--json"]).ended;
    expect(JSON.parse(again.stdout)).toEqual(ended.results[0]);
  });

  test("nothing of it is left on the machine", () => {
    for (const result of ended.results) expect(labelled(result.run)).toEqual([]);
  });
});
