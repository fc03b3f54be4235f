import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Result } from "../report.ts";
import { labelled, type Lab, packOf, type Ran, recount, run, words } from "./lab.ts";

/** Backing files of this machine's loop devices that belong to a run; the kernel is asked, not the engine. */
export const loopsOf = (run: string): string[] =>
  readdirSync("/sys/block")
    .map((device) => `/sys/block/${device}/loop/backing_file`)
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8").trim())
    .filter((backing) => backing.includes(run));

export async function awaitNothingLeft(run: string, limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const left = [...labelled(run), ...loopsOf(run)];
    if (left.length === 0) return;
    if (performance.now() > endMs) throw new Error(`after ${limitMs} ms there is still ${left.join(" ")}`);
    await sleep(50);
  }
}

/** Runs one drill; its loss has to be what the standard tools count, and nothing of it may stay. */
export async function drill(lab: Lab, file: string): Promise<Omit<Ran, "results"> & { result: Result }> {
  const { results, ...ran } = await run(lab, [file]);
  const result = results[0]!;
  expect(result.lost.count, ran.account).toBe(recount(packOf(lab, result)));
  await awaitNothingLeft(result.run, 5_000);
  console.log(`${result.scenario}: lost ${result.lost.count}; ${words(result, "fault-effect")}`);
  return { ...ran, result };
}
