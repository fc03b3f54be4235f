import { expect, test } from "vitest";
import { recipes } from "../../engine/recipes.ts";
import { problemsOf, soundBut } from "../../scenario/testing.ts";
import { hasProgram, imageOf, MAJORS, PROGRAMS } from "./versions.ts";

const STANDBYS = "standbys: [{ name: standby, replication: synchronous }]";

test.each(MAJORS)(
  "version %s has an image with its server alone, and one with tools that is never pulled",
  (version) => {
    expect(recipes[imageOf({ version })]?.version).toMatch(new RegExp(`^${version}\\b`));
    expect(recipes[imageOf({ version })]?.pull).toMatch(new RegExp(`^postgres:${version}\\.\\d+-trixie$`));
    const tools = recipes[imageOf({ version }, true)];
    expect(tools?.version).toBe(recipes[imageOf({ version })]?.version);
    expect(tools?.build).toBeDefined();
    expect(tools?.pull).toBeUndefined();
  },
);

test.each(MAJORS.filter((version) => version !== 17))(
  "what %s is said to have is what its image is made with",
  (version) => {
    const { build } = recipes[imageOf({ version })]!;
    const made = build && "args" in build ? build.args?.["PROGRAMS"]?.split(" ") : undefined;
    expect(made?.toSorted()).toEqual(PROGRAMS[version].toSorted());
  },
);

test("of an image of the user's own nothing is known", () => {
  expect(hasProgram({ version: 18 }, "pg_basebackup")).toBe(false);
  expect(hasProgram({ version: 16 }, "pg_basebackup")).toBe(true);
  expect(hasProgram({ version: 18, image: "mine" }, "pg_basebackup")).toBeNull();
  expect(imageOf({ version: 18, image: "mine" }, true)).toBe("mine");
});

test.each(["13", "19", "seventeen"])("version %s is refused with the list of those there are", async (version) => {
  expect(await problemsOf(soundBut(["kind: postgres,", `kind: postgres, version: ${version},`]))).toEqual([
    expect.stringMatching(
      /^x\.yaml:4:34: stack\.db\.version: found "?(13|19|seventeen)"?, expected one of 14, 15, 16, 17, 18$/,
    ),
  ]);
});

test("a standby of 18 is refused with the reason and the way out, unless an image of one's own is named", async () => {
  const of18 = (more = "") => soundBut([STANDBYS, `version: 18, ${more}${STANDBYS}`]);
  const [problem, ...others] = await problemsOf(of18());
  expect(others).toEqual([]);
  expect(problem).toMatch(/stack\.db\.standbys: our image of version 18 has no pg_basebackup .*; .* image:$/);
  expect(await problemsOf(of18("image: mine, "))).toEqual([]);
});

test("a repair by a program that the image lacks is refused", async () => {
  const step = "  - { recover: repair, target: db.primary, method: forbidden-pg-resetwal }\n";
  const of = (version: number) =>
    soundBut(["kind: postgres,", `kind: postgres, version: ${version},`], ["verify:", `${step}verify:`]);
  expect(await problemsOf(of(17))).toEqual([]);
  expect(await problemsOf(of(16))).toEqual([
    'x.yaml:10:52: steps[2].method: found "forbidden-pg-resetwal", expected one of copy-in-place, forbidden-ignore-checksums',
  ]);
});
