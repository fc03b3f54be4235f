import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { builtReference } from "../engine/recipes.ts";
import { labelled, openLab, reportOf, run, scenario } from "./lab.ts";

const docker = (...args: string[]): void => {
  const said = spawnSync("docker", args, { encoding: "utf8" });
  if (said.status !== 0) throw new Error(`docker ${args.join(" ")}: ${said.stderr}`);
};

test("an image of the user's own is drilled, whatever its name and entrypoint; the run says that it was overridden", async () => {
  const lab = openLab();
  const mine = "blackstart-test/own-postgres:1";
  docker("tag", builtReference("postgres"), mine);
  const { code, results, account } = await run(lab, [
    scenario("postgres/primary-node-loss"),
    "--set",
    `stack.db.image=${mine}`,
  ]);
  docker("rmi", mine);
  expect(code, account).toBe(0);
  const report = reportOf(lab, results[0]!);
  expect(report.overrides).toEqual([`stack.db.image=${mine}`]);
  expect(report.images.some((image) => image.name === mine)).toBe(true);
});

test("an image without a server is refused before anything breaks: exit 6, with the image's own last words", async () => {
  const lab = openLab();
  const { code, stderr, results } = await run(lab, [
    scenario("postgres/primary-node-loss"),
    "--set",
    `stack.db.image=${builtReference("base")}`,
  ]);
  expect(code, stderr).toBe(6);
  expect(stderr).toContain("no PostgreSQL 17 server in this image");
  expect(results).toMatchObject([{ schema: "blackstart/error/v1", exitCode: 6 }]);
  const run_ = /blackstart-(\S+?)-db/.exec(stderr)?.[1];
  expect(run_ ? labelled(run_) : []).toEqual([]);
});

test("an image that is nowhere is refused before anything starts: exit 6, and how to get it", async () => {
  const { code, stderr } = await run(openLab(), [
    scenario("postgres/primary-node-loss"),
    "--set",
    "stack.db.image=blackstart-test/nowhere:1",
  ]);
  expect(code, stderr).toBe(6);
  expect(stderr).toContain("blackstart-test/nowhere:1");
});
