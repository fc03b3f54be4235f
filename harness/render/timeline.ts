/** The timeline plot: what clients got, and how long it took them, with the marks of the recovery over both. */
import type { Report, Timeline } from "../report.ts";
import { counted, grouped } from "../text.ts";
import { Markup, markup } from "./markup.ts";
import {
  COUNT_STEPS,
  TIME_STEPS,
  clipped,
  coordinate as n,
  linear,
  linePath,
  logarithmic,
  placeFlags,
  textWidth,
  tickTime,
  ticks,
  type Flag,
  type Placed,
  type Scale,
} from "./plot.ts";
import { plotCss, tokenCss } from "./theme.ts";
import { inOrder, interval, objective, stamp } from "./words.ts";

const FONT = 11;
const ROW = 15;
const LEFT = 46;
const UPPER = 150;
const LOWER = 116;
const GAP = 36;

interface TimelineFlag extends Flag {
  readonly ms: number;
  readonly kind: "fault" | "mark" | "goal";
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly x: Scale;
  readonly left: number;
  readonly right: number;
  /** Top edges and heights of the two panels. */
  readonly upper: number;
  readonly lower: number;
  readonly flags: readonly Placed<TimelineFlag>[];
}

/** `id` keeps the names inside one page unique; below 600 units the marks carry numbers only. */
export function timelineSvg(report: Report, { width, id }: { width: number; id: string }): Markup {
  const { body, height } = drawing(report, width);
  return markup`<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">Throughput and latency around the fault</title>
<desc id="${id}-d">${description(report)}</desc>
${body}
</svg>`;
}

const PAD = 20;
const HEAD = 56;

/** views/timeline.svg: the same plot with its own title, key and colours, for a slide or a ticket. */
export function renderTimeline(report: Report): string {
  const width = 1_100;
  const title = `${stamp(report).word}: ${report.scenario}, run ${report.run}`;
  const { body, height } = drawing(report, width);
  const box = `${-PAD} ${-HEAD - PAD} ${width + 2 * PAD} ${height + HEAD + 2 * PAD}`;
  const svg = markup`<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="${box}" role="img" aria-labelledby="t d">
<title id="t">${title}</title>
<desc id="d">${description(report)}</desc>
<style>${new Markup(tokenCss + plotCss)}</style>
<rect x="${-PAD}" y="${-HEAD - PAD}" width="${width + 2 * PAD}" height="${height + HEAD + 2 * PAD}" fill="var(--paper)"/>
<text class="strong" x="0" y="${-HEAD + 8}">${clipped(title, 150)}</text>
${KEYS.map(([name, words], i) => markup`<rect class="${name} swatch" x="${i * 110}" y="${20 - HEAD}" width="11" height="11"/><text x="${i * 110 + 17}" y="${30 - HEAD}">${words}</text>\n`)}${body}
</svg>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.text}\n`;
}

/** The series of the plot: class and words. */
export const KEYS = [
  ["ok", "acknowledged"],
  ["failed", "failed"],
  ["indeterminate", "indeterminate"],
  ["p50", "latency p50"],
  ["p99", "latency p99"],
] as const;

function drawing(report: Report, width: number): { body: Markup; height: number } {
  const timeline = thinned(report.timeline, Math.floor((width - LEFT) / 3));
  const frame = layOut(report, width);
  const body = markup`${bands(report, frame)}
${throughput(report, timeline, frame)}
${latency(timeline, frame)}
${timeAxis(frame)}
${flagLines(frame)}
${headings(frame)}`;
  return { body, height: frame.height };
}

/** For those who hear the plot instead of seeing it. */
function description(report: Report): string {
  const { operations, recoveryTime, timeline } = report;
  const span = `From ${tickTime(timeline.fromMs)} to ${tickTime(endMs(timeline))} around the fault`;
  const marks = inOrder(report.waterfall).flatMap(({ label, at }) => (at ? [`${label} ${interval(at)}`] : []));
  return `${span}: ${counted(operations.acknowledged, "write")} acknowledged, ${grouped(operations.failed)} failed, ${grouped(operations.indeterminate)} indeterminate. ${
    recoveryTime ? `Service came back after ${interval(recoveryTime)}.` : "No recovery was measured."
  } Marks after the fault: ${marks.join(", ") || "none"}.`;
}

const endMs = ({ fromMs, bucketMs, acknowledged }: Timeline): number => fromMs + bucketMs * acknowledged.length;

/**
 * At most `most` buckets: counts are added up (the last group may be short and is scaled, since the plot shows a rate), and of the
 * latencies the worst stays, so that thinning hides nothing.
 */
