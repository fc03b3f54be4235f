import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { resolveImages } from "../engine/images.ts";
import type { Result } from "../report.ts";
import { type Damage, damages } from "./damages.ts";
import { absentIn, findingOf, openLab, packOf, recount, run, struckIn, words, writeScenario } from "./lab.ts";

/** Two cores: more drills at once would measure each other. */
const AT_ONCE = 2;

interface Came {
  readonly code: number | null;
  readonly stderr: string;
  readonly result: Result;
  readonly recounted: number;
}

const lab = openLab();
const outcomes = new Map<string, Came | { readonly broke: string }>();
let wallMs = 0;

async function drill(damage: Damage): Promise<Came> {
  const file = writeScenario(lab, damage.id, damage.text);
  const { code, stderr, results } = await run(lab, [file]);
  const [result] = results;
  if (!result) throw new Error(`no result, exit ${code}: ${stderr.slice(-2_000)}`);
  return { code, stderr, result, recounted: recount(packOf(lab, result)) };
}

beforeAll(async () => {
  await resolveImages(["postgres", "proxy", "versitygw"], () => undefined, AbortSignal.timeout(600_000)); // once, and not by each of the first two drills
  const left = [...damages];
  const startMs = performance.now();
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { id } = next;
      outcomes.set(id, await drill(next).catch((thrown: unknown) => ({ broke: String(thrown) })));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  wallMs = performance.now() - startMs;
}, 1_500_000);

function cameOf(id: string): Came {
  const came = outcomes.get(id)!;
  if ("broke" in came) throw new Error(came.broke);
  return came;
}

describe("every damage, at the first, a middle and the last place", () => {
  it.each(damages.map((damage) => [damage.id, damage] as const))("%s", (id, { outcome, shows }) => {
    const { code, result, recounted } = cameOf(id);
    expect(result.lost.count, "lost, against a recount by jq, sort and comm").toBe(recounted);
    expect({
      [id]: code,
      reasons: code === 0 ? [] : result.reasons.filter(({ verdict }) => verdict !== "pass"),
    }).toEqual({
      [id]: 0,
      reasons: [],
    });
    expect(findingOf(result, "outcome-class")).toMatchObject({
      verdict: "pass",
      detail: expect.stringContaining(outcome) as unknown,
    });
    expect(findingOf(result, "second-estimate").verdict, words(result, "second-estimate")).toBe("pass");
    expect(result.verdict).toBe(shows === undefined ? "pass" : "fail");
  });

  it("a flipped segment of the archive: the restore reports success, and everything since is lost", () => {
    const { result } = cameOf("archive-segment-middle-flip");
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "suffix" }, guaranteed: { zeroLoss: false } });
    expect(result.lost.count).toBeGreaterThan(500);
    expect(findingOf(result, "recovery-procedure").verdict).toBe("pass");
    expect(words(result, "fault-effect")).toMatch(/flip of 0{7}1\w{16}: 1048576 bytes, sha256 (\w+)….* before.* after/);
  });

  it("one bit in the node's own WAL: it starts on the same timeline, and the positions say to the write what is gone", () => {
    const { result } = cameOf("wal-middle-flip");
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "suffix" }, mutated: 0 });
    expect(words(result, "recovery-procedure")).toBe("start of db.primary succeeded");
    expect(words(result, "second-estimate")).toContain("the last record that crash recovery replayed");
    expect(words(result, "fault-effect")).toMatch(/one bit of byte \d+ of data\/pg_wal\/\w{24} .+ before, .+ after/);
  });

  it.each(["heap-first-flip", "heap-middle-flip"])(
    "%s: every row of that page is unreadable, no other is lost, and each is named",
    (id) => {
      const pack = packOf(lab, cameOf(id).result);
      const { damaged, beside } = struckIn(pack);
      expect(damaged).toHaveLength(1);
      expect(absentIn(pack).toSorted()).toEqual([...damaged, ...beside].toSorted());
      expect(readFileSync(path.join(pack, "raw", "events.jsonl"), "utf8")).toMatch(
        /\d+ elements of db could not be read back; the first, ledger-\d+: invalid page in block/,
      );
    },
  );

  it("are at least 45 that were drilled to the end, and their table is kept", () => {
    const ended = [...outcomes.values()].filter((came) => !("broke" in came));
    expect(ended.length).toBeGreaterThanOrEqual(45);
    const file = path.join(lab.dir, "damages.md");
    mkdirSync(lab.dir, { recursive: true });
    const rows = damages.map(({ id, outcome }) => {
      const came = outcomes.get(id)!;
      return "broke" in came
        ? `| ${id} | ${outcome} | broke | | | |`
        : `| ${id} | ${outcome} | ${came.result.verdict} | ${came.result.lost.count} | ${came.recounted} | ${came.result.mutated} |`;
    });
    writeFileSync(
      file,
      `| damage | outcome | verdict | lost | recounted | mutated |\n|---|---|---|---|---|---|\n${rows.join("\n")}\n`,
    );
    console.log(`${damages.length} drills in ${Math.round(wallMs / 1_000)} s; the table: ${file}`);
  });
});
