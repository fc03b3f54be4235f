/**
 * What a drill shows while it runs, on stderr. On a terminal a small block is redrawn in place; elsewhere (CI) every event is one
 * plain line with the seconds since the start.
 */
import type { Phase } from "../history.ts";
import type { ProgressEvent } from "../progress.ts";
import type { Interval } from "../report.ts";
import { grouped, humanMs } from "../text.ts";
import { shown } from "./escape.ts";
import { fit, painter, type Paint } from "./paint.ts";
import { interval } from "./words.ts";

export interface LiveProgress {
  event(line: ProgressEvent): void;
  /** Leaves the last state standing and the terminal as it was. */
  close(): void;
}

/** The part of a stream that is needed, so that a test can pass its own. A terminal that does not know its size says 0. */
export interface ProgressStream {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface LiveOptions {
  readonly tty: boolean;
  readonly colour: boolean;
  /** Monotonic milliseconds; tests pass their own. */
  readonly now?: () => number;
}

export const liveProgress = (stream: ProgressStream, options: LiveOptions): LiveProgress =>
  options.tty ? terminalProgress(stream, options) : plainProgress(stream, options);

const PHASES: Record<Phase, string> = {
  stack: "stack up",
  steady: "steady state",
  steps: "fault and recovery",
  settle: "settle",
  "read-back": "read everything back",
  down: "stack down",
};

const monotonic = (): number => performance.now();

/** Counters come often and say little one by one; in a log one line in this time is enough. */
const COUNTERS_EVERY_MS = 5_000;

function plainProgress(stream: ProgressStream, { now = monotonic }: LiveOptions): LiveProgress {
  const startMs = now();
  const phaseStart = new Map<Phase, number>();
  let countersAt = -Infinity;
  let said = "";
  return {
    event(line) {
      if (line.kind === "phase-started") phaseStart.set(line.phase, now());
      if (line.kind === "counters" && now() - countersAt < COUNTERS_EVERY_MS) return;
      if (line.kind === "counters") countersAt = now();
      const text = plainLine(
        line,
        now() - (line.kind === "phase-ended" ? (phaseStart.get(line.phase) ?? startMs) : startMs),
      );
      if (text === said) return;
      said = text;
      stream.write(`[${((now() - startMs) / 1_000).toFixed(1).padStart(6)} s] ${text}\n`);
    },
    close() {},
  };
}

function plainLine(line: ProgressEvent, tookMs: number): string {
  switch (line.kind) {
    case "phase-started":
      return `${PHASES[line.phase]} ...`;
    case "phase-ended":
      return line.error === undefined
        ? `${PHASES[line.phase]} done in ${humanMs(tookMs)}`
        : `${PHASES[line.phase]} failed after ${humanMs(tookMs)}: ${shown(line.error)}`;
    case "mark":
      return `${shown(line.label)}: ${interval(line.at)} after the fault`;
    case "counters":
      return counterText(line);
    case "progress":
      return `${shown(line.what)}: ${shown(line.detail)}`;
    default:
      return shown(line.text);
  }
}

const counterText = (line: Extract<ProgressEvent, { kind: "counters" }>): string =>
  `${grouped(line.acknowledged)} acknowledged, ${grouped(line.failed)} failed, ${grouped(line.indeterminate)} indeterminate, ${grouped(Math.round(line.perSecond))}/s`;

/** Ten frames a second at most. */
const FRAME_MS = 100;
const SYNC_BEGIN = "\u001b[?2026h";
const SYNC_END = "\u001b[?2026l";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const CLEAR_REST = "\u001b[0J";

interface Screen {
  readonly phases: Map<Phase, { startMs: number; endMs: number | null; error: string | null }>;
  readonly marks: Map<string, Interval>;
  readonly progress: Map<string, string>;
  counters: string | null;
}

function terminalProgress(stream: ProgressStream, { colour, now = monotonic }: LiveOptions): LiveProgress {
  const paint = painter(colour);
  const screen: Screen = { phases: new Map(), marks: new Map(), progress: new Map(), counters: null };
  let above: string[] = [];
  let height = 0;
  let drawnAt = -Infinity;
  let closed = false;

  // One write a frame, each line rewritten and only its rest erased: the terminal never shows an empty block.
  const draw = (): void => {
    const width = Math.max(20, (stream.columns || 80) - 1);
    // What does not fit would scroll out of the cursor's reach and be repeated with every frame; the end is what matters.
    const block = screenLines(screen, now(), width, paint).slice(1 - Math.max(2, stream.rows || 40));
    const lines = [...above.map((text) => fit(text, width).trimEnd()), ...block].map((text) => `\r${text}\u001b[K\n`);
    stream.write(
      `${SYNC_BEGIN}${HIDE_CURSOR}${height > 0 ? `\u001b[${height}A` : ""}${lines.join("")}${CLEAR_REST}${SYNC_END}`,
    );
    above = [];
    height = block.length;
    drawnAt = now();
  };
  // Redraws what came between two frames, and lets the clock of the running phase tick.
  const timer = setInterval(() => {
    const running = [...screen.phases.values()].some(({ endMs }) => endMs === null);
    if (running || above.length > 0) draw();
  }, FRAME_MS);
  timer.unref();

  return {
    event(line) {
      if (closed) return;
      if (line.kind === "note") above.push(shown(line.text));
      else apply(screen, line, now());
      if (now() - drawnAt >= FRAME_MS) draw();
    },
    close() {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      draw();
      stream.write(SHOW_CURSOR);
    },
  };
}

function apply(screen: Screen, line: Exclude<ProgressEvent, { kind: "note" }>, nowMs: number): void {
  if (line.kind === "phase-started") screen.phases.set(line.phase, { startMs: nowMs, endMs: null, error: null });
  if (line.kind === "phase-ended") {
    const startMs = screen.phases.get(line.phase)?.startMs ?? nowMs;
    screen.phases.set(line.phase, { startMs, endMs: nowMs, error: line.error ?? null });
  }
  if (line.kind === "mark") screen.marks.set(line.label, line.at);
  if (line.kind === "counters") screen.counters = counterText(line);
  if (line.kind === "progress") {
    if (line.done) screen.progress.delete(line.what);
    else screen.progress.set(line.what, line.detail);
  }
}

function screenLines(
  { phases, marks, progress, counters }: Screen,
  nowMs: number,
  width: number,
  paint: Paint,
): string[] {
  const line = (text: string, style?: Parameters<Paint>[1]): string => {
    const cut = fit(text, width).trimEnd();
    return style ? paint(cut, style) : cut;
  };
  const phaseLines = [...phases].map(([phase, { startMs, endMs, error }]) => {
    const state = error !== null ? "✗" : endMs === null ? "›" : "✓";
    const took = humanMs((endMs ?? nowMs) - startMs);
    const text = `${state} ${PHASES[phase].padEnd(21)} ${took.padStart(10)}${error === null ? "" : `  ${shown(error)}`}`;
    return line(text, error !== null ? "fail" : endMs === null ? "bold" : "dim");
  });
  return [
    ...phaseLines,
    ...[...progress].map(([what, detail]) => line(`  ${shown(what)}: ${shown(detail)}`, "dim")),
    ...markLines(marks, width, paint),
    ...(counters === null ? [] : [line(`  ${counters}`)]),
  ];
}

function markLines(marks: ReadonlyMap<string, Interval>, width: number, paint: Paint): string[] {
  const endMs = Math.max(1, ...[...marks.values()].map(({ upperMs }) => upperMs));
  const room = width - 2 - 25 - 1 - 18 - 2;
  return [...marks].map(([label, at]) => {
    const text = `  ${fit(shown(label), 25)} ${interval(at).padStart(18)}`;
    if (room < 8) return fit(text, width).trimEnd();
    const upper = Math.round((Math.max(0, at.upperMs) / endMs) * (room - 1));
    return `${text}  ${paint("━".repeat(upper), "bar")}${paint("█", "doubt")}`;
  });
}
