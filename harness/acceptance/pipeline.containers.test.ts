import { describe, expect, test } from "vitest";
import { drilled, findingOf, openLab } from "./lab.ts";

describe("an archive that looks well and is not", () => {
  const lab = openLab();

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
