import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Component } from "../component.ts";
import type { Node } from "../node.ts";
import type { Location } from "../place.ts";
import { fileDamage } from "./file-damage.ts";

const CONTENT = "one two three four five six seven\n";

/** A node whose disk is a folder of this machine, with one file in it. */
function lab() {
  const disk = mkdtempSync(path.join(tmpdir(), "blackstart-disk-"));
  onTestFinished(() => rmSync(disk, { recursive: true }));
  mkdirSync(path.join(disk, "data"));
  const file = path.join(disk, "data", "log.1");
  writeFileSync(file, CONTENT);
  const state = { is: "stopped" as "stopped" | "running" };
  const node = {
    name: "db.primary",
    disk,
    state: async () => state.is,
    onDisk: async ([program = "", ...args]: readonly string[], { stdin }: { stdin?: string }) => {
      const said = spawnSync(program, args, { encoding: "utf8", input: stdin });
      return { code: said.status ?? 1, stdout: said.stdout, stderr: said.stderr };
    },
  } as unknown as Node;
  const kept: string[] = [];
  const struck: { damaged: readonly string[]; beside: readonly string[] }[] = [];
  /** The second of the two words on the first half of the file is what is stored there. */
  const location: Location = {
    path: "data/log.1",
    from: 4,
    to: 14,
    value: { from: 8, to: 13 },
    unit: 16,
    words: "three words",
    elements: [
      { op: "two", from: 4, to: 7 },
      { op: "three", from: 8, to: 13 },
      { op: "four", from: 14, to: 18 },
      { op: "seven", from: 28, to: 33 },
    ],
  };
  const other = { ...location, path: "data/log.2", elements: [] };
  const component = {
    name: "db",
    kind: "store",
    locate: async (_node: string, what: string) => (what === "other" ? other : location),
  } as unknown as Component;
  const inject = (params: object, of = component) =>
    fileDamage.inject({ component: of, node }, fileDamage.params.parse(params), {
      signal: new AbortController().signal,
      step: "damage",
      attempted: () => undefined,
      struck: (elements) => void struck.push(elements),
      keep: async (_name, content) => void kept.push(content),
    });
  return { disk, file, state, kept, struck, inject, now: () => readFileSync(file, "utf8") };
}

/** A component that finds one byte of a file, and these elements in it. */
const holder = (file: string, elements: Location["elements"]): Component =>
  ({
    name: "db",
    kind: "store",
    locate: async () => ({ path: file, from: 4, to: 5, words: "a byte", elements }),
  }) as unknown as Component;

const observed = async (injection: Awaited<ReturnType<typeof fileDamage.inject>>) =>
  injection.effect(new AbortController().signal);

