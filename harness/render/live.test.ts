import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ProgressEvent } from "../progress.ts";
import { liveProgress, type LiveProgress } from "./live.ts";

let written: string[] = [];
const stream = { columns: 80, write: (text: string) => written.push(text) };
const now = (): number => Date.now();

beforeEach(() => {
  written = [];
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

const counters = (acknowledged: number): ProgressEvent => ({
  kind: "counters",
  acknowledged,
  failed: 0,
  indeterminate: 0,
  perSecond: 300,
});

const drill = (live: LiveProgress): void => {
  live.event({ kind: "progress", what: "image postgres:17", detail: "step 3 of 9" });
  live.event({ kind: "phase-started", phase: "stack" });
  vi.advanceTimersByTime(4_250);
  live.event({ kind: "phase-ended", phase: "stack" });
  live.event({ kind: "phase-started", phase: "steps" });
  for (let i = 0; i < 100; i++) {
    live.event(counters(i * 3));
    vi.advanceTimersByTime(10);
  }
  live.event({ kind: "mark", label: "promoted\u001b[31m", at: { lowerMs: 651, upperMs: 660 } });
  live.event({ kind: "note", text: "a note\r" });
  live.event({ kind: "phase-ended", phase: "steps", error: "the engine went away" });
  live.close();
};

describe("in CI", () => {
  test("one plain line an event, with elapsed seconds and no codes", () => {
    drill(liveProgress(stream, { tty: false, colour: true, now }));
    expect(written.join("")).toBe(
      [
        "[   0.0 s] image postgres:17: step 3 of 9",
        "[   0.0 s] stack up ...",
        "[   4.3 s] stack up done in 4.25 s",
        "[   4.3 s] fault and recovery ...",
        "[   4.3 s] 0 acknowledged, 0 failed, 0 indeterminate, 300/s",
        "[   5.3 s] promoted\\u001b[31m: 651 to 660 ms after the fault",
        "[   5.3 s] a note\\u000d",
        "[   5.3 s] fault and recovery failed after 1.00 s: the engine went away",
        "",
      ].join("\n"),
    );
  });
});

/** What stands on the screen after all writes: a small terminal that knows the codes we use. */
function screenAfter(texts: readonly string[]): string[] {
  const lines: string[] = [""];
  let row = 0;
  for (const [, code, final, text] of texts.join("").matchAll(/\u001b\[([?\d;]*)([A-Za-z])|([^\u001b])/g)) {
    if (final === "A") row = Math.max(0, row - Number(code));
    else if (final === "J") lines.splice(row, Infinity, "");
    else if (final === "K" || final === "h" || final === "l" || final === "m") continue;
    else if (text === "\n") row++;
    else if (text === "\r") lines[row] = "";
    else lines[row] = (lines[row] ?? "") + text;
  }
  return Array.from(lines, (line) => line ?? "");
}

describe("on a terminal", () => {
  test("redraws one block in place, at most ten times a second, and leaves the last state", () => {
    drill(liveProgress(stream, { tty: true, colour: false, now }));
    const frames = written.filter((text) => text.includes("\u001b[?2026h"));
    expect(frames.length).toBeLessThanOrEqual(2 + (5_250 / 100) * 1.05);
    const screen = screenAfter(written);
    expect(screen).toEqual([
      "a note\\u000d",
      expect.stringMatching(/^✓ stack up +4\.25 s$/),
      expect.stringMatching(/^✗ fault and recovery +1\.00 s {2}the engine went away$/),
      "  image postgres:17: step 3 of 9",
      expect.stringMatching(/^ {2}promoted\\u001b\[31m +651 to 660 ms {2}━+█$/),
      "  297 acknowledged, 0 failed, 0 indeterminate, 300/s",
      "",
    ]);
    expect(written.at(-1)).toBe("\u001b[?25h");
  });

  test("never writes a line as wide as the terminal, which would wrap", () => {
    const live = liveProgress({ ...stream, columns: 30 }, { tty: true, colour: false, now });
    drill(live);
    expect(screenAfter(written).every((line) => line.length < 30)).toBe(true);
  });

  test("never taller than the terminal, whose top the cursor could not reach again", () => {
    const live = liveProgress({ ...stream, rows: 4 }, { tty: true, colour: false, now });
    drill(live);
    const ups = Array.from(written.join("").matchAll(/\u001b\[(\d+)A/g), ([, lines]) => Number(lines));
    expect(Math.max(...ups)).toBe(3);
    expect(screenAfter(written)).toContain("  297 acknowledged, 0 failed, 0 indeterminate, 300/s");
  });

  test("is silent after close", () => {
    const live = liveProgress(stream, { tty: true, colour: false, now });
    live.close();
    const before = written.length;
    live.event(counters(1));
    live.close();
    vi.advanceTimersByTime(1_000);
    expect(written).toHaveLength(before);
  });

  test("an image that is done leaves the block", () => {
    const live = liveProgress(stream, { tty: true, colour: false, now });
    live.event({ kind: "progress", what: "image", detail: "pulling" });
    live.event({ kind: "progress", what: "image", detail: "ready", done: true });
    live.close();
    expect(screenAfter(written).join("")).toBe("");
  });
});
