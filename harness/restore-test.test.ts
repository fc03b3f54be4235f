import { describe, expect, it } from "vitest";
import { finding, report } from "./render/testing.ts";
import type { BackupRow, Report, RestoreRow } from "./report.ts";
import { summariseRestoreTest, type Suite, type Tested, type Which } from "./restore-test.ts";

const MIB = 1024 ** 2;

/** A drill by its size: `seconds` of fetching, one more of replay; a third of the data is left in the store. */
function tested(which: Which, mib: number, seconds: number, changes: Partial<Report> = {}): Tested {
  const dataBytes = mib * MIB;
  const backup: BackupRow = {
    component: "db",
    label: `b${mib}`,
    level: "full",
    dataBytes,
    storedBytes: dataBytes / 4,
    tookMs: 500,
  };
  const restore: RestoreRow = {
    step: "restore-test",
    node: "db.spare",
    backup: backup.label,
    level: "full",
    dataBytes,
    walBytes: MIB,
    fetchMs: seconds * 1_000,
    replayMs: 1_000,
    backupAgeMs: 9_000,
  };
  const run = `${which}-${mib}`;
  return {
    which,
    ballastBytes: dataBytes,
    report: report({ run, backups: [backup], restores: [restore], ...changes }),
    missing: null,
  };
}

const suite = (changes: Partial<Suite> = {}): Suite => ({
  tool: "plain",
  startedAt: "2026-11-23T10:00:00.000Z",
  endedAt: "2026-11-23T10:03:00.000Z",
  exitCode: 0,
  productionBytes: 2e12,
  ...changes,
});

/** Two seconds a GiB and one and a half beside it, with some scatter. */
const series = (): Tested[] => [
  tested("oldest", 16, 9),
  ...[16, 64, 128, 256].map((mib, i) => tested("newest", mib, 0.5 + mib / 512 + (i % 2 === 0 ? 0.01 : -0.01))),
];

describe("the line", () => {
  it("goes through the newest that passed, and the oldest is none of them", () => {
    const { line, lineRefused } = summariseRestoreTest(series(), suite());
    expect(lineRefused).toBeNull();
    expect(line).toMatchObject({ n: 4 });
    expect(line!.slope * 1024 * MIB).toBeCloseTo(2, 0);
    expect(line!.intercept).toBeCloseTo(1.5, 1);
  });

  it("leaves out a drill that did not pass, whatever it measured", () => {
    const all = [...series(), tested("newest", 512, 99, { verdict: "unknown" })];
    expect(summariseRestoreTest(all, suite()).line).toEqual(summariseRestoreTest(series(), suite()).line);
  });

  it("is refused below three sizes, however often they were restored", () => {
    const twice = [16.1, 16.2, 16.3].map((mib) => ({ ...tested("newest", mib, mib), ballastBytes: 16 * MIB }));
    const all = [...twice, tested("newest", 64, 1)];
    expect(summariseRestoreTest(all, suite())).toMatchObject({
      line: null,
      lineRefused: "no line: 2 sizes were restored and proven good, and it takes at least 3",
      extrapolation: null,
      extrapolationRefused: "no extrapolation without a line",
    });
  });
});

