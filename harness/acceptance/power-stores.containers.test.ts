import { describe, expect, test } from "vitest";
import { obtainable } from "../engine/images.ts";
import { linesOf, openLab, packOf, reportOf, scenario } from "./lab.ts";
import { drill } from "./power-lab.ts";

/** An image that cannot be built, which some machines cannot have. */
const noMinio = !(await obtainable(["minio"]));
const lacksImage = (name: string): boolean => noMinio && /^store\/power-loss-(un)?synced$/.test(name);
const WHY = "the image of MinIO is not on this machine and no registry has it";

describe("what a cache and an object store keep depends on when they sync, and on nothing that a kill would show", () => {
  const lab = openLab();
  /** Acknowledged before the power was lost, and how many of them are there afterwards. */
  const beforeTheLoss = (pack: string) => {
    const at = linesOf<{ kind: string; data: { fromNs: string } }>(`${pack}/raw/events.jsonl`).find(
      ({ kind }) => kind === "fault-effective",
    )!.data.fromNs;
    const present = new Set(linesOf<{ op: string }>(`${pack}/raw/recovered.jsonl`).map(({ op }) => op));
    const acknowledged = linesOf<{ op: string; outcome: string; endedNs: string | null }>(
      `${pack}/raw/operations.jsonl`,
    ).filter(({ outcome, endedNs }) => outcome === "ok" && BigInt(endedNs!) < BigInt(at));
    return { acknowledged: acknowledged.length, kept: acknowledged.filter(({ op }) => present.has(op)).length };
  };

  test.for([
    "redis/power-loss-always",
    "redis/process-crash-everysec",
    "store/power-loss-synced",
    "store/power-loss-ceph",
  ])("%s: nothing is lost, and the settings promise it", async (name, { skip }) => {
    skip(lacksImage(name), WHY);
    const { code, result, account } = await drill(lab, scenario(name));
    expect(code, account).toBe(0);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: true } });
    expect(reportOf(lab, result).secondEstimate?.agrees).toBe(true);
  });

  test.for([
    "redis/power-loss-everysec",
    "redis/power-loss-no",
    "store/power-loss-unsynced",
    "store/power-loss-versitygw",
  ])(
    "%s: what was not synced is lost, by both counts, and the settings had not promised it",
    async (name, { skip }) => {
      skip(lacksImage(name), WHY);
      const { code, result, account } = await drill(lab, scenario(name));
      expect(code, account).toBe(0);
      expect(result).toMatchObject({ verdict: "fail", guaranteed: { zeroLoss: false } });
      expect(result.lost.count).toBeGreaterThan(0);
      expect(reportOf(lab, result).secondEstimate?.agrees).toBe(true);
      const { acknowledged, kept } = beforeTheLoss(packOf(lab, result));
      expect(acknowledged).toBeGreaterThan(100);
      // In these two nothing at all is synced while the drill lasts.
      expect(kept > 0).toBe(!["redis/power-loss-no", "store/power-loss-versitygw"].includes(name));
    },
  );
});
