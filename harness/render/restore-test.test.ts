import { describe, expect, test } from "vitest";
import type { BackupLine, RestoreLine, RestoreTest } from "../restore-test.ts";
import { summariseRestoreTest } from "../restore-test.ts";
import { comparison, renderRestoreTest } from "./restore-test.ts";
import { restoreTestText } from "./restore-test-text.ts";
import { HOSTILE_MARKER, hostile, inconclusive, readMarkup, report } from "./testing.ts";

const MIB = 1024 ** 2;
const suite = {
  tool: "plain",
  startedAt: "2026-11-23T10:00:00.000Z",
  endedAt: "2026-11-23T10:03:00.000Z",
  exitCode: 0 as const,
  productionBytes: 2e12,
};

function drilled(which: "newest" | "oldest", mib: number, text = "full", base = report()) {
  const backup = {
    component: text,
    label: `${text}-${mib}`,
    level: text,
    dataBytes: mib * MIB,
    storedBytes: mib,
    tookMs: 9,
  };
  const restore = {
    step: text,
    node: text,
    backup: backup.label,
    level: text,
    dataBytes: mib * MIB,
    walBytes: 1,
    fetchMs: 10 * mib + (mib % 3),
    replayMs: 500,
    backupAgeMs: 3,
  };
  return {
    which,
    ballastBytes: mib * MIB,
    report: { ...base, run: `${base.run}-${which}-${mib}`, backups: [backup], restores: [restore] },
    missing: null,
  };
}

const whole = () =>
  summariseRestoreTest([drilled("oldest", 16), ...[16, 64, 128, 256].map((mib) => drilled("newest", mib))], suite);

describe("the page of a restore test", () => {
  test("is markup, says what was extrapolated, and draws a point for each restore", () => {
    const page = renderRestoreTest(whole());
    const tags = readMarkup(page);
    const points = tags.filter(
      ({ name, attributes }) => name === "circle" && /dot|ring/.test(attributes["class"] ?? ""),
    );
    expect(points).toHaveLength(3 * 5); // three widths of one plot
    expect(page).toContain("Extrapolated, not measured: 7,451 times the largest size measured");
    expect(page).toContain("95 % prediction interval");
    expect(page).toContain("The data is made up");
    expect(page).toContain("From when the backup began to be fetched until the machine served");
    expect(page).toContain(
      "Restored and proven good: the newest backup in 4 of 4 drills, the oldest backup in 1 of 1 drill; archiver: plain",
    );
    expect(page).toContain(
      "ADR-004 wants every backup validated; one that was not restored here was not validated here.",
    );
    expect(tags.filter(({ name }) => name === "script")).toEqual([]);
  });

  test("draws no line and claims nothing of production where there are too few sizes", () => {
    const page = renderRestoreTest(summariseRestoreTest([drilled("newest", 16), drilled("oldest", 16)], suite));
    expect(page).toContain("no line: 1 size was restored");
    expect(page).not.toContain('class="fit"');
    expect(page).not.toContain("prediction interval");
  });

  test("stays markup whatever a pack holds, and without any drill", () => {
    const named = drilled("newest", 16, HOSTILE_MARKER, { ...hostile(), verdict: "fail" });
    for (const page of [
      renderRestoreTest(summariseRestoreTest([named], { ...suite, tool: HOSTILE_MARKER })),
      renderRestoreTest(summariseRestoreTest([], suite)),
    ]) {
      readMarkup(page);
      expect(page).not.toContain(HOSTILE_MARKER);
    }
  });

  test.each<[string, (all: RestoreTest) => RestoreTest, string]>([
    ["Pass", (all) => all, "All 5 drills passed"],
    ["Unknown", (all) => verdicts(all, "unknown"), "0 of 5 drills passed"],
    ["Unknown", (all) => verdicts(all, "not run"), "0 of 5 drills passed"],
    ["Fail", (all) => verdicts(all, "fail"), "5 of 5 drills failed"],
  ])("is %s by its worst drill", (word, change, meaning) => {
    const changed = change(whole());
    expect(renderRestoreTest(changed)).toContain(meaning);
    expect(restoreTestText(changed)).toContain(`${word}: ${meaning}`);
  });
});

test("the headline says what was restored and proven, and no more", () => {
  const some = summariseRestoreTest([drilled("newest", 16), drilled("newest", 64, "full", inconclusive())], suite);
  expect(renderRestoreTest(some)).toContain(
    "Restored and proven good: the newest backup in 1 of 2 drills, the oldest backup in 0 of 0 drills; archiver: plain",
  );
});

test("a pass with losses allowed does not say that everything was read back", () => {
  const all = whole();
  const lossy = { ...all, drills: all.drills.map((one) => ({ ...one, lost: 1 })) };
  expect(renderRestoreTest(lossy)).toContain("All 5 drills passed; not every acknowledged write was read back.");
});

test.each<[string, { lowerMs: number; upperMs: number } | null, string]>([
  ["an upper bound at the objective", { lowerMs: 1, upperMs: 300_000 }, "unknown"],
  ["a lower bound at the objective", { lowerMs: 300_000, upperMs: 300_001 }, "fail"],
  ["an upper bound under it", { lowerMs: 1, upperMs: 299_999 }, "pass"],
  ["no recovery time", null, "unknown"],
])("the recovery time is judged as in every drill: %s", (_, measured, verdict) => {
  const all = whole();
  const [first, ...others] = all.drills.map((one) => ({
    ...one,
    recoveryTime: { objectiveMs: 300_000, lowerMs: 1, upperMs: 2 },
  }));
  const drills = [{ ...first!, recoveryTime: measured && { objectiveMs: 300_000, ...measured } }, ...others];
  const page = renderRestoreTest({ ...all, objectiveMs: 300_000, drills });
  const row = page.slice(page.indexOf("Recovery time"), page.indexOf("Compression"));
  expect(row).toContain("under 5 min");
  expect(row).toContain(`<span class="word">${verdict}</span>`);
});

test.each([
  ["under", "Were it so, the whole interval would lie under the objective of 5 min"],
  ["not under", "Were it so, no part of the interval would lie under the objective of 5 min"],
  ["cannot be told", "The interval lies on both sides of the objective of 5 min: nothing can be said."],
] as const)("an extrapolation that is %s the objective", (againstObjective, words) => {
  const { extrapolation } = whole();
  expect(comparison({ ...extrapolation!, againstObjective }, 300_000)).toContain(words);
  expect(comparison({ ...extrapolation!, againstObjective }, null)).toContain("No objective is on record");
});

const verdicts = (all: RestoreTest, verdict: RestoreTest["drills"][number]["verdict"]): RestoreTest => ({
  ...all,
  drills: all.drills.map((one) => ({ ...one, verdict })),
});

test("the terminal says the line, its n and what was refused", () => {
  const text = restoreTestText(whole());
  expect(text).toMatch(/line +0\.5\d s \+ 10\.2\d s per GiB of data, n = 4, R² = 1\.0000/);
  expect(text).toContain("extrapolated, not measured");
  const lone: { backups: BackupLine[]; restores: RestoreLine[] } = { backups: [], restores: [] };
  expect(restoreTestText({ ...summariseRestoreTest([], suite), ...lone })).toContain("no line: 0 sizes were restored");
});
