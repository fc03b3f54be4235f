/** The waterfall: when each thing happened after the fault, as bars and as a table with the same numbers. */
import type { Mark, Report } from "../report.ts";
import { type Markup, markup, table } from "./markup.ts";
import { TIME_STEPS, clipped, coordinate as n, linear, textWidth, tickTime, ticks, type Scale } from "./plot.ts";
import { inOrder, interval, objective, objectiveOf, sinceBefore } from "./words.ts";

const FONT = 11;

interface Frame {
  readonly width: number;
  readonly x: Scale;
  readonly row: number;
  readonly top: number;
  /** A narrow plot writes the words above the bar instead of beside it. */
  readonly stacked: boolean;
}

/** Marks later than this many recovery times get an arrow at the edge, else a hold or a slow replica flattens all the rest. */
const REACH = 2.5;

export function waterfallSvg(report: Report, { width, id }: { width: number; id: string }): Markup {
  const marks = inOrder(report.waterfall);
  const stacked = width < 600;
  const labels = stacked
    ? 0
    : Math.min(230, 34 + Math.max(0, ...marks.map(({ label }) => textWidth(clipped(label, 28), FONT))));
  const times = stacked ? 0 : 16 + 1.08 * Math.max(0, ...marks.map((mark) => textWidth(timeText(mark), FONT)));
  const frame: Frame = {
    width,
    row: stacked ? 36 : 23,
    top: 24,
    stacked,
    x: linear(domainOf(report), [labels, width - times]),
  };
  const bottom = frame.top + marks.length * frame.row;
  return markup`<svg class="plot" viewBox="0 0 ${width} ${bottom + 6}" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">Waterfall of the recovery</title>
<desc id="${id}-d">One bar for each mark, from the mark before it; the table below has the same figures.</desc>
${axis(frame, bottom)}
${marks.map((mark, i) => row(report, marks, mark, i, frame))}
</svg>`;
}

const timeText = ({ at }: Mark): string => (at ? interval(at) : "not seen");

/** From the fault (or its earliest bound) to the last mark that is not far beyond the rest. */
function domainOf({ waterfall, recoveryTime }: Report): [number, number] {
  const timed = waterfall.flatMap(({ at }) => (at ? [at] : []));
  const limit = recoveryTime ? recoveryTime.upperMs * REACH : Infinity;
  const within = timed.map(({ upperMs }) => upperMs).filter((ms) => ms <= limit);
  return [Math.min(0, ...timed.map(({ lowerMs }) => lowerMs)), Math.max(1, ...within)];
}

function axis({ x, top, stacked }: Frame, bottom: number): Markup {
  const [left, right] = [x(x.domain[0]), x(x.domain[1])];
  const most = Math.max(2, Math.floor((right - left) / 72));
  return markup`${ticks(x.domain, most, TIME_STEPS).map((ms) => {
    const anchor = stacked && x(ms) < 12 ? "start" : stacked && x(ms) > right - 16 ? "end" : "middle";
    return markup`<path class="grid" d="M${n(x(ms))} ${top - 6}V${bottom}"/><text class="axis" text-anchor="${anchor}" x="${n(x(ms))}" y="${top - 11}">${tickTime(ms)}</text>\n`;
  })}`;
}

/** A pale bar for the time since the mark before, a dark end for the uncertainty of the mark itself. */
function row(report: Report, marks: readonly Mark[], mark: Mark, index: number, frame: Frame): Markup {
  const { x, width, stacked } = frame;
  const y = frame.top + index * frame.row;
  const [text, bar] = stacked ? [y + 13, y + 18] : [y + 15, y + 4];
  const label = `${index + 1} ${clipped(mark.label, 28)}`;
  return markup`<text class="${mark.name === "effective" && "fault"}" x="0" y="${text}">${label}</text>
<text class="${mark.at ? "strong" : "axis"}" text-anchor="end" x="${width}" y="${text}">${timeText(mark)}</text>
${mark.at && bars(marks, index, bar, x)}${goal(report, mark, bar, frame)}\n`;
}

function bars(marks: readonly Mark[], index: number, y: number, x: Scale): Markup {
  const at = marks[index]!.at!;
  const [left, right] = [x(x.domain[0]), x(x.domain[1])];
  const before = marks[index - 1]?.at?.upperMs ?? x.domain[0];
  if (at.upperMs > x.domain[1])
    return markup`<path class="thread" d="M${n(left)} ${y + 7}H${n(right)}"/><path class="span" d="M${n(right - 9)} ${y + 2}l9 5l-9 5z"/>`;
  const [from, lower, upper] = [x(Math.min(before, at.lowerMs)), x(at.lowerMs), x(at.upperMs)];
  return markup`<path class="thread" d="M${n(left)} ${y + 7}H${n(from)}"/><rect class="span" x="${n(from)}" y="${y}" width="${n(Math.max(0, upper - from))}" height="14"/><rect class="doubt" x="${n(Math.min(lower, upper - 2))}" y="${y}" width="${n(Math.max(2, upper - lower))}" height="14"/>`;
}

/** The objective of this mark where it lies on the scale; its words stand clear of the bar, or not at all (the table has them). */
function goal(report: Report, mark: Mark, y: number, { x }: Frame): Markup | null {
  const ms = objectiveOf(report, mark);
  if (ms === null || ms > x.domain[1]) return null;
  const words = `objective ${objective(ms)}`;
  const [tick, barEnd] = [x(ms), mark.at ? x(mark.at.upperMs) : 0];
  const start = Math.max(tick, barEnd) + 5;
  const fits = start + textWidth(words, FONT) < x(x.domain[1]);
  const fitsBefore = tick - 5 - textWidth(words, FONT) > barEnd;
  const [anchor, at] = fits ? ["start", start] : ["end", tick - 5];
  return markup`<path class="goal" d="M${n(tick)} ${y - 3}v20"/>${(fits || fitsBefore) && markup`<text class="axis head" text-anchor="${anchor}" x="${n(at)}" y="${y + 11}">${words}</text>`}`;
}

export function waterfallTable(report: Report): Markup {
  const marks = inOrder(report.waterfall);
  // Where some steps waited for a detector and some for a person, only the notes can say which decision was whose.
  const recoveries = report.steps.filter(({ does }) => does.startsWith("recover"));
  const human = recoveries.length > 0 && recoveries.every((step) => step.human);
  const rows = marks.map((mark, i) => {
    const since = sinceBefore(marks, i);
    const goalMs = objectiveOf(report, mark);
    const byHuman = human && mark.name === "decided";
    return [
      i + 1,
      markup`${mark.label}${byHuman && markup` <span class="tag">by a person</span>`}`,
      mark.at ? interval(mark.at) : "not seen",
      since && interval(since),
      goalMs === null ? null : objective(goalMs),
      mark.note,
    ];
  });
  return table("marks", ["no.", "mark", "after the fault", "step alone", "objective", "note"], rows);
}
