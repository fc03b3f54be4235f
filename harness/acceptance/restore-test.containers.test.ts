import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { backupsOf } from "../analyze/backups.ts";
import { loadHistory } from "../history/load.ts";
import type { RestoreTest } from "../restore-test.ts";
import { openLab, recount, start } from "./lab.ts";

test("the restore test of one size: both ends of the window are proven good, the record says of what, and no line is claimed", async () => {
  const lab = openLab();
  const words = ["restore-test", "--sizes", "32MiB", "--production-size", "2TB", "--json"];
  const { code, stdout, stderr } = await start(lab, words).ended;
  expect(code, stderr).toBe(0);
  const said = JSON.parse(stdout) as RestoreTest;
  expect(said.drills.map(({ which, verdict, lost }) => [which, verdict, lost])).toEqual([
    ["oldest", "pass", 0],
    ["newest", "pass", 0],
  ]);
  expect(said).toMatchObject({ validation: { verdict: "pass" }, compression: { verdict: "pass" } });
  expect(said).toMatchObject({ line: null, extrapolation: null, lineRefused: expect.stringContaining("1 size was") });
  for (const restore of said.restores) {
    const pack = path.join(lab.reports, restore.run);
    const backups = backupsOf(await loadHistory(pack));
    expect(backups).toHaveLength(3); // the one before anybody wrote, and two routines
    expect(restore.backup).toBe(backups.at(restore.which === "oldest" ? 0 : -1)!.label);
    for (const { dataBytes, storedBytes } of backups) {
      expect(dataBytes).toBeGreaterThan(32 * 1024 ** 2);
      expect(storedBytes).toBeGreaterThan(32 * 1024 ** 2 * 0.3); // what does not compress is there
    }
    expect(recount(pack)).toBe(0);
  }
  const [oldest, newest] = said.restores;
  expect(oldest!.walBytes).toBeGreaterThan(newest!.walBytes);
  const folder = path.join(lab.reports, `restore-test-${said.startedAt.slice(0, 19).replaceAll(":", "-")}Z`);
  expect(JSON.parse(readFileSync(path.join(folder, "restore-test.json"), "utf8"))).toEqual(said);
  expect(existsSync(path.join(folder, "index.html"))).toBe(true);
});
