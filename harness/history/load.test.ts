import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { analyzePack } from "../analyze.ts";
import { addEvent } from "../selftest/edits.ts";
import { drill } from "../selftest/golden.ts";
import { writePack } from "../selftest/raw-files.ts";
import { loadHistory } from "./load.ts";

const places: string[] = [];
const newPack = (): string => {
  const dir = mkdtempSync(path.join(tmpdir(), "blackstart-load-"));
  places.push(dir);
  writePack(dir, drill());
  return dir;
};
afterAll(() => places.forEach((dir) => rmSync(dir, { recursive: true })));

const raw = (dir: string, name: string): string => path.join(dir, "raw", name);
const edit = (dir: string, name: string, change: (text: string) => string): void =>
  writeFileSync(raw(dir, name), change(readFileSync(raw(dir, name), "utf8")));
const defectsAfter = async (change: (dir: string) => void): Promise<readonly string[]> => {
  const dir = newPack();
  change(dir);
  const { defects } = await loadHistory(dir);
  expect(await analyzePack(dir)).toMatchObject({ verdict: "unknown", exitCode: 3 });
  return defects;
};

describe("reading a pack", () => {
  it("gives back the history that was written", async () => {
    const dir = newPack();
    expect(await loadHistory(dir)).toEqual({ ...drill(), dir });
  });

  it("refuses a folder that holds no run", async () => {
    await expect(loadHistory(tmpdir())).rejects.toMatchObject({ exitCode: 2 });
  });

  it.each([
    "plan.json",
    "scenario.yaml",
    "events.jsonl",
    "operations.jsonl",
    "probes.jsonl",
    "recovered.jsonl",
    "accounts.jsonl",
    "facts.jsonl",
    "engine-events.jsonl",
    "host.json",
    "images.json",
  ])("names a missing %s", async (name) =>
    expect(await defectsAfter((dir) => rmSync(raw(dir, name)))).toContain(`raw/${name} is missing`),
  );

  it("does not mind a node without a log", async () => {
    const dir = newPack();
    rmSync(raw(dir, "logs"), { recursive: true });
    expect((await loadHistory(dir)).defects).toEqual([]);
  });

  it("names a truncated last line, and keeps what stands before it", async () => {
    const defects = await defectsAfter((dir) =>
      truncateSync(raw(dir, "operations.jsonl"), readFileSync(raw(dir, "operations.jsonl")).length - 5),
    );
    expect(defects).toContain("raw/operations.jsonl is truncated: its last line, 800, was cut off");
    expect(defects).toContain("the workload issued 800 operations, 799 are recorded");
  });

  it.each<[string, string, (text: string) => string, RegExp]>([
    [
      "a line that is no JSON",
      "operations.jsonl",
      (t) => t.replace("{", "{{"),
      /operations\.jsonl line 1 cannot be used/,
    ],
    ["a wrong type", "operations.jsonl", (t) => t.replace('"seq":0', '"seq":"0"'), /line 1 cannot be used: seq/],
    [
      "an acknowledgement without an end",
      "operations.jsonl",
      (t) => t.replace(/"endedNs":"\d+"/, '"endedNs":null'),
      /acknowledged, but without an end/,
    ],
    [
      "a position that is none",
      "operations.jsonl",
      (t) => t.replace('"position":"0/5000000"', '"position":"zero"'),
      /position: expected a position/,
    ],
    [
      "nanoseconds as a number",
      "probes.jsonl",
      (t) => t.replace(/"dueNs":"(\d+)"/, '"dueNs":$1'),
      /probes\.jsonl line 1 cannot be used: dueNs/,
    ],
    [
      "a huge line",
      "operations.jsonl",
      (t) => `${"x".repeat(2 ** 20 + 1)}\n${t}`,
      /line 1 is longer than 1048576 bytes/,
    ],
    ["control characters", "host.json", () => "\u001b[2J", /host\.json cannot be used/],
    [
      "an event of an unknown kind",
      "events.jsonl",
      (t) => t.replace('"kind":"note"', '"kind":"x"').replace('"kind":"redundancy"', '"kind":"x"'),
      /is not an event/,
    ],
    [
      "an event with wrong data",
      "events.jsonl",
      (t) => t.replace('"observed":true', '"observed":"yes"'),
      /\(fault-proven\) cannot be used: observed/,
    ],
    ["an event that was edited", "events.jsonl", (t) => t.replace("412 packets", "999 packets"), /the chain is broken/],
    [
      "an event that was removed",
      "events.jsonl",
      (t) => t.split("\n").toSpliced(9, 1).join("\n"),
      /the chain is broken/,
    ],
    [
      "a journal whose end was cut",
      "events.jsonl",
      (t) => `${t.trimEnd().split("\n").slice(0, -1).join("\n")}\n`,
      /no run-ended/,
    ],
    [
      "a plan that is none",
      "plan.json",
      () => '{"schema":"blackstart/plan/v1"}',
      /plan\.json cannot be used: scenario/,
    ],
    ["another scenario", "scenario.yaml", (t) => `${t}# softer\n`, /raw\/scenario\.yaml has sha256/],
  ])("names %s", async (_, name, change, expected) => {
    const defects = await defectsAfter((dir) => edit(dir, name, change));
    expect(defects).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
    expect(defects.join("")).not.toMatch(/[\u0000-\u001f]/);
  });

  it("sees an event that was removed and the chain linked again, by its number", async () => {
    const defects = await defectsAfter((dir) =>
      edit(dir, "events.jsonl", (text) => {
        let prev = "0".repeat(64);
        const lines = text.trimEnd().split("\n").toSpliced(9, 1);
        return lines
          .map((line) => {
            const linked = JSON.stringify({ ...(JSON.parse(line) as object), prev });
            prev = createHash("sha256").update(linked).digest("hex");
            return `${linked}\n`;
          })
          .join("");
      }),
    );
    expect(defects.join("; ")).toContain("sequence gap");
  });

  it.each(["ledger", "server"])("refuses a tool that says it is the %s", async (detector) => {
    const dir = mkdtempSync(path.join(tmpdir(), "blackstart-load-"));
    places.push(dir);
    const ran = { component: "db", detector, noticed: "no", detail: "all is well", fromNs: "1", toNs: "2" } as const;
    writePack(
      dir,
      drill({}, (h) => addEvent(h, 6_900, "detector-ran", ran)),
    );
    expect((await loadHistory(dir)).defects.join()).toMatch(/detector-ran.*detector: no tool may have this name/);
  });

  it("follows no link out of the pack", async () => {
    const defects = await defectsAfter((dir) => {
      rmSync(raw(dir, "operations.jsonl"));
      symlinkSync("/dev/zero", raw(dir, "operations.jsonl"));
    });
    expect(defects).toContain("raw/operations.jsonl is not a plain file");
  });

  it("takes names that are special to JavaScript for plain names", async () => {
    const dir = newPack();
    writeFileSync(raw(dir, "logs/__proto__.log"), "x");
    const { logs, defects } = await loadHistory(dir);
    expect(Object.keys(logs)).toContain("__proto__");
    expect(defects).toEqual([]);
  });
});