function thinned(timeline: Timeline, most: number): Timeline {
  const factor = Math.ceil(timeline.acknowledged.length / most);
  if (factor <= 1) return timeline;
  const groups = <T>(series: readonly T[]): T[][] =>
    Array.from({ length: Math.ceil(series.length / factor) }, (_, i) => series.slice(i * factor, (i + 1) * factor));
  const sums = (series: readonly number[]): number[] =>
    groups(series).map((group) => (group.reduce((a, b) => a + b, 0) * factor) / group.length);
  const worst = (series: readonly (number | null)[]): (number | null)[] =>
    groups(series).map((group) => group.reduce((a, b) => (a === null ? b : b === null ? a : Math.max(a, b)), null));
  return {
    fromMs: timeline.fromMs,
    bucketMs: timeline.bucketMs * factor,
    acknowledged: sums(timeline.acknowledged),
    failed: sums(timeline.failed),
    indeterminate: sums(timeline.indeterminate),
    latencyP50Ms: worst(timeline.latencyP50Ms),
    latencyP99Ms: worst(timeline.latencyP99Ms),
  };
}

function layOut(report: Report, width: number): Frame {
  const domain = [report.timeline.fromMs, endMs(report.timeline)] as const;
  const wanted = wantedFlags(report, domain, width < 600);
  let margin = 12;
  let x = linear(domain, [LEFT, width - margin]);
  // The last labels may need more room on the right than there is; the plot gives way, which moves them, so a few rounds.
  for (let round = 0; round < 4; round++) {
    x = linear(domain, [LEFT, width - margin]);
    const reach = Math.max(0, ...wanted.map((flag) => x(flag.ms) + 4 + textWidth(flag.text, FONT)));
    margin += Math.max(0, reach - width + 2);
  }
  const flags = placeFlags(
    wanted.map((flag) => ({ ...flag, x: x(flag.ms) })),
    FONT,
  );
  const rows = Math.max(0, ...flags.map((flag) => flag.row + 1));
  const upper = rows * ROW + 24;
  const lower = upper + UPPER + GAP;
  return { width, height: lower + LOWER + 38, x, left: LEFT, right: width - margin, upper, lower, flags };
}

/** Marks carry the number of their row in the waterfall. What is not in the plotted span is left to the caption. */
function wantedFlags(report: Report, [from, to]: readonly [number, number], short: boolean): Omit<TimelineFlag, "x">[] {
  const marks = inOrder(report.waterfall).flatMap(({ name, label, at }, i): Omit<TimelineFlag, "x">[] =>
    at
      ? [
          {
            ms: at.upperMs,
            text: short ? String(i + 1) : `${i + 1} ${clipped(label, 34)}`,
            kind: name === "effective" ? "fault" : "mark",
          },
        ]
      : [],
  );
  const { recoveryTimeMs, detectionMs } = report.objectives;
  const goals = [
    { ms: detectionMs, text: short ? "D" : `objective: detection ${objective(detectionMs)}`, kind: "goal" as const },
    {
      ms: recoveryTimeMs,
      text: short ? "R" : `objective: recovery ${objective(recoveryTimeMs)}`,
      kind: "goal" as const,
    },
  ];
  return [...marks, ...goals].filter(({ ms }) => ms >= from && ms <= to);
}

/** The time without service, and the time whose acknowledged writes are gone. */
function bands(report: Report, { x, upper, lower, left, right }: Frame): Markup {
  const band = (name: string, fromMs: number, toMs: number): Markup => {
    const [from, to] = [Math.max(left, x(fromMs)), Math.min(right, x(toMs))];
    const rect = (y: number, height: number): Markup =>
      markup`<rect class="${name}" x="${n(from)}" y="${y}" width="${n(Math.max(0, to - from))}" height="${height}"/>`;
    return markup`${rect(upper, UPPER)}${rect(lower, LOWER)}`;
  };
  return markup`${report.recoveryTime && band("band", 0, report.recoveryTime.upperMs)}${report.lost.count > 0 && band("lossband", -1_000 * report.lost.seconds, 0)}`;
}

function throughput(report: Report, timeline: Timeline, { x, upper, left, right }: Frame): Markup {
  const perSecond = 1_000 / timeline.bucketMs;
  const series = [timeline.acknowledged, timeline.failed, timeline.indeterminate];
  const totals = timeline.acknowledged.map(
    (_, i) => series.reduce((sum, counts) => sum + (counts[i] ?? 0), 0) * perSecond,
  );
  const baseline = report.baseline?.throughputPerSecond;
  const top = Math.max(1, baseline ?? 0, ...totals) * 1.06;
  const y = linear([0, top], [upper + UPPER, upper]);
  const bars = ["ok", "failed", "indeterminate"].map(
    (name, layer) => markup`<path class="${name}" d="${barPath(timeline, series, layer, perSecond, x, y)}"/>\n`,
  );
  return markup`${ticks([0, top], 4, COUNT_STEPS).map((value) => gridLine(y(value), grouped(value), left, right))}
${bars}${baseline !== undefined && markup`<path class="baseline" d="M${left} ${n(y(baseline))}H${n(right)}"/>`}
<path class="base" d="M${left} ${upper + UPPER}H${n(right)}"/>`;
}

