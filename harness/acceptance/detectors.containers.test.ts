import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { drilled, openLab, start } from "./lab.ts";

test("a bit that flipped in an archived segment is noticed by who reads the archive, the target and the ledger, and by nobody else", async () => {
  const lab = openLab();
  const { result, report } = await drilled(lab, "restore/segment-flip-middle");
  expect(result.detectors).toEqual({
    noticed: ["ledger", "recovery target", "pg_waldump"],
    silent: expect.arrayContaining([
      "server",
      "name gap",
      "pg_verifybackup",
      "pg_amcheck",
      "pg_dump",
      "pg_checksums",
    ]) as string[],
    notRun: ["archiver's check"],
  });
  expect(result.detectors?.silent).toHaveLength(6);
  const rows = new Map(report.inspection?.rows.map((row) => [row.detector, row]));
  expect(rows.get("pg_waldump")?.detail).toMatch(/^timeline 1: error in WAL record at [0-9A-F/]+: /);
  expect(rows.get("ledger")?.detail).toBe(`${result.lost.count.toLocaleString("en-US")} lost`);
  expect(rows.get("server")?.detail).toMatch(/wrote "LOG: .*" and went on$/);
  const took = [...rows.values()].map(({ detector, tookMs }) => `${detector} ${Math.round(tookMs ?? 0)} ms`);
  console.log(`detectors took: ${took.join(", ")}`);

  const page = path.join(lab.dir, "detectors.html");
  const listed = await start(lab, ["detectors", "--html", page]).ended;
  expect(listed.code, listed.stderr).toBe(0);
  expect(listed.stdout).toMatch(/^C1 +restore-segment-flip-middle +Failed as declared +[\d,]+ +●/m);
  expect(existsSync(page) && readFileSync(page, "utf8")).toContain("restore-segment-flip-middle");
});
