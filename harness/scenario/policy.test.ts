import { expect, test } from "vitest";
import { readPolicy } from "./policy.ts";
import { scenarioFile } from "./testing.ts";

test("ADR-004 promises five minutes, no loss and a second", async () => {
  expect(await readPolicy()).toEqual({
    id: "adr-004",
    title: "ADR-004: Disaster Recovery and Backup Strategy",
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    objectives: { recoveryTimeMs: 300_000, lostWrites: 0, detectionMs: 1_000 },
  });
});

test("a policy leaves nothing out and adds nothing", async () => {
  const file = await scenarioFile("id: p\ntitle: P\nobjectives: { recoveryTime: 5, lostWrites: 0 }\nowner: me\n");
  await expect(readPolicy(file)).rejects.toMatchObject({
    exitCode: 2,
    message: [
      `3 problems in ${file}, nothing was started`,
      `${file}:3:13: objectives.detection: missing, expected a duration with a unit, such as 250ms, 2s or 5m`,
      `${file}:3:29: objectives.recoveryTime: found 5, expected a duration with a unit, such as 250ms, 2s or 5m`,
      `${file}:4:1: owner: unknown key, expected one of id, title, objectives`,
    ].join("\n"),
  });
});
