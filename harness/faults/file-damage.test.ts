import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Component } from "../component.ts";
import type { Node } from "../node.ts";
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
  const inject = (params: object) =>
    fileDamage.inject({ component: {} as Component, node }, fileDamage.params.parse(params), {
      signal: new AbortController().signal,
      step: "damage",
      attempted: () => undefined,
      keep: async (_name, content) => void kept.push(content),
    });
  return { disk, file, state, kept, inject, now: () => readFileSync(file, "utf8") };
}

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
  ])("%s: the bytes are others, and the proof says so", async (_name, params, expected) => {
    const { inject, now, kept } = lab();
    const injection = await inject({ path: "data/log.*", ...params });
    expect(now()).toBe(expected);
    const { observed: bites, proof } = await observed(injection);
    expect(bites).toBe(true);
    expect(proof).toMatch(/data\/log\.1: 34 bytes, sha256 [0-9a-f]{16}… before, \d+ bytes, sha256 [0-9a-f]{16}… after/);
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
    ["a replacement without a name", { path: "data/log.1", damage: "replace" }, "needs to be told with what"],
  ])("%s is an error and no fault", async (_name, params, said) => {
    await expect(lab().inject(params)).rejects.toThrow(said);
  });
});
