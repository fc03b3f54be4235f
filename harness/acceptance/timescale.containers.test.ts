import { beforeAll, describe, expect, test } from "vitest";
import { factsIn, type Lab, openLab, packOf, recount, run, scenario } from "./lab.ts";

const SCENARIOS = ["postgres/timescale-failover", "postgres/timescale-not-preloaded", "restore/timescale"] as const;

/** Three drills, and the image where it has to be built first. */
const HOOK_MS = 900_000;

describe("a hypertable", () => {
  const lab: Lab = openLab();
  let ended: Awaited<ReturnType<typeof run>>;

  beforeAll(async () => {
    ended = await run(lab, SCENARIOS.map(scenario));
  }, HOOK_MS);

  const resultOf = (name: (typeof SCENARIOS)[number]) => ended.results[SCENARIOS.indexOf(name)]!;
  const reasonsOf = (name: (typeof SCENARIOS)[number]) =>
    resultOf(name).reasons.filter(({ verdict }) => verdict !== "pass");
  const factsOf = (name: (typeof SCENARIOS)[number], at: string) =>
    factsIn(packOf(lab, resultOf(name))).find(
      (facts) => facts.at === at && facts.values["timescale.rows"] !== undefined,
    )!.values;

  test.each(["postgres/timescale-failover", "restore/timescale"] as const)(
    "%s: all chunks and rows are there, and both rows that were written afterwards",
    (name) => {
      expect(ended.code, ended.account).toBe(0);
      expect(reasonsOf(name)).toEqual([]);
      expect(recount(packOf(lab, resultOf(name)))).toBe(0);
      const [before, after] = [factsOf(name, "steady"), factsOf(name, "recovered")];
      expect(before).toMatchObject({ "timescale.chunks": "10", "timescale.rows": "20000" });
      expect(before["timescale.write"]).toBeUndefined();
      expect(after).toMatchObject({
        "timescale.chunks": "10",
        "timescale.rows": "20000",
        "timescale.digest": before["timescale.digest"],
        "timescale.write": "ok",
      });
    },
  );

  test("on a standby that does not preload the library only the check of the hypertable finds out", () => {
    const name = "postgres/timescale-not-preloaded";
    expect(reasonsOf(name).map(({ check }) => check)).toEqual(["hypertable"]);
    expect(recount(packOf(lab, resultOf(name)))).toBe(0);
    expect(resultOf(name)).toMatchObject({ verdict: "fail", expect: "fail", exitCode: 0, lost: { count: 0 } });
    expect(factsOf(name, "recovered")).toMatchObject({
      "timescale.chunks": "10",
      "timescale.rows": "20000",
      "timescale.write": expect.stringContaining("must be preloaded"),
    });
  });
});
