import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { Record } from "../drill/record.ts";
import { runPlan } from "../drill/run-plan.ts";
import { resolveImages } from "../engine/images.ts";
import { readScenario } from "../scenario/read-scenario.ts";
import { labelled, linesOf, scenario } from "./lab.ts";

const RUN = `survivors-${process.pid}`;

const dumpOf = (container: string): SpawnSyncReturns<string> =>
  spawnSync(
    "docker",
    ["exec", container, ..."/blackstart/bin/pg_dump -U postgres --data-only -t blackstart.ledger postgres".split(" ")],
    { encoding: "utf8", maxBuffer: 1e8 },
  );

test("the loss that is read back equals a dump of the surviving table, taken by the server's own tools", async () => {
  const signal = AbortSignal.timeout(120_000);
  const plan = (await readScenario(scenario("postgres/async-cut-then-loss"))).plan(11);
  const images = await resolveImages(["postgres", "proxy"], () => undefined, signal);
  const dir = mkdtempSync(path.join(tmpdir(), "blackstart-test-"));
  const record = new Record(dir);
  // Taken as soon as the harness has read everything back: the detectors that look next end the server.
  const dumps: SpawnSyncReturns<string>[] = [];
  const end = await runPlan({
    run: RUN,
    plan,
    record,
    signal,
    journal: (event) => void (event === "read-back" && dumps.push(dumpOf(`blackstart-${RUN}-db.standby`))),
    flushJournal: () => undefined,
    listen: () => undefined,
    images: new Map([...images].map(([name, image]) => [name, image.reference])),
  });
  try {
    expect(end.error).toBeNull();
    expect(dumps).toHaveLength(1);
    const [dump] = dumps;
    expect(dump!.status, dump!.stderr).toBe(0);
    const surviving = new Set([...dump!.stdout.matchAll(/^(ledger-\d+)\t/gm)].map(([, op]) => op));
    await record.close();
    const acknowledged = linesOf<{ op: string; outcome: string }>(path.join(dir, "raw", "operations.jsonl")).filter(
      (o) => o.outcome === "ok",
    );
    const recovered = new Set(linesOf<{ op: string }>(path.join(dir, "raw", "recovered.jsonl")).map((e) => e.op));
    const lost = acknowledged.filter((o) => !surviving.has(o.op));
    expect(lost.length).toBeGreaterThan(300);
    expect(acknowledged.filter((o) => !recovered.has(o.op))).toEqual(lost);
    expect(recovered).toEqual(surviving);
  } finally {
    expect(await end.takeDown()).toEqual([]);
  }
  expect(labelled(RUN)).toEqual([]);
});
