import { describe, expect, test } from "vitest";
import { COUNT_STEPS, TIME_STEPS, clipped, linePath, placeFlags, textWidth, tickTime, ticks } from "./plot.ts";

describe("labels over the timeline", () => {
  const size = 11;
  /** Deterministic clusters of marks, as dense as they get. */
  const cases = Array.from({ length: 200 }, (_, seed) =>
    Array.from({ length: 12 }, (__, i) => ({
      x: (seed * 7919 * (i + 3) * (i + 1)) % (20 + seed * 4),
      text: `${i + 1} ${"m".repeat((seed + i * 5) % 24)}`,
    })),
  );

  /** A line rises from the plot to the row of its own label; through a label at its row or below it would cut. */
  const clashes = (placed: readonly { x: number; text: string; row: number }[]) =>
    placed.flatMap((a) =>
      placed.filter((b) => {
        if (a === b || b.x < a.x || b.x >= a.x + textWidth(a.text, size)) return false;
        return b.x === a.x ? b.row === a.row : b.row >= a.row;
      }),
    );

  test("no two labels overlap and no line runs through a label", () => {
    for (const flags of cases) {
      const placed = placeFlags(flags, size);
      expect(placed).toHaveLength(flags.length);
      expect(clashes(placed)).toEqual([]);
    }
  });

  test("labels that are far apart share the row nearest the plot", () => {
    const placed = placeFlags(
      [
        { x: 0, text: "a" },
        { x: 100, text: "b" },
        { x: 200, text: "c" },
      ],
      size,
    );
    expect(placed.map(({ row }) => row)).toEqual([0, 0, 0]);
  });

  test("control characters count with the length they are shown at", () => {
    expect(clipped("\u001b".repeat(40), 20)).toHaveLength(20);
    expect(clipped("short", 20)).toBe("short");
  });
});

test("ticks are round and inside", () => {
  expect(ticks([-3_000, 5_000], 10, TIME_STEPS)).toEqual([-3, -2, -1, 0, 1, 2, 3, 4, 5].map((s) => s * 1_000));
  expect(ticks([0, 318], 4, COUNT_STEPS)).toEqual([0, 100, 200, 300]);
  expect([-250, 0, 1_500, 90_000, 150_000].map(tickTime)).toEqual(["−250 ms", "0", "1.5 s", "90 s", "2.5 min"]);
});

test("a line has gaps where nothing was acknowledged, and a lone value is still a dot", () => {
  expect(linePath([[0, 1], [1, 2], null, [3, 4], null])).toBe("M0 1L1 2M3 4h.01");
});
