import { describe, expect, test } from "vitest";
import type { BackupLine, RestoreLine, RestoreTest } from "../restore-test.ts";
import { summariseRestoreTest } from "../restore-test.ts";
import { renderRestoreTest } from "./restore-test.ts";
import { restoreTestText } from "./restore-test-text.ts";
import { HOSTILE_MARKER, hostile, readMarkup, report } from "./testing.ts";

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
