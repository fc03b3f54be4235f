import { describe, expect, test } from "vitest";
import { drilled, factsIn, keptIn, openLab } from "./lab.ts";

const CEPH = ["--set", "stack.store.provider=ceph"];

describe("Ceph on four drives", () => {
  const lab = openLab();

  test("a drive is lost with its disk and replaced: nothing is lost, by guarantee, and four drives have it again", async () => {
    const { result, pack } = await drilled(lab, "store/drive-loss", CEPH);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: true } });
    const after = factsIn(pack).find(({ at, node }) => at === "recovered" && node === "store.server");
    expect(after?.values).toMatchObject({ drives_online: "4", drives_offline: "0", write_quorum: "3 of 4" });
  });

  test("content rots on two drives: readers get what was written, and a scrub finds and repairs it", async () => {
    const { result, pack } = await drilled(lab, "store/bit-rot-data", CEPH);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, mutated: 0 });
    expect(keptIn(pack, "scrub.txt")).toMatch(/[1-9]\d* with damage[\s\S]*read again without damage/);
  });

  test("two drives are away: service stops until they are back, and nothing is lost", async () => {
    const { result } = await drilled(lab, "store/ceph-drives-beyond-parity");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
    expect(result.recoveryTime?.lowerMs).toBeGreaterThan(1_000);
  });
});

describe("Ceph on two sites", () => {
  const lab = openLab();

  test("the first is lost: what the second did not have yet is lost, with the exact count", async () => {
    const { result } = await drilled(lab, "store/ceph-site-lost");
    expect(result).toMatchObject({ verdict: "fail", guaranteed: { zeroLoss: false } });
    expect(result.lost.count).toBeGreaterThan(0);
  });
});
