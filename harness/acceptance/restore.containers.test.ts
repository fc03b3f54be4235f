import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { openLab, packOf, recount, run, scenario } from "./lab.ts";

const lab = openLab();

async function drilled(name: string) {
  const { code, results, stderr } = await run(lab, [scenario(name)]);
  const result = results[0]!;
  expect(code, stderr).toBe(0);
  expect(result.lost.count).toBe(recount(packOf(lab, result)));
  const found = (check: string) => result.reasons.find((reason) => reason.check === check)!;
  expect(found("second-estimate").verdict, found("second-estimate").detail).toBe("pass");
  return { result, found };
}

describe("a restore that reports success", () => {
  test("after bits in the middle of the archive were turned, has lost everything since, counted exactly", async () => {
    const { result, found } = await drilled("restore/segment-flip-middle");
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "suffix" }, guaranteed: { zeroLoss: false } });
    expect(result.lost.count).toBeGreaterThan(500);
    expect(found("recovery-procedure").verdict).toBe("pass");
    expect(found("fault-effect").detail).toMatch(/flip of 0{7}1\w{16}: 1048576 bytes, sha256 (\w+)….* before.* after/);
  });

  test("is refused where its end is compared with what the archive holds", async () => {
    const { result, found } = await drilled("restore/segment-flip-fail-closed");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
    expect(found("recovery-procedure").detail).toMatch(
      /recovery ended at .*, too early: the archive holds history up to/,
    );
  });

  test("followed a practice run's history: rows that no client sent are there", async () => {
    const { result } = await drilled("restore/practice-poisons-archive");
    expect(result).toMatchObject({ verdict: "fail", phantom: 100 });
    expect(result.lost.count).toBeGreaterThan(100);
  });
});

test("what a migration spoiled is merged from a machine restored aside: nothing is lost, nothing stays wrong", async () => {
  const { result } = await drilled("operator/bad-update-merged");
  expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, mutated: 0 });
  const kept = readFileSync(path.join(packOf(lab, result), "raw", "output", "copy-back-copied-back.txt"), "utf8");
  expect(Number(/(\d+) rows given their content back/.exec(kept)?.[1])).toBeGreaterThan(500);
});
