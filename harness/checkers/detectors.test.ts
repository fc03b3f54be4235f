import { describe, expect, test } from "vitest";
import type { EventData, History } from "../history.ts";
import { detectorsOf } from "./detectors.ts";
import { noDamageNoticed } from "./no-damage-noticed.ts";
import { addEvent, setFacts } from "../selftest/edits.ts";
import { drill, type DraftHistory, nsOf, wallNsOf } from "../selftest/golden.ts";

/** The golden drill ends its load at 9,000 ms; its fault is effective between 5,000 and 5,002 ms. */
const ran = (
  h: DraftHistory,
  detector: string,
  noticed: EventData["detector-ran"]["noticed"],
  detail = "",
  [fromMs, toMs]: [number, number] = [9_120, 9_180],
): void =>
  addEvent(h, toMs, "detector-ran", {
    component: "db",
    detector,
    noticed,
    detail,
    fromNs: nsOf(fromMs),
    toNs: nsOf(toMs),
  });

const read = (h: DraftHistory): void =>
  addEvent(h, 9_100, "read-back", { component: "db", fromNs: nsOf(9_010), toNs: nsOf(9_100) });

const inspected = (change: (h: DraftHistory) => void, course = {}): History =>
  drill(course, (h) => {
    read(h);
    change(h);
  });

const rowOf = (history: History, detector: string) =>
  detectorsOf(history)?.rows.find((row) => row.detector === detector);

const say = (h: DraftHistory, ms: number, line: string): void => {
  const at = new Date(Number(wallNsOf(ms) / 1_000_000n)).toISOString().replace("T", " ").slice(0, 23);
  h.logs = { ...h.logs, "db.standby": `${h.logs["db.standby"] ?? ""}${at} UTC [9] ${line}\n` };
};

describe("who noticed", () => {
  test("nobody looked: there is no table, and a pack from before says what it said", () => {
    expect(detectorsOf(drill())).toBeNull();
  });

  test("a clean drill", () => {
    const history = inspected((h) => ran(h, "pg_waldump", "no", "every record is whole"));
    expect(detectorsOf(history)).toMatchObject({
      since: { fault: "node-loss", target: "db.primary" },
      leftBehind: false,
    });
    expect(detectorsOf(history)?.rows.map(({ detector, noticed, after }) => [detector, noticed, after])).toEqual([
      ["ledger", "no", null],
      ["server", "no", null],
      ["pg_waldump", "no", null],
    ]);
    expect(rowOf(history, "ledger")?.detail).toBe("730 acknowledged writes are there as they were sent");
    expect(rowOf(history, "server")?.detail).toBe("no step failed and no server refused anything");
  });

  test("a loss: the ledger by its count, a tool by what it said, each within its own bracket", () => {
    const history = inspected((h) => ran(h, "pg_waldump", "yes", "timeline 1: broken"), { loseFrom: 350 });
    expect(rowOf(history, "ledger")).toEqual({
      component: "db",
      detector: "ledger",
      noticed: "yes",
      after: { lowerMs: 4_008, upperMs: 4_100 },
      tookMs: 90,
      detail: "50 lost",
    });
    expect(rowOf(history, "pg_waldump")).toMatchObject({ after: { lowerMs: 4_118, upperMs: 4_180 }, tookMs: 60 });
    expect(detectorsOf(history)?.leftBehind).toBe(false);
  });

  test("other things than loss, each by its count", () => {
    const history = inspected((h) => {
      h.recovered[0]!.sha256 = "f".repeat(64);
      h.recovered.push({ ...h.recovered[1]! }, { op: "stranger", store: "db", sha256: "0".repeat(64), transfer: null });
    });
    expect(rowOf(history, "ledger")?.detail).toBe("1 phantom, 1 duplicated, 1 mutated");
  });

  test("a tool that noticed while every write is there: damage is left behind", () => {
    expect(detectorsOf(inspected((h) => ran(h, "name gap", "yes", "X is missing")))?.leftBehind).toBe(true);
    expect(detectorsOf(inspected((h) => ran(h, "name gap", "not-run", "no archive")))?.leftBehind).toBe(false);
  });

  test("nothing was read back: the ledger did not look", () => {
    const history = drill({}, (h) => ran(h, "name gap", "yes", "X is missing"));
    expect(rowOf(history, "ledger")).toMatchObject({ noticed: "not-run", detail: "nothing was read back" });
    expect(detectorsOf(history)?.leftBehind).toBe(false);
  });
});

