import type { History } from "../history.ts";
import { eventsOf, perHistory, shortName, type Span, spanOf } from "./reading.ts";

/** Clocks that tick honestly stay this close to each other: twice what an operating system slews by (500 ppm), as a share. */
const DRIFT = 0.001;

/** One look at one clock: it showed `shownMs`, or up to a tick more, somewhere within the monotonic span. */
interface Look extends Span {
  readonly shownMs: number;
  readonly tickMs: number;
}

export interface Clock {
  readonly name: string;
  /** Out of reach of whatever may have been loaded into the process of the harness. */
  readonly independent: boolean;
  readonly looks: readonly Look[];
}

/** Every clock that the run looked at, with its looks in the order of time. */
export const clocksOf = perHistory((history): readonly Clock[] => {
  const looks = new Map<string, Look[]>();
  const add = (name: string, at: Span, ns: string, tickMs: number): void => {
    const look = { ...at, shownMs: Number(BigInt(ns)) / 1e6, tickMs };
    const seen = looks.get(name);
    if (seen) seen.push(look);
    else looks.set(name, [look]);
  };
  for (const { data } of eventsOf(history, "clock-bracket")) {
    add("wall", spanOf(history, data), data.wallNs, 1);
    if (data.uptimeNs !== null) add("/proc/uptime", spanOf(history, data), data.uptimeNs, 10);
    for (const store of data.stores) add(`store ${store.node}`, spanOf(history, store), store.wallNs, 0.001);
  }
  return [...looks].map(([name, seen]) => ({ name, independent: name !== "wall", looks: seen }));
});

/** How far the clock was ahead of the monotonic one, at least and at most. */
const offset = (look: Look): { least: number; most: number } => ({
  least: look.shownMs - look.toMs,
  most: look.shownMs + look.tickMs - look.fromMs,
});

/** By how many milliseconds two looks at one clock contradict the monotonic clock, beyond what their brackets and drift allow; 0 if they do not. */
function disagreementMs(a: Look, b: Look): number {
  const [first, second] = [offset(a), offset(b)];
  const apart = Math.max(first.least - second.most, second.least - first.most);
  return Math.max(0, apart - DRIFT * Math.abs(b.toMs - a.fromMs));
}

/**
 * The clock that contradicts the monotonic one most, each look against the one before it (a step) and against the first (a
 * drift); null when none does. No duration proves anything then.
 */
export const worstClock = perHistory((history): { readonly name: string; readonly byMs: number } | null => {
  let worst: { name: string; byMs: number } | null = null;
  for (const { name, looks } of clocksOf(history)) {
    for (const [i, look] of looks.entries()) {
      const byMs = Math.max(disagreementMs(looks[0] ?? look, look), disagreementMs(looks[i - 1] ?? look, look));
      if (byMs > (worst?.byMs ?? 0)) worst = { name, byMs };
    }
  }
  return worst;
});

/**
 * An instant of a node's wall clock on the monotonic one: as wide as the looks just before and after it leave it. A node that
 * said its own time is mapped by that, any other by the wall clock of this process; null when neither was looked at.
 */
export function toMonotonic(history: History, wallMs: number, node: string | null, tickMs: number): Span | null {
  const clocks = clocksOf(history);
  const own =
    node === null
      ? undefined
      : clocks.find((clock) => clock.name.startsWith("store ") && shortName(clock.name.slice(6)) === shortName(node));
  const looks = (own ?? clocks.find((clock) => clock.name === "wall"))?.looks ?? [];
  const before = looks.filter((look) => look.shownMs <= wallMs).at(-1);
  const after = looks.find((look) => look.shownMs > wallMs);
  const near = [before, after].filter((look) => look !== undefined).map(offset);
  if (near.length === 0) return null;
  return {
    fromMs: wallMs - Math.max(...near.map((o) => o.most)),
    toMs: wallMs + tickMs - Math.min(...near.map((o) => o.least)),
  };
}
