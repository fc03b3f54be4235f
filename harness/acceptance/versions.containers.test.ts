import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { MAJORS, PROGRAMS, imageOf } from "../components/postgres/versions.ts";
import { resolveImages } from "../engine/images.ts";
import { factsIn, type Lab, openLab, packOf, recount, run, scenario } from "./lab.ts";

/** Version 17 is what all other tests run on. */
const OTHERS = MAJORS.filter((version) => version !== 17);
/** A drill of each, and their images where they have to be built first. */
const HOOK_MS = 900_000;

describe("servers of the other major versions", () => {
  const lab: Lab = openLab();
  let ended: Awaited<ReturnType<typeof run>>;

  beforeAll(async () => {
    ended = await run(
      lab,
      OTHERS.map((version) => scenario(`postgres/version-${version}`)),
    );
  }, HOOK_MS);

  test.each(OTHERS.map((version, i) => [version, i] as const))(
    "%s loses nothing when it is killed and started again, and every check has something to say",
    (version, i) => {
      expect(ended.code, ended.account).toBe(0);
      const result = ended.results[i]!;
      expect(result.reasons.filter((reason) => reason.verdict !== "pass")).toEqual([]);
      expect(result).toMatchObject({ scenario: `postgres-version-${version}`, lost: { count: 0, shape: "none" } });
      expect(recount(packOf(lab, result))).toBe(0);
      const facts = factsIn(packOf(lab, result)).filter(({ node }) => node === "db.primary");
      expect(facts.at(-1)?.values).toMatchObject({ data_checksums: "on", "amcheck.exit": "0" });
      for (const { values } of facts) expect(values["server_version"] ?? "").toMatch(new RegExp(`^(${version}\\.|$)`));
    },
  );
});

test("our image of each has the programs that validate believes in, and they run", async () => {
  const name = (version: (typeof OTHERS)[number]) => imageOf({ version }, true);
  const images = await resolveImages(OTHERS.map(name), () => undefined, AbortSignal.timeout(240_000));
  for (const version of OTHERS) {
    const programs = ["initdb", "postgres", ...PROGRAMS[version]];
    const script = `for program; do "$program" --version >/dev/null || exit 1; done; ls /usr/lib/postgresql/${version}/bin`;
    const said = spawnSync(
      "docker",
      ["run", "--rm", "--network=none", images.get(name(version))!.reference, "sh", "-c", script, "sh", ...programs],
      { encoding: "utf8" },
    );
    expect(said.stderr).toBe("");
    expect(said.stdout.trim().split("\n").toSorted()).toEqual([...programs, "pg_ctl"].toSorted());
  }
});
