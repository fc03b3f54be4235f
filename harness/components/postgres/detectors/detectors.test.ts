import { describe, expect, test } from "vitest";
import { judge as judgeChecksums } from "./pg-checksums.ts";
import { judge as judgeDump } from "./pg-waldump.ts";
import { judgeEnd } from "./recovery-target.ts";

const SEGMENT = 16 * 2 ** 20;
const run = {
  timeline: 1,
  from: "0/2000028",
  to: "0/5000000",
  names: ["000000010000000000000002", "000000010000000000000003", "000000010000000000000004"],
  bytes: 3 * SEGMENT,
};
const beside = { gaps: [], failed: [], sizes: [], partial: 0, openEnd: false };

describe("pg_waldump", () => {
  test("nothing wrong: what was read and how fast", () => {
    expect(judgeDump([{ run, code: 0, ms: 30, said: "" }], { ...beside, partial: 1 })).toEqual({
      noticed: "no",
      detail:
        "every record is whole: 50,331,648 bytes, timeline 1 from 0/2000028 to 0/5000000, in 30 ms, 1,678 MB/s; 1 partial segment is not judged",
    });
  });

  test("a record that is broken, in its own words", () => {
    const said =
      "pg_waldump: error: error in WAL record at 0/37A10C8: incorrect resource manager data checksum in record at 0/37A1168";
    expect(judgeDump([{ run, code: 1, ms: 7, said }], beside)).toEqual({
      noticed: "yes",
      detail:
        "timeline 1: error in WAL record at 0/37A10C8: incorrect resource manager data checksum in record at 0/37A1168 (50,331,648 bytes, timeline 1 from 0/2000028 to 0/5000000, in 7.0 ms)",
    });
  });

  test.each([
    [{ gaps: ["00000001000000000000000A"] }, "00000001000000000000000A is missing"],
    [{ sizes: ["X has 8 bytes, not 16"] }, "X has 8 bytes, not 16"],
    [{ failed: [{ name: "X", why: "curl: (22)" }] }, "1 could not be had, X the first: curl: (22)"],
  ])("what it would not say itself: %j", (found, words) => {
    const { noticed, detail } = judgeDump([{ run, code: 0, ms: 1, said: "" }], { ...beside, ...found });
    expect(noticed).toBe("yes");
    expect(detail.startsWith(`${words} (`)).toBe(true);
  });

  test("zeros behind the last record are an end where the newest segment may not be full, and only there", () => {
    const zeros = (at: string) =>
      `pg_waldump: error: error in WAL record at ${at}: invalid record length at 0/4800000: expected at least 24, got 0`;
    const last = { run, code: 1, ms: 1, said: zeros("0/47FFFD8") };
    expect(judgeDump([last], beside).noticed).toBe("yes");
    expect(judgeDump([last], { ...beside, openEnd: true })).toMatchObject({
      noticed: "no",
      detail: expect.stringContaining("000000010000000000000004 ends in zeros") as string,
    });
    expect(judgeDump([{ ...last, said: zeros("0/37FFFD8") }], { ...beside, openEnd: true }).noticed).toBe("yes");
    const flipped = "pg_waldump: error: error in WAL record at 0/47FFFD8: incorrect resource manager data checksum";
    expect(judgeDump([{ ...last, said: flipped }], { ...beside, openEnd: true }).noticed).toBe("yes");
  });
});

describe("pg_checksums", () => {
  const said = (bad: number) =>
    `Checksum operation completed\nFiles scanned:   953\nBlocks scanned:  6802\nBad checksums:  ${bad}\n`;
  const wrong = 'pg_checksums: error: checksum verification failed in file "base/5/16384", block 2';

  test.each([
    [{ code: 0, stdout: said(0), stderr: "" }, "no", "db.a: 6,802 pages add up"],
    [{ code: 1, stdout: said(2), stderr: wrong }, "yes", `db.a: 2 of 6,802 pages are wrong: ${wrong}`],
    [
      { code: 1, stdout: "", stderr: 'error: could not read block 3 in file "x": read 100 of 8192' },
      "yes",
      'db.a: error: could not read block 3 in file "x": read 100 of 8192',
    ],
    [
      { code: 1, stdout: "", stderr: "pg_checksums: error: cluster must be shut down" },
      "not-run",
      "db.a: pg_checksums: error: cluster must be shut down",
    ],
    [
      { code: 1, stdout: "", stderr: "pg_checksums: error: data checksums are not enabled in cluster" },
      "not-run",
      "db.a: pg_checksums: error: data checksums are not enabled in cluster",
    ],
  ])("%j", (result, noticed, detail) => expect(judgeChecksums("db.a", result)).toEqual({ noticed, detail }));

  test("a machine without the tool is not a silent one", () => {
    expect(() =>
      judgeChecksums("db.a", { code: 127, stdout: "", stderr: "pg_checksums is not on this machine\n" }),
    ).toThrow("pg_checksums is not on this machine");
  });
});

