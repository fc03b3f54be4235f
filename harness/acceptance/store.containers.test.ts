import { describe, expect, test } from "vitest";
import { obtainable } from "../engine/images.ts";
import { builtReference } from "../engine/recipes.ts";
import type { Result } from "../report.ts";
import { drilled, openLab, run, scenario, words } from "./lab.ts";

/** MinIO can only be pulled or loaded. Where it cannot be had its drills are skipped, each by its name, and the reason is said once. */
const hasMinio = await obtainable(["minio"]);
if (!hasMinio)
  process.stderr.write(
    `SKIPPED: the drills of MinIO, for ${builtReference("minio")} is not here and no registry offers it; docker load it to run them\n`,
  );
const minio = hasMinio ? describe : describe.skip;

const on = (provider: string): string[] => ["--set", `stack.store.provider=${provider}`];

minio("MinIO on four drives", () => {
  const lab = openLab();

  test("a drive is lost and replaced: nothing is lost, and the empty one is rebuilt", async () => {
    const { result, report } = await drilled(lab, "store/drive-loss", on("minio"));
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 } });
    expect(report.waterfall.find(({ name }) => name === "healed")?.at).not.toBeNull();
  });

  test("three drives are away: every write is refused until they are back", async () => {
    const { result } = await drilled(lab, "store/drives-beyond-parity", on("minio"));
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, resurrected: 0 });
    expect(result.recoveryTime!.lowerMs).toBeGreaterThan(2_000);
    expect(words(result, "outcome-class")).toMatch(/^closed: [1-9]\d* writes were refused/);
  });

  test("a deep heal that is over has not repaired rotten metadata, and the procedure does not say that it has", async () => {
    const { result } = await drilled(lab, "store/metadata-rot-not-healed");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, mutated: 0 });
  });

  test("reading what is left of an object removes it: twenty are lost, and each by name", async () => {
    const { result } = await drilled(lab, "store/purged-by-reading");
    expect(result).toMatchObject({ verdict: "fail", expect: "fail", lost: { count: 20, shape: "hole" } });
    expect(words(result, "tamper-refused")).toContain("find it removed");
  });
});

minio("MinIO and an intruder", () => {
  const lab = openLab();

  test("COMPLIANCE withstands every way around it", async () => {
    const { result } = await drilled(lab, "store/lock-compliance", on("minio"));
    expect(result.verdict).toBe("pass");
    expect(words(result, "tamper-refused")).toMatch(/^all 12 attempts were refused/);
  });

  test("overwritten and deleted objects come back as they were before the attack", async () => {
    const { result } = await drilled(lab, "store/ransomware", on("minio"));
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, mutated: 0 });
  });

  test("without a restore a reader finds a hole, and the versions' index says the same", async () => {
    const { result } = await drilled(lab, "store/deleted-and-not-restored", on("minio"));
    expect(result).toMatchObject({ verdict: "fail", expect: "fail", lost: { shape: "hole" } });
  });
});

minio("MinIO on two sites", () => {
  const lab = openLab();

  test("asynchronous, with the link cut before: lost to the write", async () => {
    const { result } = await drilled(lab, "store/site-lost-async", on("minio"));
    expect(result).toMatchObject({ verdict: "fail", expect: "fail", lost: { shape: "suffix" } });
  });

  test("synchronous, both sites well before: nothing is lost, and that is not called guaranteed", async () => {
    const { result } = await drilled(lab, "store/site-lost-sync");
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: false } });
  });
});

describe("VersityGW, the store that must be caught", () => {
  const lab = openLab();

  test("its COMPLIANCE is got around, and every way that worked is named", async () => {
    const { result } = await drilled(lab, "store/lock-that-does-not-hold");
    expect(result).toMatchObject({ verdict: "fail", expect: "fail" });
    for (const way of ["whose retention is over", "shorten the retention", "at once"])
      expect(words(result, "tamper-refused")).toContain(way);
  });

  test("it loses versions of one key that were written at once, by both counts", async () => {
    const { result } = await drilled(lab, "store/one-key-at-once-lossy");
    expect(result.lost.count).toBeGreaterThan(0);
  });

  test("killed and started again it has all that it acknowledged: a lucky pass, for it syncs nothing", async () => {
    const { result } = await drilled(lab, "store/process-crash", on("versitygw"));
    expect(result).toMatchObject({ verdict: "pass", lost: { count: 0 }, guaranteed: { zeroLoss: false } });
  });
});

test("an image that cannot be had: nothing is started, exit 6, and the way out", async () => {
  const lab = openLab();
  const { code, results, stderr } = await run(lab, [
    scenario("store/process-crash"),
    ...on("minio"),
    "--set",
    "stack.store.image=registry.invalid/store:1",
  ]);
  expect(code).toBe(6);
  expect(results).toMatchObject([{ schema: "blackstart/error/v1", exitCode: 6 }]);
  expect(stderr).toContain("the image registry.invalid/store:1 is not on this machine and cannot be pulled");
  expect(stderr).toContain("docker load");
});

test.each([
  ["one scenario", "process-crash"],
  ["one over TLS", "tls-resets"],
])("%s on every product: a line each, and none left out in silence", async (_what, name) => {
  const lab = openLab();
  const { code, stdout, account } = await run(lab, [scenario(`store/${name}`), "--each-provider"]);
  const { scenarios } = JSON.parse(stdout) as {
    scenarios: { providers: { provider: string; missing: string | null; result: Result | null }[] }[];
  };
  expect(code, account).toBe(0);
  const came = scenarios[0]?.providers.map(({ provider, missing, result }) => [
    provider,
    result ? `${result.verdict}, ${result.lost.count} lost` : missing,
  ]);
  expect(came).toEqual([
    ["minio", hasMinio ? "pass, 0 lost" : "its image cannot be had here"],
    ["ceph", "pass, 0 lost"],
    ["versitygw", "pass, 0 lost"],
  ]);
});