describe("damage to a file", () => {
  test.each<[string, object, string]>([
    ["cut off at the end", { damage: "truncate", bytes: 7 }, CONTENT.slice(0, -7)],
    ["zeros at the end", { damage: "zeros", bytes: 3 }, `${CONTENT}\0\0\0`],
    ["one bit at the start", { damage: "flip", share: 0 }, `n${CONTENT.slice(1)}`],
    ["one bit at a text", { damage: "flip", share: 0, pattern: "four", plus: 1 }, CONTENT.replace("four", "fnur")],
    ["the first text from there on", { damage: "flip", share: 0.5, pattern: "s" }, CONTENT.replace("six", "rix")],
    ["several bytes", { damage: "flip", share: 0, bytes: 3 }, `nod${CONTENT.slice(3)}`],
    ["cut in half", { damage: "truncate", share: 0.5 }, CONTENT.slice(0, 17)],
    ["emptied", { damage: "empty" }, ""],
    [
      "zeros over some",
      { damage: "zero-range", share: 0.5, bytes: 2 },
      `${CONTENT.slice(0, 17)}\0\0${CONTENT.slice(19)}`,
    ],
    ["zeros over all", { damage: "zero-range" }, "\0".repeat(34)],
    ["zeros over the tail", { damage: "zero-tail" }, CONTENT.slice(0, 17) + "\0".repeat(17)],
  ])("%s: the bytes are others, and the proof says so", async (_name, params, expected) => {
    const { inject, now, kept } = lab();
    const injection = await inject({ path: "data/log.*", ...params });
    expect(now()).toBe(expected);
    const { observed: bites, proof } = await observed(injection);
    expect(bites).toBe(true);
    expect(proof).toMatch(
      /data\/log\.1: 34 bytes, sha256 [0-9a-f]{16}… before, \d+ bytes, sha256 [0-9a-f]{16}… after$/,
    );
    expect(kept).toEqual([`${proof}\n`]);
  });

  test("a folder goes", async () => {
    const { inject, file } = lab();
    const injection = await inject({ path: "data", damage: "delete" });
    expect(existsSync(file)).toBe(false);
    expect(await observed(injection)).toMatchObject({ observed: true });
    await injection.heal();
    expect(readFileSync(file, "utf8")).toBe(CONTENT);
  });

  test("replaced by another file; by one of the same content nothing is proven", async () => {
    const { inject, disk, now } = lab();
    writeFileSync(path.join(disk, "other"), "other\n");
    expect(await observed(await inject({ path: "data/log.1", damage: "replace", with: "other" }))).toMatchObject({
      observed: true,
    });
    expect(now()).toBe("other\n");
    expect(await observed(await inject({ path: "data/log.1", damage: "replace", with: "other" }))).toMatchObject({
      observed: false,
    });
  });

  test("two files change places, and both come back", async () => {
    const { inject, disk, now } = lab();
    const second = path.join(disk, "data", "log.2");
    writeFileSync(second, "other\n");
    const injection = await inject({ path: "data/log.1", damage: "swap", with: "data/log.2" });
    expect([now(), readFileSync(second, "utf8")]).toEqual(["other\n", CONTENT]);
    const { observed: bites, proof } = await observed(injection);
    expect(bites).toBe(true);
    expect(proof).toMatch(/^exchange with data\/log\.2 of data\/log\.1: 34 bytes, .* before, 6 bytes, .* after; /);
    expect(proof).toMatch(/; data\/log\.2: 6 bytes, .* before, 34 bytes, .* after$/);
    await injection.heal();
    expect([now(), readFileSync(second, "utf8")]).toEqual([CONTENT, "other\n"]);
  });

  test("a file does not change places with itself", async () => {
    const { inject, now } = lab();
    await expect(inject({ path: "data/log.1", damage: "swap", with: "data/log.1" })).rejects.toThrow(
      "data/log.1 was to change places with itself: name two places, or have more written before",
    );
    expect(now()).toBe(CONTENT);
  });

  test("two files of the same content that change places prove nothing", async () => {
    const { inject, disk } = lab();
    writeFileSync(path.join(disk, "data", "log.2"), CONTENT);
    const injection = await inject({ path: "data/log.1", damage: "swap", with: "data/log.2" });
    expect(await observed(injection)).toMatchObject({ observed: false });
  });

  test("a folder that a recovery has done away with is not missed", async () => {
    const { inject, disk } = lab();
    const injection = await inject({ path: "data/log.1", damage: "delete" });
    rmSync(path.join(disk, "data"), { recursive: true });
    await expect(injection.heal()).resolves.toBeUndefined();
  });

  test("a file that is damaged twice comes back step by step", async () => {
    const { inject, now } = lab();
    const first = await inject({ path: "data/log.1", damage: "truncate", bytes: 7 });
    const once = now();
    const second = await inject({ path: "data/log.1", damage: "empty" });
    await second.heal();
    expect(now()).toBe(once);
    await first.heal();
    expect(now()).toBe(CONTENT);
  });

  test("the undamaged file comes back once, and never under a server that runs", async () => {
    const { inject, now, state } = lab();
    const injection = await inject({ path: "data/log.1", damage: "truncate", bytes: 7 });
    state.is = "running";
    await injection.heal();
    expect(now()).not.toBe(CONTENT);
    state.is = "stopped";
    await injection.heal();
    await injection.heal();
    expect(now()).toBe(CONTENT);
  });

  test.each<[string, object, string]>([
    ["a file that is not there", { path: "data/none", damage: "delete" }, "matches 0 files on the disk of db.primary"],
    [
      "more bytes than there are",
      { path: "data/log.1", damage: "truncate", bytes: 99 },
      "has 34 bytes: 99 cannot be cut",
    ],
    [
      "a text that is not there",
      { path: "data/log.1", damage: "flip", pattern: "one" },
      "does not stand at or after byte 17",
    ],
    ["a place beyond the end", { path: "data/log.1", damage: "flip", share: 1, plus: 9 }, "ends at byte 34"],
    [
      "a replacement without a name",
      { path: "data/log.1", damage: "replace" },
      "the other file of replace is not said",
    ],
    ["nothing to damage", { damage: "empty" }, "what is damaged is not said"],
    [
      "zeros beyond the end",
      { path: "data/log.1", damage: "zero-range", bytes: 99 },
      "has 34 bytes, none from 0 to 98",
    ],
  ])("%s is an error and no fault", async (_name, params, said) => {
    await expect(lab().inject(params)).rejects.toThrow(said);
  });
});

