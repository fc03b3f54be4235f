import { describe, expect, test } from "vitest";
import { drilled, openLab, words } from "./lab.ts";

describe("the primary is lost and Sentinel fails over", () => {
  const lab = openLab();

  test.each(["sentinel-process-crash", "sentinel-node-loss"])("%s: its own decision is the detection", async (name) => {
    const { result, report } = await drilled(lab, `redis/${name}`);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: false } });
    expect(words(result, "detection")).toMatch(/was detected by its own manager after/);
    const marks = report.waterfall.filter((mark) => mark.at !== null);
    const at = (mark: string) => marks.find(({ name: is }) => is === mark)!.at!;
    expect(at("detected").upperMs).toBeLessThan(at("moved").upperMs);
    expect(at("moved").lowerMs).toBeLessThanOrEqual(at("first-write").upperMs);
  });

  test("sentinels that wait five seconds: nothing is lost, and the detection is missed", async () => {
    const { result } = await drilled(lab, "redis/sentinel-slow");
    expect(result).toMatchObject({ verdict: "fail", expect: "fail", lost: { count: 0 } });
    expect(result.detection!.lowerMs).toBeGreaterThan(4_000);
  });

  test("replication cut for two seconds before: lost to the write, by offsets and by read-back", async () => {
    const { result } = await drilled(lab, "redis/link-cut-then-loss");
    expect(result).toMatchObject({ verdict: "fail", expect: "fail", lost: { shape: "suffix" } });
    expect(result.lost.walBytes).toBeGreaterThan(0);
    expect(words(result, "second-estimate")).toContain("left for replication id");
  });

  test("WAIT 1: nothing is lost, and short counts are indeterminate", async () => {
    const { result } = await drilled(lab, "redis/wait-one");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
    expect(result.operations.indeterminate).toBeGreaterThan(0);
  });

  test("min-replicas-to-write: a window is lost, then writes are refused", async () => {
    const { result } = await drilled(lab, "redis/min-replicas");
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "suffix" } });
    expect(result.operations.failed).toBeGreaterThan(0);
  });
});

describe("damaged files", () => {
  const lab = openLab();

  test.each([
    "aof-tail-cut",
    "aof-header-flip",
    "aof-manifest-lost",
    "snapshot-wrong-order",
    "no-persistence-restart",
    "restore-snapshot-alone",
  ])("%s loses what it declares", async (name) => {
    const { result } = await drilled(lab, `redis/${name}`);
    expect(result).toMatchObject({ verdict: "fail", expect: "fail", lost: { shape: "suffix" }, mutated: 0 });
    expect(result.lost.count).toBeGreaterThan(0);
    expect(result.guaranteed.zeroLoss).toBe(false);
  });

  test.each(["aof-value-flip", "snapshot-flip-unchecked"])("%s is wrong without a word", async (name) => {
    const { result } = await drilled(lab, `redis/${name}`);
    expect(result).toMatchObject({ verdict: "fail", lost: { count: 0 }, mutated: 1 });
  });

  test.each(["aof-tail-cut-refused", "aof-zeros-appended", "snapshot-flip-refused"])(
    "%s: refused first",
    async (name) => {
      const { result } = await drilled(lab, `redis/${name}`);
      expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
      expect(words(result, "outcome-class")).toMatch(/^closed: start\S* was refused/);
      expect(words(result, "recovery-procedure")).toContain("refused to start. Its last words");
    },
  );

  test.each(["snapshot-right-order", "restore-aof-alone"])("%s brings everything back", async (name) => {
    const { result } = await drilled(lab, `redis/${name}`);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
  });
});

describe("erased, full, and not to be saved", () => {
  const lab = openLab();

  test("FLUSHALL is taken out of the append-only file: nothing is lost", async () => {
    const { result } = await drilled(lab, "redis/flushall-undone");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
  });

  test("FLUSHALL and a rewrite: the procedure says that it cannot, and all is lost", async () => {
    const { result } = await drilled(lab, "redis/flushall-rewritten");
    expect(result).toMatchObject({ verdict: "fail", expect: "fail" });
    expect(words(result, "recovery-procedure")).toContain("holds no FLUSHALL");
  });

  test.each(["memory-full-refused", "snapshot-fails"])("%s: writes are refused, none is lost", async (name) => {
    const { result } = await drilled(lab, `redis/${name}`);
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
    expect(words(result, "outcome-class")).toMatch(/writes were refused/);
  });

  test("eviction deletes acknowledged writes, and no client is told", async () => {
    const { result } = await drilled(lab, "redis/memory-full-evicted");
    expect(result).toMatchObject({ verdict: "fail", lost: { shape: "hole" }, operations: { failed: 0 } });
  });
});
