import { describe, expect, test } from "vitest";
import type { FaultTarget } from "../fault.ts";
import { archiveDamage } from "./archive-damage.ts";
import { fetchFailure } from "./fetch-failure.ts";
import { mistake } from "./mistake.ts";

const at = { fromNs: 1n, toNs: 2n };
const signal = AbortSignal.timeout(5_000);
const context = {
  signal,
  step: "oops",
  attempted: () => undefined,
  struck: () => undefined,
  keep: () => Promise.resolve(),
};
const on = (abilities: object): FaultTarget =>
  ({
    component: { name: "db", kind: "store", ...abilities },
    node: { name: "db.spare" },
  }) as unknown as FaultTarget;
const archived = (abilities: object) => on({ restore: 1, backUp: 1, ...abilities });

describe("damage to an archive", () => {
  const damaging = async (changes: string[], unchanged: string[]) => {
    let undone = 0;
    const target = archived({ damageArchive: async () => ({ at, changes, unchanged, undo: async () => undone++ }) });
    const injection = await archiveDamage.inject(target, archiveDamage.params.parse({ damage: "flip" }), context);
    await injection.heal();
    return { ...(await injection.effect(signal)), undone };
  };

  test("is proven by what was read back, and only if all of it changed", async () => {
    expect(await damaging(["a", "b"], [])).toEqual({ observed: true, proof: "a; b", undone: 1 });
    expect(await damaging(["a"], ["b"])).toMatchObject({ observed: false, proof: "a; unchanged: b" });
    expect(await damaging([], [])).toMatchObject({ observed: false });
  });

  test("needs an archive", async () => {
    await expect(archiveDamage.inject(on({}), {}, context)).rejects.toThrow("db (store) keeps no archive");
  });
});

test.each([
  [true, "asked for B the archiver's program ended with 1"],
  [false, "nobody asked for B while it would have failed"],
])("a fetch that fails is proven by the one that asked: %s", async (observed, proof) => {
  const target = archived({
    breakFetch: async () => ({ at, segment: "B", asked: async () => observed, undo: async () => 0 }),
  });
  const injection = await fetchFailure.inject(target, fetchFailure.params.parse({}), context);
  expect(await injection.effect(signal)).toEqual({ observed, proof });
});

test("a mistake is known by its step, and proven by what was seen after it", async () => {
  const asked: string[] = [];
  const target = on({
    err: async (what: string, name: string) => (asked.push(what, name), { at, observed: false, proof: "still there" }),
  });
  const injection = await mistake.inject(target, mistake.params.parse({ what: "truncate" }), context);
  expect(asked).toEqual(["truncate", "oops"]);
  expect(await injection.effect(signal)).toEqual({ observed: false, proof: "still there" });
});