describe("damage to what a component finds", () => {
  const place = { what: "word" };

  test.each<[string, object, string, string[], string[]]>([
    ["one bit of the value", { damage: "flip" }, CONTENT.replace("three", "thsee"), ["three"], ["two", "four"]],
    ["one bit of the place", { damage: "flip", share: 0 }, CONTENT.replace("two", "uwo"), ["two"], ["three", "four"]],
    [
      "zeros over the place",
      { damage: "zero-range" },
      `one ${"\0".repeat(10)}four five six seven\n`,
      ["two", "three"],
      ["four"],
    ],
    [
      "zeros over its start",
      { damage: "zero-range", bytes: 2 },
      CONTENT.replace("tw", "\0\0"),
      ["two"],
      ["three", "four"],
    ],
    ["cut where it begins", { damage: "truncate", share: 0 }, "one ", ["two", "three", "four", "seven"], []],
    ["gone", { damage: "delete" }, "", ["two", "three", "four", "seven"], []],
  ])("%s: what stood there is named", async (_name, params, expected, damaged, beside) => {
    const { inject, struck, kept, file } = lab();
    const injection = await inject({ place, ...params });
    expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe(expected);
    expect(struck).toEqual([{ damaged, beside }]);
    expect(kept[1]).toBe(
      [...damaged.map((op) => `damaged\t${op}\n`), ...beside.map((op) => `beside\t${op}\n`)].join(""),
    );
    expect((await observed(injection)).proof).toContain(`(three words)`);
  });

  test("content of another place", async () => {
    const { inject, disk, now } = lab();
    writeFileSync(path.join(disk, "data", "log.2"), "other\n");
    await inject({ place, damage: "replace", withPlace: { what: "other" } });
    expect(now()).toBe("other\n");
  });

  test("of two places that are exchanged both are named", async () => {
    const { inject, disk, struck } = lab();
    writeFileSync(path.join(disk, "data", "log.2"), "other\n");
    const elements = [{ op: "other", from: 0, to: 5 }];
    await inject({ path: "data/log.1", damage: "swap", withPlace: { what: "other" } }, holder("data/log.2", elements));
    expect(struck).toEqual([{ damaged: ["other"], beside: [] }]);
  });

  test("a bit of each of several bytes: of what shares a byte only the one with that bit is damaged", async () => {
    const { inject, struck } = lab();
    const quarters = [4, 4.25, 4.75, 5, 5.25, 6].map((from) => ({ op: `at ${from}`, from, to: from + 1 / 4 }));
    const injection = await inject({ place, damage: "flip", bytes: 2 }, holder("data/log.1", quarters));
    expect(struck).toEqual([{ damaged: ["at 4", "at 5"], beside: ["at 4.25", "at 4.75", "at 5.25"] }]);
    const { proof } = await observed(injection);
    expect(proof).toMatch(/^one bit each of the 2 bytes from 4 on of .*; elements in these bytes: 2$/);
  });

  test("a component that knows none", async () => {
    const none = { name: "db", kind: "store" } as Component;
    await expect(lab().inject({ place, damage: "empty" }, none)).rejects.toThrow(
      "db (store) knows no places on its disk",
    );
  });
});
