import { type Alarm, ALARMS, ArchiveAlarms, ARCHIVING_ALARM, isArchived, missingIn } from "../archive-alarms.ts";
import type { Checker } from "../checker.ts";
import type { ArchiveLook, History } from "../history.ts";
import { counted, humanMs } from "../text.ts";
import { type Finding, worst } from "../verdict.ts";
import { againstObjective, finding, type Judged, roundMs } from "./findings.ts";
import { atMs, eventsOf, type Span, spanOf } from "./reading.ts";

/** Within how many of the server's own limits an alarm is due. */
const LIMITS = 2;

interface Look {
  readonly look: ArchiveLook;
  /** What it shows became so between these. */
  readonly at: Span;
}

interface Segment {
  readonly name: string;
  readonly completed: Span;
  /** When the server called it archived and the store listed it; null when that was never seen. A name alone may be another's. */
  readonly stored: Span | null;
}

function check(history: History): Finding {
  const say = finding(ARCHIVING_ALARM, ["raw/events.jsonl"]);
  const components = [...new Set(eventsOf(history, "archive-looked").map(({ data }) => data.component))];
  if (components.length === 0) return say("unknown", "nobody looked at the archiving of any component");
  const judged = components.map((component) => {
    const { verdict, detail } = judge(history, component);
    return { verdict, detail: `${component}: ${detail}` };
  });
  return say(worst(judged.map(({ verdict }) => verdict)), judged.map(({ detail }) => detail).join("; "));
}

function judge(history: History, component: string): Judged {
  const looks = looksOf(history, component);
  const last = looks.at(-1);
  const limitMs = last?.look.timeoutMs ?? 0;
  if (!last || limitMs === 0)
    return { verdict: "unknown", detail: "the server has no limit after which a segment must be archived" };
  const segments = segmentsOf(looks);
  const [first] = segments.filter((segment) => isUnarchived(segment, looks, limitMs));
  const alarms = alarmsOf(history, component);
  const unfounded = unfoundedOf(looks, alarms);
  if (unfounded) return { verdict: "unknown", detail: `the looks do not show what the alarm ${unfounded.alarm} says` };
  if (!first) return nothingUnarchived(segments);
  const after = alarms.filter(({ ms }) => ms >= first.completed.fromMs);
  const heard = (Object.keys(ALARMS) as Alarm[]).flatMap((alarm) => after.find((one) => one.alarm === alarm) ?? []);
  const [earliest] = heard.toSorted((a, b) => a.ms - b.ms);
  if (!earliest) return silence(first, last.at.toMs, limitMs);
  const words = (ms: number): string =>
    `${humanMs(sinceCompletion(first, ms).lowerMs)} to ${humanMs(sinceCompletion(first, ms).upperMs)}`;
  const silent = Object.keys(ALARMS).filter((alarm) => !heard.some((one) => one.alarm === alarm));
  const { verdict, detail } = againstObjective(
    `${first.name} ${arrival(first)}; the alarm ${earliest.alarm} came after`,
    sinceCompletion(first, earliest.ms),
    LIMITS * limitMs,
  );
  const others = heard.filter((one) => one !== earliest).map(({ alarm, ms }) => `${alarm} after ${words(ms)}`);
  return {
    verdict,
    detail: [detail, ...others, ...(silent.length > 0 ? [`silent: ${silent.join(", ")}`] : [])].join(", "),
  };
}

/** It may have come after all, when somebody mended what was broken. */
const arrival = (segment: Segment): string =>
  segment.stored === null
    ? "did not reach the store"
    : `reached the store after more than ${humanMs(Math.max(0, segment.stored.fromMs - segment.completed.toMs))}`;

const sinceCompletion = ({ completed }: Segment, ms: number) => ({
  lowerMs: Math.max(0, ms - completed.toMs),
  upperMs: ms - completed.fromMs,
});

function nothingUnarchived(segments: readonly Segment[]): Judged {
  const stored = segments.filter((segment) => segment.stored !== null);
  if (stored.length === 0)
    return { verdict: "unknown", detail: "no segment was completed and archived while somebody looked" };
  const longestMs = Math.max(...stored.map((segment) => sinceCompletion(segment, segment.stored?.toMs ?? 0).upperMs));
  return {
    verdict: "pass",
    detail: `${counted(stored.length, "segment was completed, and", "segments were completed, and each")} was in the store within ${humanMs(longestMs)}`,
  };
}

function silence(first: Segment, endMs: number, limitMs: number): Judged {
  const watchedMs = endMs - first.completed.toMs;
  const words = `${first.name} ${arrival(first)} and no alarm came within ${humanMs(watchedMs)}`;
  return watchedMs >= LIMITS * limitMs
    ? { verdict: "fail", detail: words }
    : {
        verdict: "unknown",
        detail: `${words}, when nobody looked any more; one is due after ${roundMs(LIMITS * limitMs)}`,
      };
}

const looksOf = (history: History, component: string): Look[] =>
  eventsOf(history, "archive-looked")
    .filter(({ data }) => data.component === component)
    .map(({ data }) => ({ look: data, at: spanOf(history, data) }));

const alarmsOf = (history: History, component: string): { alarm: string; ms: number }[] =>
  eventsOf(history, "archive-alarm")
    .filter(({ data }) => data.component === component)
    .map(({ data }) => ({ alarm: data.alarm, ms: atMs(history, data.toNs) }));

/** Everything that was completed while somebody looked, the oldest first. */
function segmentsOf(looks: readonly Look[]): Segment[] {
  const completed = new Map<string, Span>();
  for (const [i, { look, at }] of looks.entries()) {
    const before = looks[i - 1]?.look.current;
    const names = [...(before === undefined || before === look.current ? [] : [before]), ...(look.unstored ?? [])];
    for (const name of names) if (!completed.has(name)) completed.set(name, at);
  }
  return [...completed]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, span]) => {
      const seen = looks.find(
        ({ look, at }) =>
          at.toMs >= span.toMs && isArchived(look, name) && look.unstored !== null && !look.unstored.includes(name),
      );
      return { name, completed: span, stored: seen?.at ?? null };
    });
}

/** It surely waited for longer than the server's limit, or the server said that it was archived when it was not. */
function isUnarchived({ name, completed, stored }: Segment, looks: readonly Look[], limitMs: number): boolean {
  const untilMs = stored?.fromMs ?? looks.at(-1)?.at.toMs ?? 0;
  return untilMs - completed.toMs > limitMs || looks.some(({ look }) => missingIn(look).includes(name));
}

/** What is journaled as an alarm has to follow from the looks that are: the first that does not. */
function unfoundedOf<T extends { alarm: string; ms: number }>(
  looks: readonly Look[],
  heard: readonly T[],
): T | undefined {
  const alarms = new ArchiveAlarms();
  let next = 0;
  return heard
    .toSorted((a, b) => a.ms - b.ms)
    .find(({ alarm, ms }) => {
      for (; next < looks.length && looks[next]!.at.toMs <= ms; next++)
        alarms.see(looks[next]!.look, looks[next]!.at.toMs);
      return !alarms.holding(ms).some((one) => one === alarm);
    });
}

export const archivingAlarm: Checker = {
  name: ARCHIVING_ALARM,
  summary: "From the first segment that did not reach its archive to the alarm, within twice the server's own limit",
  always: false,
  check,
};