describe("the extrapolation", () => {
  it("says how far beyond what was measured it is, and stands against the objective", () => {
    const { extrapolation } = summariseRestoreTest(series(), suite());
    expect(extrapolation).toMatchObject({
      atBytes: 2e12,
      mark: "extrapolated, not measured: 7,451 times the largest size measured",
      againstObjective: "not under",
    });
    expect(extrapolation!.lower).toBeLessThan(extrapolation!.value);
    expect(extrapolation!.upper).toBeGreaterThan(extrapolation!.value);
  });

  it.each([
    [100 * MIB, "read off the line, within the sizes measured", "under"],
    [2 * 256 * MIB, "extrapolated, not measured: 2.0 times the largest size measured", "under"],
    [4 * MIB, "extrapolated, not measured: the smallest size measured is 4.0 times as large", "under"],
    [150 * 1024 * MIB, "extrapolated, not measured: 600 times the largest size measured", "cannot be told"],
  ])("of %d bytes is marked", (productionBytes, mark, againstObjective) => {
    expect(summariseRestoreTest(series(), suite({ productionBytes })).extrapolation).toMatchObject({
      mark,
      againstObjective,
    });
  });

  it("is held to the rule of every drill: an upper bound at the objective is not under it, a lower one at it is not either", () => {
    const at = (recoveryTimeMs: number) =>
      summariseRestoreTest(
        series().map((one) => {
          const { report: drill, ...rest } = one;
          return { ...rest, report: { ...drill!, objectives: { ...drill!.objectives, recoveryTimeMs } } };
        }),
        suite(),
      ).extrapolation!;
    const { lower, upper } = at(1);
    expect(at(upper * 1_000).againstObjective).toBe("cannot be told");
    expect(at(upper * 1_000 + 1).againstObjective).toBe("under");
    expect(at(lower * 1_000 + 1).againstObjective).toBe("cannot be told");
    expect(at(lower * 1_000).againstObjective).toBe("not under");
  });

  it("is refused where seconds do not grow with size, or no size was given", () => {
    const flat = [16, 64, 128].map((mib) => tested("newest", mib, 2 - mib / 1_000));
    expect(summariseRestoreTest(flat, suite()).extrapolationRefused).toContain("do not grow with size");
    expect(summariseRestoreTest(series(), suite({ productionBytes: null }))).toMatchObject({
      extrapolation: null,
      extrapolationRefused: "no production size was given",
    });
  });
});

describe("the objectives of the ADR", () => {
  it("are met by full backups that save enough and by both ends restored in time", () => {
    expect(summariseRestoreTest(series(), suite())).toMatchObject({
      compression: { verdict: "pass", detail: "the least that was saved is 75.0 % of the data, over 5 full backups" },
      validation: {
        verdict: "pass",
        detail:
          "newest and oldest restored and proven good, 5 of the 5 backups on record; each served at most 9 s after it was complete, and was read back then",
      },
    });
  });

  it("compression is missed by one backup that does not save enough, and not told by incremental ones", () => {
    const poor = tested("newest", 64, 1);
    const row = poor.report!.backups[0]!;
    const kept = (changes: Partial<BackupRow>) => [
      { ...poor, report: { ...poor.report!, backups: [{ ...row, ...changes }] } },
    ];
    expect(summariseRestoreTest(kept({ storedBytes: row.dataBytes * 0.4001 }), suite()).compression).toMatchObject({
      verdict: "fail",
      detail: "the least that was saved is 59.9 % of the data, over 1 full backup",
    });
    expect(summariseRestoreTest(kept({ level: "incremental" }), suite()).compression.verdict).toBe("unknown");
  });

  it.each<[string, Tested[], string]>([
    ["one end is missing", [tested("newest", 64, 1)], "unknown"],
    ["a drill is not proven", [...series(), tested("newest", 64, 1, { verdict: "unknown" })], "unknown"],
    ["a drill failed", [...series(), tested("newest", 64, 1, { verdict: "fail" })], "fail"],
    [
      "a drill did not run",
      [...series(), { which: "newest", ballastBytes: 1, report: null, missing: "gone" }],
      "unknown",
    ],
    ["nothing ran", [], "unknown"],
  ])("validation is not met where %s", (_, all, verdict) => {
    expect(summariseRestoreTest(all, suite()).validation.verdict).toBe(verdict);
  });

  it("validation says how many of the backups it is about", () => {
    const all = series().map((one) => ({
      ...one,
      report: { ...one.report!, backups: [{ ...one.report!.backups[0]!, label: "older" }, ...one.report!.backups] },
    }));
    expect(summariseRestoreTest(all, suite()).validation.detail).toContain("5 of the 10 backups on record");
  });

  it("validation is missed a day after the backup", () => {
    const late = series().map((one) => ({
      ...one,
      report: {
        ...one.report!,
        restores: one.report!.restores.map((row) => ({ ...row, backupAgeMs: 24 * 3_600_000 })),
      },
    }));
    expect(summariseRestoreTest(late, suite()).validation.verdict).toBe("fail");
  });
});

it("a drill that restored nothing says so beside its verdict", () => {
  const one = tested("newest", 64, 1, { verdict: "fail", restores: [], reasons: [finding("record", "fail", "x")] });
  expect(summariseRestoreTest([one], suite()).drills[0]).toMatchObject({
    verdict: "fail",
    missing: "no restore is on record",
    checks: [{ check: "record", verdict: "fail" }],
  });
});