describe("recovery target", () => {
  const before = {
    node: "db.primary",
    values: { lineage: "1", process_start: "p", last_archived_wal: "000000010000000000000005" },
  };
  const ended = (at: string, left = "1") => ({
    node: "db.spare",
    values: { in_recovery: "false", lineage: "2", switch_from_lineage: left, switch_position: at, process_start: "s" },
  });
  const backup = {
    label: "b",
    level: "full" as const,
    startLsn: "0/2000028",
    stopLsn: "0/2000120",
    timeline: "1",
    bytes: 1,
  };
  const latest = { node: "db.spare", backup, target: null, latest: true };
  const known = {
    before,
    after: ended("0/6000000"),
    restored: latest,
    names: [],
    openEnd: false,
    segmentBytes: SEGMENT,
  };

  test("as far as the server had archived; a record that was cut off at the end is no difference", () => {
    const words =
      "the recovery ended at 0/6000000 on timeline 1; the server had archived 000000010000000000000005, which goes to 0/6000000";
    expect(judgeEnd(known)).toEqual({ noticed: "no", detail: words });
    expect(judgeEnd({ ...known, after: ended("0/5FFF000") }).noticed).toBe("no");
  });

  test("too early, by what the server had said and by what the archive holds", () => {
    expect(judgeEnd({ ...known, after: ended("0/37A1168") })).toEqual({
      noticed: "yes",
      detail:
        "the recovery ended at 0/37A1168 on timeline 1; the server had archived 000000010000000000000005, which goes to 0/6000000",
    });
    expect(judgeEnd({ ...known, names: ["000000010000000000000007", "000000020000000000000009"] })).toEqual({
      noticed: "yes",
      detail:
        "the recovery ended at 0/6000000 on timeline 1; the archive holds 000000010000000000000007, which goes to 0/8000000",
    });
  });

  test("the name of a backup's file stands for the segment that it began in", () => {
    const values = { ...before.values, last_archived_wal: "000000010000000000000005.00000028.backup" };
    expect(judgeEnd({ ...known, before: { ...before, values } }).noticed).toBe("no");
  });

  test("a newest segment that need not be full is reached anywhere in it, and not before", () => {
    const open = { ...known, openEnd: true };
    expect(judgeEnd({ ...open, after: ended("0/5000100") }).noticed).toBe("no");
    expect(judgeEnd({ ...open, after: ended("0/4000100") }).noticed).toBe("yes");
  });

  test("another branch than the one that had served", () => {
    expect(judgeEnd({ ...known, after: ended("0/6000000", "3") })).toEqual({
      noticed: "yes",
      detail: "the recovery ended at 0/6000000 on timeline 3, and what had served was timeline 1",
    });
  });

  test("a target: reached, missed, and one that the backup itself lies beyond", () => {
    const to = (lsn: string) => ({ ...latest, latest: false, target: { lineage: "1", lsn } });
    expect(judgeEnd({ ...known, after: ended("0/3001000"), restored: to("0/3000F00") }).noticed).toBe("no");
    expect(judgeEnd({ ...known, after: ended("0/2500000"), restored: to("0/3000F00") }).noticed).toBe("yes");
    expect(judgeEnd({ ...known, after: ended("0/2000120"), restored: to("0/1800000") })).toEqual({
      noticed: "yes",
      detail:
        "the recovery ended at 0/2000120 on timeline 1; asked for was 0/1800000 on timeline 1, which the backup is beyond: it ends at 0/2000120",
    });
  });

  test("what the same server archived after its crash recovery is no history that it left out", () => {
    const after = {
      node: "db.primary",
      values: { in_recovery: "false", lineage: "1", process_start: "q", recovery_end_position: "0/6000010" },
    };
    const names = ["000000010000000000000005", "000000010000000000000007"];
    expect(judgeEnd({ ...known, after, names, restored: null })).toEqual({
      noticed: "no",
      detail:
        "the recovery ended at 0/6000010 on timeline 1; the server had archived 000000010000000000000005, which goes to 0/6000000",
    });
  });

  test("crash recovery of the same server", () => {
    const after = {
      node: "db.primary",
      values: { in_recovery: "false", lineage: "1", process_start: "q", recovery_end_position: "0/37A10C8" },
    };
    expect(judgeEnd({ ...known, after, restored: null }).noticed).toBe("yes");
    expect(
      judgeEnd({
        ...known,
        after: { ...after, values: { ...after.values, recovery_end_position: "0/6100000" } },
        restored: null,
      }).noticed,
    ).toBe("no");
  });

  test.each([
    ["no node serves, so no recovery has ended", { after: null }],
    ["db.spare is still in recovery", { after: { node: "db.spare", values: { in_recovery: "true" } } }],
    ["no recovery from an archive or of a server that had crashed was seen to end", { after: before, restored: null }],
    [
      "the recovery ended at 0/6000000 on timeline 1; nothing is known of how far the archive goes on it",
      { before: { ...before, values: { lineage: "1" } } },
    ],
  ])("is not run: %s", (detail, changes) =>
    expect(judgeEnd({ ...known, ...changes })).toEqual({ noticed: "not-run", detail }),
  );
});
