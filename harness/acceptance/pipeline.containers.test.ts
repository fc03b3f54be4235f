import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { drilled, findingOf, openLab, words } from "./lab.ts";

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
