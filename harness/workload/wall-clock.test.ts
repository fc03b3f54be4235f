import { expect, it } from "vitest";
import { lookAtWall, monotonicOf, type WallLook } from "./wall-clock.ts";

const MS = 1_000_000n;
const look = (atNs: bigint, wallMs: number, widthNs = 10n): WallLook => ({
  fromNs: atNs - widthNs,
  toNs: atNs,
  wallNs: BigInt(wallMs) * MS,
  resolutionNs: 0n,
});

it("maps a millisecond to the instants that it may have been", () => {
  expect(monotonicOf([look(5_000n * MS, 1_000)], 1_250)).toEqual({
    fromNs: 5_250n * MS - 10n,
    toNs: 5_251n * MS,
  });
});

it("takes the looks around an instant, and grows as wide as they disagree", () => {
  const looks = [look(0n, 1_000), look(1_000n * MS, 2_000), look(2_000n * MS, 3_007)]; // 7 ms ahead at the end
  expect(monotonicOf(looks, 1_500)).toEqual({ fromNs: 500n * MS - 10n, toNs: 501n * MS });
  expect(monotonicOf(looks, 2_500)).toEqual({ fromNs: 1_493n * MS - 10n, toNs: 1_501n * MS });
  expect(monotonicOf(looks, 900)).toEqual({ fromNs: -100n * MS - 10n, toNs: -99n * MS });
  expect(monotonicOf(looks, 3_100)).toEqual({ fromNs: 2_093n * MS - 10n, toNs: 2_094n * MS });
});

it("knows nothing when nobody looked", () => expect(monotonicOf([], 1_000)).toBeNull());

/** A machine whose monotonic clock moves by a step at each reading, and whose wall clock follows `wall`. */
function machine(stepNs: bigint, wall: (ns: bigint) => number): Parameters<typeof lookAtWall> {
  let ns = 0n;
  return [() => wall((ns += stepNs)), () => (ns += stepNs)];
}

it("looks when the clock ticks", () => {
  const found = lookAtWall(...machine(10_000n, (ns) => 7_000 + Number(ns / MS)));
  expect(found).toMatchObject({ wallNs: 7_001n * MS, resolutionNs: 0n });
  expect(found.fromNs).toBeLessThan(MS);
  expect(found.toNs).toBeGreaterThanOrEqual(MS);
  expect(found.toNs - found.fromNs).toBeLessThan(100_000n);
});

it("does not wait for a clock that stands still or goes back", () => {
  expect(lookAtWall(...machine(MS, () => 7_000))).toMatchObject({ wallNs: 7_000n * MS, resolutionNs: MS });
  expect(lookAtWall(...machine(MS, (ns) => 7_000 - Number(ns / MS)))).toMatchObject({ resolutionNs: MS });
});

it("finds the edge on this machine", () => {
  const { fromNs, toNs, resolutionNs } = lookAtWall();
  expect(resolutionNs).toBe(0n);
  expect(toNs - fromNs).toBeLessThan(50n * MS); // microseconds, unless something else has the processor
});
