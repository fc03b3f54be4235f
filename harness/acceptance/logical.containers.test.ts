import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Finding } from "../verdict.ts";
import { linesOf, openLab, packOf, recount, reportOf, run, scenario } from "./lab.ts";

describe("a standby by logical replication", () => {
  const lab = openLab();
  const said = (reasons: readonly Finding[], check: string) => reasons.find((reason) => reason.check === check);

  test("takes over with the rows that it had applied, counted exactly, and with sequences that begin anew", async () => {
    const { code, results, stderr } = await run(lab, [scenario("postgres/logical-cut-then-loss")]);
    const result = results[0]!;
    expect(code, stderr).toBe(0); // a control that lost what it declared
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "suffix" }, guaranteed: { zeroLoss: false } });
    expect(result.guaranteed.why).toContain("standby follows by logical replication, and no commit waits for it");
    expect(result.lost.count).toBeGreaterThan(300);
    expect(result.lost.count).toBe(recount(packOf(lab, result)));
    expect(reportOf(lab, result).secondEstimate?.agrees).toBe(true);
    expect(said(result.reasons, "drop-in")).toMatchObject({
      verdict: "fail",
      detail: expect.stringMatching(/1 sequence did not come along \(probe_n_seq at \d+, was \d+\): \d+ numbers stand/),
    });
  });

  test("goes on from a promoted standby that kept its slot, without a gap and without a row twice", async () => {
    const { code, results, stderr } = await run(lab, [scenario("postgres/logical-slot-failover")]);
    const result = results[0]!;
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: true } });
    expect(said(result.reasons, "subscribers")).toMatchObject({ verdict: "pass" });
    const raw = path.join(packOf(lab, result), "raw");
    const rows = (file: string) => linesOf<{ store: string; op: string }>(path.join(raw, file));
    const ops = (store: string, file: string) =>
      rows(file)
        .filter((row) => row.store === store)
        .map(({ op }) => op)
        .toSorted();
    const served = ops("db", "recovered.jsonl");
    expect(served.length).toBeGreaterThan(1_000);
    expect(ops("db.subscriber", "inventory.jsonl")).toEqual(served);
  });
});
