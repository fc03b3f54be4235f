import { expect, it } from "vitest";
import type { Component } from "../component.ts";
import type { Archiving, ArchivingFault } from "../archive.ts";
import { archivingFault } from "./archiving-fault.ts";

it.each([
  [{ mode: "lies" }, { mode: "lies" }],
  [{ mode: "fails" }, { mode: "fails" }],
  [
    { mode: "astray", into: "other" },
    { mode: "astray", into: "other" },
  ],
  [
    { mode: "skewed", skew: "20m" },
    { mode: "skewed", skewMs: 1_200_000 },
  ],
])("%j asks for %j", async (written, asked) => {
  const seen: ArchivingFault[] = [];
  const broken = {
    effective: { fromNs: 1n, toNs: 2n },
    effect: () => Promise.reject(new Error()),
    heal: async () => {},
  };
  const component = {
    name: "db",
    lookAtArchive: async () => null,
    breakArchiving: async (how) => (seen.push(how), broken),
  } as Partial<Component> & Archiving as Component;
  const nothing = {} as Parameters<typeof archivingFault.inject>[2];
  const injection = await archivingFault.inject(
    { component, node: null },
    archivingFault.params.parse(written),
    nothing,
  );
  expect(seen).toEqual([asked]);
  expect(injection.effective).toBe(broken.effective);
});

it.each([
  [{ mode: "astray" }, "into"],
  [{ mode: "lies", into: "other" }, "into"],
  [{ mode: "skewed" }, "skew"],
  [{ mode: "fails", skew: "20m" }, "skew"],
])("%j is refused at %s", (written, key) => {
  expect(archivingFault.params.safeParse(written).error?.issues.map(({ path }) => path)).toEqual([[key]]);
});
