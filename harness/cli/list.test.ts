import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { renderJson } from "../render/json.ts";
import { inconclusive, lossyControl, report } from "../render/testing.ts";
import type { Report } from "../report.ts";
import { listCommand, listRuns } from "./list.ts";
import { packFolder } from "./report.ts";

let reports = "";
beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), "blackstart-list-"));
});
afterEach(() => {
  rmSync(reports, { recursive: true });
  vi.restoreAllMocks();
});

function pack(run: string, content: Report | string): void {
  mkdirSync(join(reports, run, "views"), { recursive: true });
  writeFileSync(
    join(reports, run, "views", "report.json"),
    typeof content === "string" ? content : renderJson(content),
  );
}

function list(json: boolean): string {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  void listCommand.handler({ reports, ...(json && { json: "document" }), _: [], $0: "" });
  return text;
}

describe("list", () => {
  test("newest first, each with verdict, recovery, lost and class", () => {
    pack("2026-11-21T10-00-00Z-aaaa", report({ startedAt: "2026-11-21T10:00:00.000Z" }));
    pack("2026-11-23T10-00-00Z-bbbb", lossyControl({ startedAt: "2026-11-23T10:00:00.000Z" }));
    pack("2026-11-22T10-00-00Z-cccc", inconclusive({ startedAt: "2026-11-22T10:00:00.000Z" }));
    const [head, ...rows] = list(false).trimEnd().split("\n");
    expect(head).toMatch(/^run +verdict +recovery time +lost +class +scenario$/);
    expect(rows[0]).toMatch(
      /^2026-11-23T10-00-00Z-bbbb +Failed as declared +702 to 752 ms +601 of 18,204 +development +postgres-async/,
    );
    expect(rows.map((row) => row.slice(20, 25))).toEqual(["-bbbb", "-cccc", "-aaaa"]);
  });

  test("names what is broken and why, and lists the rest", () => {
    pack("2026-11-21T10-00-00Z-good", report());
    pack("2026-11-22T10-00-00Z-cut", '{"schema":"blackstart/result/v1","run":');
    pack("2026-11-23T10-00-00Z-thin", '{"schema":"blackstart/result/v1"}');
    pack("2026-11-24T10-00-00Z-else", '{"schema":"other"}');
    pack("2026-11-24T11-00-00Z-null", "null");
    mkdirSync(join(reports, "ledger"));
    mkdirSync(join(reports, "2026-11-25T10-00-00Z-\u001b[31m"));
    const text = list(false);
    expect(text.match(/broken pack/g)).toHaveLength(5);
    expect(text).toContain("no views/report.json: the run was interrupted or is still going on");
    expect(text).toMatch(/-good +Pass/);
    expect(text).not.toContain("\u001b");
    const runs = JSON.parse(list(true)) as { run: string; broken?: string; verdict?: string }[];
    expect(runs.filter(({ broken }) => broken)).toHaveLength(5);
  });

  test("an empty folder and one that is not there", () => {
    expect(list(false)).toContain("No runs in");
    expect(() => listRuns(join(reports, "nowhere"))).toThrow("There is no folder");
  });
});

test("a run is found by its name or by its folder", () => {
  pack("run-1", report());
  expect(packFolder("run-1", reports)).toBe(packFolder(join(reports, "run-1"), "elsewhere"));
  expect(() => packFolder("run-\u001b2", reports)).toThrow("No run run-\\u001b2");
});
