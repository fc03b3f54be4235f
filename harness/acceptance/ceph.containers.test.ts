import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { type Lab, linesOf, openLab, packOf, recount, reportOf, run, scenario } from "./lab.ts";
import type { Result } from "../report.ts";

const CEPH = ["--set", "stack.store.provider=ceph"];

/** A text that a step kept in the pack, by the end of its name. */
function kept(lab: Lab, result: Result, name: string): string {
  const folder = path.join(packOf(lab, result), "raw", "output");
  const file = readdirSync(folder).find((one) => one.endsWith(name));
  if (!file) throw new Error(`no ${name} in ${folder}`);
  return readFileSync(path.join(folder, file), "utf8");
}

const factsOf = (lab: Lab, result: Result) =>
  linesOf<{ at: string; node: string; values: Record<string, string> }>(
    path.join(packOf(lab, result), "raw", "facts.jsonl"),
  );

describe("Ceph on four drives", () => {
  const lab = openLab();

  test("a drive is lost with its disk and replaced: nothing is lost, by guarantee, and four drives have it again", async () => {
    const { code, results, stderr } = await run(lab, [scenario("store/drive-loss"), ...CEPH]);
    const result = results[0]!;
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: true } });
    expect(recount(packOf(lab, result))).toBe(0);
    expect(reportOf(lab, result).secondEstimate?.agrees).toBe(true);
    const after = factsOf(lab, result).find(({ at, node }) => at === "recovered" && node === "store.server");
    expect(after?.values).toMatchObject({ drives_online: "4", drives_offline: "0", write_quorum: "3 of 4" });
  });

  test("content rots on two drives: readers get what was written, and a scrub finds and repairs it", async () => {
    const { code, results, stderr } = await run(lab, [scenario("store/bit-rot-data"), ...CEPH]);
    const result = results[0]!;
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, mutated: 0 });
    expect(kept(lab, result, "scrub.txt")).toMatch(/[1-9]\d* with damage[\s\S]*read again without damage/);
  });

  test("two drives are away: service stops until they are back, and nothing is lost", async () => {
    const { code, results, stderr } = await run(lab, [scenario("store/ceph-drives-beyond-parity")]);
    const result = results[0]!;
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
    expect(result.recoveryTime?.lowerMs).toBeGreaterThan(1_000);
    expect(recount(packOf(lab, result))).toBe(0);
  });
});

describe("Ceph on two sites", () => {
  const lab = openLab();

  test("the first is lost: what the second did not have yet is lost, with the exact count", async () => {
    const { code, results, stderr } = await run(lab, [scenario("store/ceph-site-lost")]);
    const result = results[0]!;
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ verdict: "fail", guaranteed: { zeroLoss: false } });
    expect(result.lost.count).toBeGreaterThan(0);
    expect(result.lost.count).toBe(recount(packOf(lab, result)));
  });
});
