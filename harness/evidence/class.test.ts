import { expect, test } from "vitest";
import { classify, type ClassFacts } from "./class.ts";

const spotless: ClassFacts = {
  signerRole: "attested",
  overrides: [],
  dirty: false,
  clockSynchronised: true,
  preload: null,
  images: [{ name: "postgres:17", digest: "sha256:1" }],
  anchors: ["s3 version 1"],
};

test("a run is attested when nothing speaks against it", () => {
  expect(classify(spotless)).toEqual({ class: "attested", reasons: [] });
});

test.each<[Partial<ClassFacts>, string]>([
  [{ signerRole: "development" }, "signed with a key made for this machine alone"],
  [{ dirty: true }, "Blackstart's sources differ from what is committed"],
  [{ dirty: null }, "whether Blackstart's sources are as committed is not known"],
  [{ clockSynchronised: false }, "the host's clock is not synchronised"],
  [{ clockSynchronised: null }, "whether the host's clock is synchronised is not known"],
  [{ preload: "libfaketime.so.1" }, "a library was preloaded into the harness: libfaketime.so.1"],
  [{ images: null }, "the images are not known"],
  [{ images: [{ name: "mine", digest: null }] }, "the image mine has no digest of a registry"],
  [{ overrides: ["settle=1s"] }, "the scenario was overridden: settle=1s"],
  [{ anchors: [] }, "nobody outside of this host saw the intent before the fault"],
])("%j alone makes it a development run and says why", (fact, reason) => {
  expect(classify({ ...spotless, ...fact })).toEqual({ class: "development", reasons: [reason] });
});

test("all reasons are named at once", () => {
  const worst = {
    ...spotless,
    signerRole: "development",
    dirty: null,
    clockSynchronised: null,
    preload: "x",
    images: null,
    anchors: [],
  } as const;
  expect(classify({ ...worst, overrides: ["a=1", "b=2"] }).reasons).toHaveLength(8);
});