/** One path a series: as many buckets as there are, the page stays small. */
function barPath(
  timeline: Timeline,
  series: readonly (readonly number[])[],
  layer: number,
  perSecond: number,
  x: Scale,
  y: Scale,
): string {
  const width = x(timeline.bucketMs) - x(0);
  const end = x(x.domain[1]);
  return timeline.acknowledged
    .map((_, i) => {
      const below = series.slice(0, layer).reduce((sum, counts) => sum + (counts[i] ?? 0), 0) * perSecond;
      const value = (series[layer]?.[i] ?? 0) * perSecond;
      if (value === 0) return "";
      const left = x(timeline.fromMs + i * timeline.bucketMs);
      const bar = Math.min(width > 4 ? width - 1 : width, end - left);
      return `M${n(left)} ${n(y(below))}h${n(bar)}V${n(y(below + value))}h${n(-bar)}z`;
    })
    .join("");
}

const gridLine = (y: number, label: string, left: number, right: number): Markup =>
  markup`<path class="grid" d="M${left} ${n(y)}H${n(right)}"/><text class="axis" text-anchor="end" x="${left - 7}" y="${n(y + 4)}">${label}</text>\n`;

function latency(timeline: Timeline, { x, lower, left, right }: Frame): Markup {
  const measured = [...timeline.latencyP50Ms, ...timeline.latencyP99Ms].filter(
    (ms): ms is number => ms !== null && ms > 0,
  );
  const from = measured.length > 0 ? Math.floor(Math.log10(Math.min(...measured))) : 0;
  const to = measured.length > 0 ? Math.max(from + 1, Math.ceil(Math.log10(Math.max(...measured)))) : 1;
  const y = logarithmic([10 ** from, 10 ** to], [lower + LOWER, lower]);
  const decades = Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
  const middle = timeline.bucketMs / 2;
  const line = (name: string, series: readonly (number | null)[]): Markup => {
    const points = series.map((ms, i) =>
      ms === null ? null : ([Math.min(right, x(timeline.fromMs + i * timeline.bucketMs + middle)), y(ms)] as const),
    );
    return markup`<path class="${name}" d="${linePath(points)}"/>\n`;
  };
  return markup`${decades.map((ms) => gridLine(y(ms), ms < 1 ? String(ms) : grouped(ms), left, right))}
${line("p99", timeline.latencyP99Ms)}${line("p50", timeline.latencyP50Ms)}`;
}

/** Last and with a rim of paper, because marks run through the space between the panels. */
const headings = ({ upper, lower, width }: Frame): Markup =>
  markup`<text class="head" x="0" y="${upper - 9}"><tspan class="strong">writes per second</tspan></text>
<text class="head" x="0" y="${lower - 9}"><tspan class="strong">latency</tspan><tspan class="axis"> of acknowledged writes${width < 600 ? "" : ", ms, logarithmic"}</tspan></text>`;

function timeAxis({ x, lower, left, right, width }: Frame): Markup {
  const bottom = lower + LOWER;
  const most = Math.max(2, Math.floor((right - left) / 54));
  const labels = ticks(x.domain, most, TIME_STEPS).map(
    (ms) =>
      markup`<path class="base" d="M${n(x(ms))} ${bottom}v5"/><text class="axis" text-anchor="middle" x="${n(Math.min(Math.max(x(ms), 12), width - 18))}" y="${bottom + 18}">${tickTime(ms)}</text>\n`,
  );
  return markup`<path class="base" d="M${left} ${bottom}H${n(right)}"/>${labels}<text class="axis" x="${left}" y="${bottom + 32}">time after the fault was effective</text>`;
}

function flagLines({ flags, upper, lower }: Frame): Markup {
  return markup`${flags.map(({ x, text, row, kind }) => {
    const top = upper - 22 - row * ROW;
    return markup`<path class="${kind}" d="M${n(x)} ${n(top - 7)}V${lower + LOWER}"/><text class="${kind === "mark" ? null : kind}" x="${n(x + 4)}" y="${n(top)}">${text}</text>\n`;
  })}`;
}
