import { expect, test } from "vitest";
import { report } from "../render/testing.ts";
import { suiteJunit, suiteText } from "../render/suite.ts";
import { EXIT, type ExitCode } from "../verdict.ts";
import { itemsOf } from "./items.ts";
import { type EndedItem, outcomeOf, type SuiteFacts } from "./outcome.ts";
import { readSuite } from "./read-suite.ts";
import { suiteFile } from "./testing.ts";

async function outcome(codes: readonly ExitCode[], facts: Partial<SuiteFacts> = {}) {
  const suite = await readSuite(await suiteFile());
  const items = itemsOf(suite, facts.shard ?? null);
  const ended = codes.map((exitCode, i): EndedItem => {
    return { item: items[i]!, exitCode, wallMs: 12_000, report: report({ run: `run-${i}`, exitCode }), why: null };
  });
  return outcomeOf(ended, {
    suite,
    shard: null,
    startedAt: "2026-11-25T10:00:00.000Z",
    endedAt: "2026-11-25T10:01:00.000Z",
    resumed: 0,
    left: items.slice(codes.length),
    interrupted: null,
    ...facts,
  });
}

test("all drills as declared: exit 0, and the required id is covered", async () => {
  const all = await outcome([EXIT.met, EXIT.met, EXIT.met]);
  expect(all).toMatchObject({ exitCode: EXIT.met, coverage: { required: ["A3"], missing: [] } });
  expect(suiteText(all)).toContain("3 of 3 drills ended as declared");
});

test("the worst drill decides; a repeat that held covers its id, as the other is a failure of its own", async () => {
  expect(await outcome([EXIT.met, EXIT.missed, EXIT.met])).toMatchObject({
    exitCode: EXIT.missed,
    coverage: { missing: [] },
  });
});

test("an id whose every drill failed is not covered", async () => {
  const none = await outcome([EXIT.missed, EXIT.inconclusive, EXIT.met]);
  expect(none).toMatchObject({ exitCode: EXIT.missed, coverage: { missing: ["A3"] } });
  expect(suiteText(none)).toContain("NOT COVERED: A3");
  expect(suiteJunit(none)).toContain('tests="4" failures="1" errors="2"');
});

test("what was not run never passes", async () => {
  const part = await outcome([EXIT.met, EXIT.met]);
  expect(part).toMatchObject({ exitCode: EXIT.inconclusive });
  expect(part.drills.at(-1)).toMatchObject({ key: "two-1", run: null, why: "the suite ended before it" });
  expect(await outcome([EXIT.met], { interrupted: EXIT.sigint })).toMatchObject({ exitCode: EXIT.sigint });
});

test("a shard answers for the ids that it has drills for", async () => {
  const second = await outcome([EXIT.met], { shard: { index: 2, of: 2 } });
  expect(second).toMatchObject({ exitCode: EXIT.met, coverage: { required: ["A3"], missing: [] } });
});
