import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { selftest } from "../selftest/selftest.ts";
import { openLab, packOf, recount, reportOf, run, start } from "./lab.ts";

test("a selftest with a real control, and a drill after it that takes the statement into its pack", async () => {
  const lab = openLab();
  const said: string[] = [];
  const { kept, exitCode } = await selftest({
    reportsDir: lab.reports,
    env: lab.env,
    signal: AbortSignal.timeout(240_000),
    listen: (event) => void (event.kind === "note" && said.push(event.text)),
    real: "required",
    only: ["s3"],
  });
  expect(exitCode, said.join("\n")).toBe(0);
  expect(kept.predicate).toMatchObject({ ok: true, notRun: [], real: [{ control: "selftest-s3", ok: true }] });
  const [real] = kept.predicate.real;
  const lost = recount(path.join(lab.reports, "selftest", real!.run));
  expect(lost).toBeGreaterThan(0);
  expect(real!.got).toContain(`fail: ${lost} of `);
  expect(real!.got).toContain(`without the checkers: ${lost};`);

  const file = path.join(import.meta.dirname, "..", "selftest", "real", "s3.yaml");
  const { code, results, stderr, account } = await run(lab, [file]);
  expect(code, account).toBe(0);
  expect(reportOf(lab, results[0]!).selftest).toMatchObject({
    sha256: kept.sha256,
    ageMinutes: 0,
    sameEvaluator: true,
    ok: true,
    planted: { count: kept.predicate.controls.length, failed: [] },
    real: { count: 1, failed: [], notRun: [] },
  });
  expect(stderr.replace(/\s+/g, " ")).toContain(
    `controls selftest ${kept.sha256.slice(0, 8)}… passed less than a minute before this drill with the same evaluator (${kept.predicate.controls.length} planted, 1 real)`,
  );

  const key = path.join(lab.dir, "config", "development.pub.pem");
  const verify = ["verify", packOf(lab, results[0]!), "--public-key", key, "--recompute", "--ledger", lab.reports];
  const verified = await start(lab, verify).ended;
  expect(verified.code, verified.stdout).toBe(0);
  expect(verified.stdout).toMatch(/^ok +selftest +signed .* of the evaluator that judged the drill: passed$/m);
  // The controls are no attempts of anybody's: they have a ledger of their own.
  expect(readdirSync(lab.reports).toSorted()).toEqual([results[0]!.run, "ledger", "selftest"].toSorted());
});
