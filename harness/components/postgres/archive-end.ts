/**
 * Whether recovery has read everything that the archive holds. A server in recovery cannot know: a missing file, a wrong checksum
 * and zeros all look like the end of history to it. Formats: access/xlog_internal.h, access/xlogrecord.h.
 */

import { formatPosition } from "../../position.ts";
import { PAGE_BYTES } from "./disk-format.ts";
import { segmentOf, startOf } from "./wal-names.ts";

/** A record carries at most 33 pages (XLR_MAX_BLOCK_ID, access/xlogrecord.h), and a little around them. */
export const RECORD_MOST_BYTES = 34 * 8_192;

const ZEROS = "there are zeros";
const PAGE_HEADER_BYTES = 24;
const FIRST_PAGE_HEADER_BYTES = 40;
const PAGE_ADDRESS_AT = 8;

export interface RecoveryEnd {
  /** Names in the archive when recovery began. */
  readonly segments: readonly string[];
  /** The timeline that recovery left when it ended. */
  readonly timeline: string;
  /** Behind the last record that it replayed. */
  readonly end: bigint;
  readonly segmentBytes: number;
  /** A segment that its receiver had not finished: what it holds ends in zeros (manual, pg_receivewal). */
  readonly unfinished: string | null;
}

/** Number, inside its segment, of the page that a position is on. */
export const pageAt = (at: bigint, segmentBytes: number): number =>
  Math.floor(Number(at % BigInt(segmentBytes)) / PAGE_BYTES);

/** In words; null when history has no more. `pageOf` gets the page that holds `end` out of an archived segment. */
export async function endProblem(
  { segments, timeline, end, segmentBytes, unfinished }: RecoveryEnd,
  pageOf: (segment: string) => Promise<Buffer>,
): Promise<string | null> {
  const newest = newestOf(segments, timeline);
  if (newest === undefined) return null;
  const begins = segmentStart(newest, segmentBytes);
  if (end >= begins + BigInt(segmentBytes)) return null;
  if (end < begins) return `the archive holds history up to ${newest}`;
  const why = restOf(await pageOf(newest), end, segmentBytes);
  if (why === ZEROS && newest === unfinished) return null;
  return why === null ? null : `${newest} goes on behind it: ${why}`;
}

/** Whether a position lies behind every segment of that timeline, so that there is nothing to look at. */
export function isBehindAll({ segments, timeline, end, segmentBytes }: Omit<RecoveryEnd, "unfinished">): boolean {
  const newest = newestOf(segments, timeline);
  return newest !== undefined && end >= segmentStart(newest, segmentBytes) + BigInt(segmentBytes);
}

function newestOf(segments: readonly string[], timeline: string): string | undefined {
  const prefix = BigInt(timeline).toString(16).toUpperCase().padStart(8, "0");
  return segments
    .filter((name) => name.startsWith(prefix))
    .toSorted()
    .at(-1);
}

const segmentStart = (name: string, segmentBytes: number): bigint =>
  startOf(segmentOf(name, segmentBytes)?.number ?? 0n, segmentBytes);

/**
 * A full segment ends with a record that goes on in the next one, of which the archive has nothing. What stands at the end of recovery
 * has to be the head of such a record; a segment that was closed early ends with a record that reaches to its end.
 */
function restOf(page: Buffer, end: bigint, segmentBytes: number): string | null {
  const offset = Number(end % BigInt(segmentBytes));
  const inPage = offset % PAGE_BYTES;
  if (page.length < PAGE_BYTES) return "the segment is too short";
  const address = page.readBigUInt64LE(PAGE_ADDRESS_AT);
  if (address !== end - BigInt(inPage)) return `the page says that it is of ${formatPosition(address)}`;
  const header = offset < PAGE_BYTES ? FIRST_PAGE_HEADER_BYTES : PAGE_HEADER_BYTES;
  const at = Math.max(inPage, header);
  const length = page.readUInt32LE(at);
  const pagesLeft = Math.floor((segmentBytes - offset - 1) / PAGE_BYTES);
  const bytesLeft = PAGE_BYTES - at + pagesLeft * (PAGE_BYTES - PAGE_HEADER_BYTES);
  if (length > bytesLeft)
    return length <= RECORD_MOST_BYTES ? null : `there is a record of ${length} bytes, longer than any can be`;
  return length === 0 ? ZEROS : `there is a record of ${length} bytes that recovery did not take`;
}
