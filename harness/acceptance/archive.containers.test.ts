import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { absentIn, drilled, findingOf, keptIn, openLab, packOf, run, scenario, words } from "./lab.ts";

const lab = openLab();

describe("an archive that looks well and is not", () => {
  test.each([
    [
      "archive_command lies: the server says nothing, the list of the store does",
      "pipeline/command-lies",
      /did not reach the store; the alarm missing came after .* under the objective of 4 s, silent: failures, waiting, stale$/,
    ],
    [
      "pgBackRest's queue is full: what waited is dropped and called archived",
      "pipeline/queue-max-drops",
      /reach(ed)? the store.*; the alarm (failures|stale|waiting) came after .* under the objective of 4 s.* missing after /,
    ],
  ])("%s", async (_name, file, alarm) => {
    const { result } = await drilled(lab, file); // every step said that it had worked, and the loss is as declared
    expect(result.lost.count).toBeGreaterThan(0);
    expect(findingOf(result, "archiving-alarm")).toMatchObject({
      verdict: "pass",
      detail: expect.stringMatching(alarm) as unknown,
    });
  });
});

test("pgBackRest's clock is off: the store refuses the signature for that very reason, and the alarm comes in time", async () => {
  const { result, pack } = await drilled(lab, "pipeline/clock-skew-pgbackrest");
  expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
  expect(words(result, "archiving-alarm")).toMatch(/the alarm failures came after .* under the objective of 4 s/);
  expect(readFileSync(path.join(pack, "raw", "logs", "db.primary.log"), "utf8")).toContain("RequestTimeTooSkewed");
});

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

test("the passphrase was rotated and the safe was not told: what lies there opens nothing", async () => {
  const { result } = await drilled(lab, "restore/key-rotated");
  expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, detectors: { noticed: ["server"] } });
  expect(words(result, "routine")).toContain("rotate-key: 2 machines have another passphrase");
  expect(words(result, "recovery-procedure")).toMatch(/was refused, as it had to be: .* unable to load info file/);
});

test("a backup without the tablespace: every step succeeds, and what it should have held is gone", async () => {
  const { code, results, account } = await run(lab, [scenario("restore/tablespace-left")]);
  const result = results[0]!;
  expect(code, account).toBe(0);
  expect(result).toMatchObject({ verdict: "fail", lost: { shape: "hole" } });
  expect(result.lost.count).toBe(absentIn(packOf(lab, result)).length);
  expect(result.lost.count).toBeGreaterThan(300);
  expect(words(result, "recovery-procedure")).toBe("restore of db.spare succeeded");
  expect(result.detectors?.noticed).toEqual(["ledger", "pg_amcheck", "pg_verifybackup"]);
});
