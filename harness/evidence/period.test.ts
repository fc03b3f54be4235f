import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { spanOf } from "../period.ts";
import { gatherRuns, PERIOD, signPeriod, verifyPeriod, within } from "./period.ts";
import { makePack, type TestBed, testBed } from "./testing.ts";

let bed: TestBed;
beforeEach(() => void (bed = testBed()));
afterEach(() => bed.remove());

const today = new Date().toISOString().slice(0, 10);
const SPAN = spanOf(`${today}..${today}`)!;
const gather = () =>
  gatherRuns({ reportsDir: bed.reports, choose: within(SPAN), trust: { publicKeys: [bed.signer.fingerprint] } });
const run = (n: number): string => `2026-11-23T10-00-0${n}Z-7f3a`;

describe("the runs of a span", () => {
  test("are those of the ledger, each with its report where the pack verifies", async () => {
    await makePack(bed, { run: run(1) });
    await makePack(bed, { run: run(2) });
    const { runs, ledger } = await gather();
    expect(runs.map(({ run: name, end, gap, report }) => [name, end, gap, report?.run])).toEqual([
      [run(1), "result", null, run(1)],
      [run(2), "result", null, run(2)],
    ]);
    expect(ledger.size).toBe(4);
  });

  test("a pack that is gone, or was changed, is a gap that says why", async () => {
    const [gone, changed] = [await makePack(bed, { run: run(1) }), await makePack(bed, { run: run(2) })];
    await makePack(bed, { run: run(3) });
    renameSync(gone, join(bed.root, "elsewhere"));
    appendFileSync(join(changed, "views", "report.json"), " ");
    expect((await gather()).runs.map(({ gap }) => gap)).toEqual([
      "its pack is not there",
      "its pack does not verify: digests: views/report.json is not what was signed",
      null,
    ]);
  });

  test("a ledger that was cut, a run that it hides and a key that nobody knows are refused", async () => {
    await makePack(bed, { run: run(1) });
    await makePack(bed, { run: run(2) });
    await expect(
      gatherRuns({ reportsDir: bed.reports, choose: within(SPAN), trust: { publicKeys: [] } }),
    ).rejects.toThrow("no public key was given");
    await expect(
      gatherRuns({ reportsDir: bed.reports, choose: within(SPAN), trust: { publicKeys: ["0".repeat(64)] } }),
    ).rejects.toThrow("no pack in the reports folder verifies under the given keys");
    const entries = join(bed.reports, "ledger", "entries.jsonl");
    const lines = readFileSync(entries, "utf8").split("\n");
    writeFileSync(entries, `${lines.slice(0, 3).join("\n")}\n`);
    await expect(gather()).rejects.toThrow("The run ledger does not verify: 1 entries were removed");
  });
});

describe("a period report", () => {
  async function signed(): Promise<string> {
    await makePack(bed, { run: run(1) });
    const dir = join(bed.root, "period");
    mkdirSync(dir);
    for (const name of [PERIOD.data, PERIOD.page, PERIOD.paper, PERIOD.table]) writeFileSync(join(dir, name), name);
    const facts = {
      span: SPAN,
      madeAt: new Date().toISOString(),
      dirty: false,
      clockSynchronised: true,
      preload: null,
    };
    await signPeriod(dir, facts, await gather(), bed.signer);
    return dir;
  }
  const failing = async (dir: string, pins = [bed.signer.fingerprint]): Promise<string[]> =>
    (await verifyPeriod(dir, pins)).checks.filter(({ outcome }) => outcome === "fail").map(({ name }) => name);

  test("verifies under the pinned key, and is no better than the runs in it", async () => {
    const { ok, statement } = await verifyPeriod(await signed(), [bed.signer.fingerprint]);
    expect(ok).toBe(true);
    expect(statement).toMatchObject({ class: "development", runs: [{ run: run(1) }], ledger: { size: 2 } });
    expect(statement?.classReasons).toContain("1 of 1 runs are development runs");
  });

  test("fails without a key, under another, and where a file was changed, added or taken away", async () => {
    const dir = await signed();
    expect(await failing(dir, [])).toEqual(["key"]);
    expect(await failing(dir, ["0".repeat(64)])).toEqual(["signature"]);
    writeFileSync(join(dir, "more.html"), "");
    expect(await failing(dir)).toEqual(["files"]);
    rmSync(join(dir, "more.html"));
    appendFileSync(join(dir, PERIOD.page), " ");
    expect(await failing(dir)).toEqual(["digests"]);
    rmSync(join(dir, PERIOD.page));
    expect(await failing(dir)).toContain("files");
    writeFileSync(join(dir, PERIOD.bundle), "{");
    expect(await failing(dir)).toEqual(["bundle"]);
  });
});
