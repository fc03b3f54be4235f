import { describe, expect, test } from "vitest";
import { drilled, keptIn, openLab, words } from "./lab.ts";

const lab = openLab();

describe("an archive that leads somewhere else", () => {
  test("a restore is refused where its end is compared with what the archive holds", async () => {
    const { result } = await drilled(lab, "restore/segment-flip-fail-closed");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
    expect(words(result, "recovery-procedure")).toMatch(
      /recovery ended at .*, too early: the archive holds history up to/,
    );
  });

  test("a restore followed a practice run's history: rows that no client sent are there", async () => {
    const { result } = await drilled(lab, "restore/practice-poisons-archive");
    expect(result).toMatchObject({ verdict: "fail", phantom: 100 });
    expect(result.lost.count).toBeGreaterThan(100);
  });
});

test("what a migration spoiled is merged from a machine restored aside: nothing is lost, nothing stays wrong", async () => {
  const { result, pack } = await drilled(lab, "operator/bad-update-merged");
  expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, mutated: 0 });
  const copied = keptIn(pack, "copied-back.txt");
  expect(Number(/(\d+) rows given their content back/.exec(copied)?.[1])).toBeGreaterThan(500);
});
