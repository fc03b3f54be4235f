import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { resolveImages } from "../engine/images.ts";
import type { Result } from "../report.ts";
import { type Damage, damages } from "./damages.ts";
import { openLab, packOf, recount, run, writeScenario } from "./lab.ts";

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

describe("every damage, at the first, a middle and the last place", () => {
  it.each(damages.map((damage) => [damage.id, damage] as const))("%s", (id, { outcome, shows }) => {
    const came = outcomes.get(id)!;
    if ("broke" in came) throw new Error(came.broke);
    const { code, result, recounted } = came;
    const findings = new Map(result.reasons.map((reason) => [reason.check, reason]));
    expect(result.lost.count, "lost, against a recount by jq, sort and comm").toBe(recounted);
    expect({
      [id]: code,
      reasons: code === 0 ? [] : result.reasons.filter(({ verdict }) => verdict !== "pass"),
    }).toEqual({
      [id]: 0,
      reasons: [],
    });
    expect(findings.get("outcome-class")).toMatchObject({
      verdict: "pass",
      detail: expect.stringContaining(outcome) as unknown,
    });
    expect(findings.get("second-estimate")?.verdict, findings.get("second-estimate")?.detail).toBe("pass");
    expect(result.verdict).toBe(shows === undefined ? "pass" : "fail");
  });

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
