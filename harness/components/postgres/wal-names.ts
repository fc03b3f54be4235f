/**
 * What the names of archived history say (PostgreSQL manual, 28.6 and 25.3): 24 digits, eight of the timeline and sixteen of the
 * segment, whose number says which positions are in it.
 */
import { formatPosition } from "../../position.ts";

/** A name from elsewhere may lie any distance away from the others. */
const NAMED_MOST = 10_000;

/** What the middle eight digits count. */
const FILE_NUMBER_BYTES = 0x1_0000_0000n;

interface Segment {
  readonly timeline: number;
  readonly number: bigint;
  /** The end of a timeline that was left, or one that was still being received: it is filled up with zeros. */
  readonly partial: boolean;
}

export const isSegment = (name: string): boolean => /^[0-9A-F]{24}$/.test(name);

/** The file of the archive that holds a position (manual, 28.6): timeline, then the segment's number in two parts. */
export function segmentName(timeline: string | number, lsn: bigint, segmentBytes: number): string {
  const perId = 0x1_0000_0000n / BigInt(segmentBytes);
  const segment = lsn / BigInt(segmentBytes);
  return [BigInt(timeline), segment / perId, segment % perId]
    .map((part) => part.toString(16).toUpperCase().padStart(8, "0"))
    .join("");
}

export function segmentOf(name: string, segmentBytes: number): Segment | null {
  const [, timeline, high, low, partial] = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.partial)?$/.exec(name) ?? [];
  if (!timeline || !high || !low) return null;
  return {
    timeline: Number.parseInt(timeline, 16),
    number: BigInt(`0x${high}`) * (FILE_NUMBER_BYTES / BigInt(segmentBytes)) + BigInt(`0x${low}`),
    partial: partial !== undefined,
  };
}

const segmentAt = (lsn: bigint, segmentBytes: number): bigint => lsn / BigInt(segmentBytes);
export const startOf = (number: bigint, segmentBytes: number): bigint => number * BigInt(segmentBytes);

/** From `first` on, up to but without `end`; none where `end` comes first or is of another timeline. */
export function segmentsBetween(first: string, end: string, segmentBytes: number): string[] {
  const [from, until] = [segmentOf(first, segmentBytes), segmentOf(end, segmentBytes)];
  if (!from || !until || from.timeline !== until.timeline) return [];
  const names: string[] = [];
  for (let { number } = from; number < until.number; number++)
    names.push(segmentName(from.timeline, startOf(number, segmentBytes), segmentBytes));
  return names;
}

/** Where a backup begins: history is needed from there on. */
export interface Beginning {
  readonly timeline: number;
  readonly lsn: bigint;
}

/** Segments that follow each other without a gap. */
export interface Run {
  readonly timeline: number;
  readonly from: string;
  readonly to: string;
  readonly names: readonly string[];
  readonly bytes: number;
}

/** By timeline, the lowest first, each with the numbers of its segments in order. */
function timelinesOf(names: readonly string[], segmentBytes: number, partials: boolean): Map<number, bigint[]> {
  const segments = names
    .flatMap((name) => segmentOf(name, segmentBytes) ?? [])
    .filter(({ partial }) => partials || !partial);
  const groups = [...Map.groupBy(segments, ({ timeline }) => timeline)].toSorted(([a], [b]) => a - b);
  return new Map(
    groups.map(([timeline, of]) => [
      timeline,
      [...new Set(of.map(({ number }) => number))].toSorted((a, b) => (a < b ? -1 : 1)),
    ]),
  );
}

/** The archive as a server reads it that begins there: whole segments, cut where one is missing. Without a beginning, all of it. */
export function runsOf(names: readonly string[], beginning: Beginning | null, segmentBytes: number): Run[] {
  return [...timelinesOf(names, segmentBytes, false)].flatMap(([timeline, numbers]) => {
    if (beginning && timeline < beginning.timeline) return [];
    const own = beginning?.timeline === timeline ? beginning : null;
    const needed = own ? numbers.filter((number) => number >= segmentAt(own.lsn, segmentBytes)) : numbers;
    return inRows(needed).map((row): Run => {
      const first = row[0]!;
      const from = own && segmentAt(own.lsn, segmentBytes) === first ? own.lsn : startOf(first, segmentBytes);
      return {
        timeline,
        from: formatPosition(from),
        to: formatPosition(startOf(row.at(-1)! + 1n, segmentBytes)),
        names: row.map((number) => segmentName(timeline, startOf(number, segmentBytes), segmentBytes)),
        bytes: row.length * segmentBytes,
      };
    });
  });
}

function inRows(numbers: readonly bigint[]): bigint[][] {
  const rows: bigint[][] = [];
  for (const number of numbers) {
    const row = rows.at(-1);
    if (row && row.at(-1)! + 1n === number) row.push(number);
    else rows.push([number]);
  }
  return rows;
}

/**
 * Names that have to be there and are not: between the first and the last segment of each timeline, from where the backup begins
 * to its timeline's first, from where an older timeline ends to where the next begins, and the history file of each timeline but
 * the first. A tail that is missing leaves no gap.
 */
export function missingNames(names: readonly string[], beginning: Beginning | null, segmentBytes: number): string[] {
  const timelines = timelinesOf(names, segmentBytes, true);
  const missing: string[] = [];
  const between = (timeline: number, from: bigint, until: bigint): void => {
    for (let number = from; number < until && missing.length < NAMED_MOST; number++)
      missing.push(segmentName(timeline, startOf(number, segmentBytes), segmentBytes));
  };
  for (const [timeline, numbers] of timelines) {
    const first = numbers[0]!;
    if (beginning?.timeline === timeline) between(timeline, segmentAt(beginning.lsn, segmentBytes), first);
    else between(...joint(timelines, timeline, first));
    for (const [i, number] of numbers.entries()) between(timeline, (numbers[i - 1] ?? number - 1n) + 1n, number);
    const history = `${timeline.toString(16).toUpperCase().padStart(8, "0")}.history`;
    if (timeline > 1 && !names.includes(history)) missing.push(history);
  }
  if (beginning && !timelines.has(beginning.timeline))
    missing.push(segmentName(beginning.timeline, beginning.lsn, segmentBytes));
  return missing;
}

/** From the last segment of the older timeline that reaches furthest to the first one of this; nothing where no older one is kept. */
function joint(
  timelines: ReadonlyMap<number, readonly bigint[]>,
  timeline: number,
  first: bigint,
): [timeline: number, from: bigint, until: bigint] {
  let [parent, last] = [timeline, first - 1n];
  for (const [older, numbers] of timelines) {
    if (older >= timeline) break;
    if (parent === timeline || numbers.at(-1)! >= last) [parent, last] = [older, numbers.at(-1)!];
  }
  return [parent, last + 1n, first];
}
