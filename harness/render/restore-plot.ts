/** Every restore as a point: its seconds against its size, and the line through those that it was fitted to. */
import type { RestoreLine, RestoreTest } from "../restore-test.ts";
import { fittedOf, pointOf } from "../restore-test.ts";
import { Markup, markup } from "./markup.ts";
import { coordinate, COUNT_STEPS, linear, ticks } from "./plot.ts";

const HEIGHT = 250;
const LEFT = 44;
const RIGHT = 14;
const TOP = 14;
const BOTTOM = 40;
const MIB = 1024 ** 2;
const SECOND_STEPS = [0.1, 0.2, 0.5, ...COUNT_STEPS];

export function restorePlot({ restores, line }: RestoreTest, width: number): Markup {
  const points = restores.map((restore) => ({ restore, ...pointOf(restore) }));
  const mostX = Math.max(1, ...points.map(({ x }) => x / MIB)) * 1.06;
  const mostY = Math.max(0.1, ...points.map(({ y }) => y)) * 1.12;
  const across = linear([0, mostX], [LEFT, width - RIGHT]);
  const up = linear([0, mostY], [HEIGHT - BOTTOM, TOP]);
  const rows = ticks([0, mostY], 5, SECOND_STEPS).map(
    (y) =>
      markup`<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${coordinate(up(y))}" y2="${coordinate(up(y))}"/><text class="axis" x="${LEFT - 7}" y="${coordinate(up(y) + 4)}" text-anchor="end">${Number(y.toFixed(1))} s</text>`,
  );
  const columns = ticks([0, mostX], Math.floor(width / 80), COUNT_STEPS).map(
    (x) =>
      markup`<text class="axis" x="${coordinate(across(x))}" y="${HEIGHT - BOTTOM + 17}" text-anchor="middle">${x}</text>`,
  );
  return markup`<svg class="plot" role="img" viewBox="0 0 ${width} ${HEIGHT}" aria-label="Seconds of each restore against the size of its data">
${rows}<line class="base" x1="${LEFT}" x2="${width - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>
${columns}<text class="axis" x="${width - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">MiB of data</text>
${line && fitted({ restores, line, across, up })}${points.map(({ restore, x, y }) => point(restore, across(x / MIB), up(y)))}
</svg>`;
}

/** Drawn no further than what was measured. */
function fitted({
  restores,
  line,
  across,
  up,
}: {
  restores: RestoreTest["restores"];
  line: NonNullable<RestoreTest["line"]>;
  across: (value: number) => number;
  up: (value: number) => number;
}): Markup {
  const xs = fittedOf(restores).map((restore) => pointOf(restore).x);
  const [from, to] = [Math.min(...xs), Math.max(...xs)];
  const y = (x: number): string => coordinate(up(line.intercept + line.slope * x));
  return markup`<line class="fit" x1="${coordinate(across(from / MIB))}" y1="${y(from)}" x2="${coordinate(across(to / MIB))}" y2="${y(to)}"/>`;
}

function point({ which, verdict, backup }: RestoreLine, x: number, y: number): Markup {
  const title = markup`<title>${which} backup ${backup}, drill ${verdict}</title>`;
  if (verdict !== "pass")
    return markup`<path class="cross" d="${new Markup(`M${coordinate(x - 5)} ${coordinate(y - 5)}l10 10m0-10l-10 10`)}">${title}</path>`;
  return markup`<circle class="${which === "newest" ? "dot" : "ring"}" cx="${coordinate(x)}" cy="${coordinate(y)}" r="5">${title}</circle>`;
}
