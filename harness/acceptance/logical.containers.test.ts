import path from "node:path";
import { describe, expect, test } from "vitest";
import { drilled, findingOf, linesOf, openLab } from "./lab.ts";

describe("a standby by logical replication", () => {
  const lab = openLab();

  test("takes over with the rows that it had applied, counted exactly, and with sequences that begin anew", async () => {
    const { result } = await drilled(lab, "postgres/logical-cut-then-loss");
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "suffix" }, guaranteed: { zeroLoss: false } });
    expect(result.guaranteed.why).toContain("standby follows by logical replication, and no commit waits for it");
    expect(result.lost.count).toBeGreaterThan(300);
    expect(findingOf(result, "drop-in")).toMatchObject({
      verdict: "fail",
      detail: expect.stringMatching(/1 sequence did not come along \(probe_n_seq at \d+, was \d+\): \d+ numbers stand/),
    });
  });

  test("goes on from a promoted standby that kept its slot, without a gap and without a row twice", async () => {
    const { result, pack } = await drilled(lab, "postgres/logical-slot-failover");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: true } });
    expect(findingOf(result, "subscribers")).toMatchObject({ verdict: "pass" });
    const rows = (file: string) => linesOf<{ store: string; op: string }>(path.join(pack, "raw", file));
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
