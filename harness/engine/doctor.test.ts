import { describe, expect, test } from "vitest";
import { faultKinds } from "../faults.ts";
import { faultChecks, freeSpace, imageCheck } from "./doctor.ts";
import { lossOfDisk } from "./power-probe.ts";
import { recipes } from "./recipes.ts";

test("a fault whose need does not work here is missing and says which; the others are ok", () => {
  const checks = faultChecks([
    { need: "netns-drop", ok: false, detail: "no nf_tables", fix: "modprobe nf_tables" },
    { need: "freezer", ok: true, detail: "", fix: null },
    { need: "toxiproxy", ok: true, detail: "", fix: null },
  ]);
  const lacking = faultKinds.filter((fault) => fault.needs.includes("netns-drop")).map((fault) => fault.name);
  expect(checks).toHaveLength(faultKinds.length);
  expect(checks.filter((check) => check.state === "missing").map((check) => check.name)).toEqual(lacking);
  expect(checks.find((check) => check.name === "partition")?.detail).toContain("netns-drop");
});

test("a fault whose need could not be tried is neither ok nor missing", () => {
  const checks = faultChecks([
    { need: "netns-drop", ok: true, detail: "", fix: null },
    { need: "freezer", ok: true, detail: "", fix: null },
    { need: "toxiproxy", ok: true, detail: "", fix: null },
  ]);
  const open = checks.filter((check) => check.state === "warn");
  expect(open.map((check) => check.name)).toEqual(["power-loss"]);
  expect(open[0]?.detail).toBe("needs power-cut, which was not tried");
  expect(checks.filter((check) => check.state === "missing")).toEqual([]);
});

test.each([
  [{ refusal: "written" }, "answered a write with: written"],
  [{ synced: "" }, "that was synced is gone"],
  [{ unsynced: "kept" }, "never synced is still there"],
])("a disk behaves as one that lost its power, but not with %j: %s", (differently, wrong) => {
  const good = { synced: "kept", unsynced: "", refusal: "Input/output error" };
  expect(lossOfDisk(good)).toBeNull();
  expect(lossOfDisk({ ...good, ...differently })).toContain(wrong);
});

test.each([
  [6e9, "ok"],
  [3e9, "warn"],
  [1e9, "missing"],
] as const)("%d free bytes are %s", (bytes, state) => {
  expect(freeSpace("reports folder", "/reports", bytes)).toMatchObject({ state, area: "disk" });
});

describe("an image that is not here", () => {
  const absent = {
    name: "some",
    summary: "",
    reference: "maker/some:1",
    present: false,
    origin: "pulled",
    id: null,
    digest: null,
    bytes: null,
    buildable: true,
    otherwise: null,
  } as const;

  test.each([
    ["pulled", "not here yet; pulled where a registry answers, else built when a drill first needs it"],
    ["built", "not here yet; built when a drill first needs it"],
  ] as const)("is %s later, and nothing has to be done", (origin, detail) => {
    expect(imageCheck({ ...absent, origin })).toMatchObject({ state: "ok", detail, fix: null });
  });

  test("and that can only be pulled is not said to be built, and what else there is to do is said", () => {
    const { state, detail, fix } = imageCheck({ ...absent, buildable: false, otherwise: "use another provider" });
    expect(state).toBe("warn");
    expect(detail).toBe("not here, and it cannot be built: a drill that needs it has to pull maker/some:1");
    expect(fix).toBe(
      "blackstart images build some pulls it now; or name your own with image:, or use another provider",
    );
  });

  test("every recipe without a build names what it is pulled from", () => {
    const pulledOnly = Object.values(recipes).filter(({ build }) => build === undefined);
    expect(pulledOnly.length).toBeGreaterThan(0);
    for (const { pull, otherwise } of pulledOnly) expect([pull, otherwise]).not.toContain(undefined);
  });
});