describe("the server itself", () => {
  test.each([
    "FATAL:  recovery ended before configured recovery target was reached",
    "PANIC:  could not locate a valid checkpoint record at 0/2000080",
    'ERROR:  invalid page in block 3 of relation "base/5/16390"',
  ])("notices: %s", (line) => {
    const row = rowOf(
      inspected((h) => say(h, 5_300, line)),
      "server",
    );
    expect(row).toMatchObject({ noticed: "yes", detail: `db.standby: ${line.replace(/: {2}/, ": ")}` });
    expect(row?.after?.upperMs).toBeGreaterThanOrEqual(300);
    expect(row?.after?.upperMs).toBeLessThan(320);
  });

  test.each([
    "FATAL:  the database system is starting up",
    "FATAL:  terminating walreceiver process due to administrator command",
    "FATAL:  could not receive data from WAL stream: server closed the connection unexpectedly",
    'ERROR:  relation "nothing" does not exist',
    "LOG:  invalid record length at 0/3000000: expected at least 24, got 0",
  ])("is silent: %s", (line) => {
    expect(
      rowOf(
        inspected((h) => say(h, 5_300, line)),
        "server",
      )?.noticed,
    ).toBe("no");
  });

  test("what it wrote at level LOG and went on is told and is not noticing", () => {
    const row = rowOf(
      inspected((h) => say(h, 5_300, "LOG:  incorrect resource manager data checksum in record at 0/37A1168")),
      "server",
    );
    expect(row).toMatchObject({
      noticed: "no",
      detail:
        'no step failed and no server refused anything; db.standby wrote "LOG: incorrect resource manager data checksum in record at 0/37A1168" and went on',
    });
  });

  test("what it said before the fault is about something else", () => {
    expect(
      rowOf(
        inspected((h) => say(h, 3_000, "PANIC:  before")),
        "server",
      )?.noticed,
    ).toBe("no");
  });

  test("pages that it counted, and a step that failed", () => {
    const counted = inspected((h) => setFacts(h, "recovered", "db.standby", { checksum_failures: "2" }));
    expect(rowOf(counted, "server")?.detail).toBe("db.standby has counted 2 checksum failures");
    const refused = inspected((h) =>
      addEvent(h, 5_660, "recovery-ended", { step: "restore", ok: false, error: "the server ended instead" }),
    );
    expect(rowOf(refused, "server")?.detail).toBe("restore failed: the server ended instead");
  });
});

describe("no-damage-noticed", () => {
  test("fails by any tool but not by the ledger, which no-lost-writes judges", () => {
    const noticed = inspected((h) => ran(h, "pg_waldump", "yes", "timeline 1: broken"));
    expect(noDamageNoticed.check(noticed)).toMatchObject({ verdict: "fail", detail: "pg_waldump: timeline 1: broken" });
    const lossy = inspected((h) => ran(h, "pg_waldump", "no"), { loseFrom: 350 });
    expect(noDamageNoticed.check(lossy).verdict).toBe("pass");
  });

  test("passes with the names of those that looked and of those that could not", () => {
    const history = inspected((h) => {
      ran(h, "name gap", "no");
      ran(h, "pg_dump", "not-run");
    });
    expect(noDamageNoticed.check(history)).toMatchObject({
      verdict: "pass",
      detail: "2 detectors noticed nothing: server, name gap; not run: pg_dump",
    });
  });

  test("is unknown where nobody looked, or only the log was read", () => {
    expect(noDamageNoticed.check(drill()).verdict).toBe("unknown");
    expect(noDamageNoticed.check(inspected(() => undefined)).verdict).toBe("unknown");
  });
});
