/**
 * What PostgreSQL's files look like from outside, as far as a drill has to find its way in them without a server: the same in the
 * majors 14 to 18, little-endian, pages of 8 KiB (source: pg_control.h, xlog_internal.h, bufpage.h, htup_details.h, nbtree.h).
 */
import { formatPosition } from "../../position.ts";
import { isSegment, segmentName } from "./wal-names.ts";

export const PAGE_BYTES = 8_192;

/** global/pg_control, the first of it. */
export interface Control {
  /** The server's own word for how it ended or what it was about: see STATES. */
  readonly state: string;
  /** WAL position of the last completed checkpoint's record, and of where a recovery from it begins. */
  readonly checkpoint: bigint;
  readonly redo: bigint;
  readonly timeline: number;
}

const STATES = [
  "starting up",
  "shut down",
  "shut down in recovery",
  "shutting down",
  "in crash recovery",
  "in archive recovery",
  "in production",
];
/** 14 to 16, 17, 18. */
const CONTROL_VERSIONS = [1300, 1700, 1800];
export const CONTROL_BYTES = 64;

export function readControl(bytes: Buffer): Control {
  const version = bytes.length < CONTROL_BYTES ? -1 : bytes.readUInt32LE(8);
  if (!CONTROL_VERSIONS.includes(version))
    throw new Error(`global/pg_control is of version ${version}, not one of ${CONTROL_VERSIONS.join(", ")}`);
  return {
    state: STATES[bytes.readUInt32LE(16)] ?? `state ${bytes.readUInt32LE(16)}`,
    checkpoint: bytes.readBigUInt64LE(32),
    redo: bytes.readBigUInt64LE(40),
    timeline: bytes.readUInt32LE(48),
  };
}

/** A file of pg_wal: its name, size and first bytes. */
export interface SegmentFile {
  readonly name: string;
  readonly size: number;
  readonly head: Buffer;
}

/** The header of a segment's first page ends with the segment's size, which all others share. */
export const SEGMENT_HEAD_BYTES = 40;

/** A segment of WAL that a recovery from the last checkpoint would read. */
export interface Segment {
  readonly name: string;
  readonly start: bigint;
  readonly bytes: number;
}

/** Where a page of WAL says that it stands; a segment that was used before still says where it stood then. */
const pageAddress = (page: Buffer): bigint => page.readBigUInt64LE(8);

/** The segments from the one with the redo point to the last that was written, in order. */
export function segmentsSinceRedo({ redo, timeline }: Control, files: readonly SegmentFile[]): Segment[] {
  const whole = files.filter((file) => isSegment(file.name) && file.head.length >= SEGMENT_HEAD_BYTES);
  const bytes = whole.map((file) => file.head.readUInt32LE(32)).find((size) => size >= 1 << 20) ?? 0;
  if (bytes === 0) throw new Error("no file of pg_wal begins with the header of a segment");
  const found: Segment[] = [];
  for (let number = redo / BigInt(bytes); ; number++) {
    const start = number * BigInt(bytes);
    const name = segmentName(timeline, start, bytes);
    const file = whole.find((one) => one.name === name);
    if (!file || pageAddress(file.head) !== start) break;
    found.push({ name, start, bytes });
  }
  if (found.length === 0)
    throw new Error(`pg_wal has no segment with the redo point ${formatPosition(redo)} of timeline ${timeline}`);
  return found;
}

/** How far into its last segment the WAL reaches: pages that say that they stand where they do, the last of them up to its zeros. */
export function writtenBytes(segment: Segment, content: Buffer): number {
  let at = 0;
  while (at + PAGE_BYTES <= content.length && pageAddress(content.subarray(at)) === segment.start + BigInt(at))
    at += PAGE_BYTES;
  while (at > 0 && content[at - 1] === 0) at--;
  return at;
}

/** A row of the ledger as it stands in a page; offsets from the start of the page. */
export interface PageRow {
  readonly op: string;
  readonly from: number;
  readonly to: number;
  /** The bytes of its payload. */
  readonly payload: { readonly from: number; readonly to: number };
  readonly xmin: number;
  /** Whether a reader has already noted on the row that its transaction committed. */
  readonly hinted: boolean;
}

const HINTS_OF_XMIN = 0x0300;
const XMIN_COMMITTED = 0x0100;
const XMIN_INVALID = 0x0200;

/** The rows of a page of blackstart.ledger, in the order of their numbers. Empty for a page that was never used. */
export function ledgerRows(page: Buffer): PageRow[] {
  return items(page).flatMap(({ at, length }) => {
    const tuple = page.subarray(at, at + length);
    const hints = tuple.readUInt16LE(20) & HINTS_OF_XMIN;
    if (hints === XMIN_INVALID) return []; // its transaction was rolled back
    const op = text(tuple, tuple.readUInt8(22));
    const payload = op && text(tuple, op.to);
    if (!payload) return [];
    return [
      {
        op: tuple.toString("latin1", op.from, op.to),
        from: at,
        to: at + length,
        payload: { from: at + payload.from, to: at + payload.to },
        xmin: tuple.readUInt32LE(0),
        hinted: (hints & XMIN_COMMITTED) !== 0,
      },
    ];
  });
}

/** An entry of the index on op, on a leaf page of a B-tree. */
export interface LeafEntry {
  readonly op: string;
  readonly from: number;
  readonly to: number;
}

const LEAF = 1;
const NOT_LIVE = 0b1_1100; // deleted, meta, half-dead
const PIVOT_OR_LIST = 0x2000;

/** The entries of a leaf page of the index; empty for any other page. */
export function leafEntries(page: Buffer): LeafEntry[] {
  if (page.length < PAGE_BYTES || page.readUInt16LE(16) !== PAGE_BYTES - 16) return [];
  const flags = page.readUInt16LE(PAGE_BYTES - 16 + 12);
  if ((flags & LEAF) === 0 || (flags & NOT_LIVE) !== 0) return [];
  const rightmost = page.readUInt32LE(PAGE_BYTES - 16 + 4) === 0;
  const own = rightmost ? items(page) : items(page).slice(1); // the first entry of the others is only a bound
  return own.flatMap(({ at, length }) => {
    const entry = page.subarray(at, at + length);
    const key = (entry.readUInt16LE(6) & PIVOT_OR_LIST) === 0 ? text(entry, 8) : null;
    return key ? [{ op: entry.toString("latin1", key.from, key.to), from: at + key.from, to: at + key.to }] : [];
  });
}

/** What the line pointers of a page lead to, where they lead to something. */
function items(page: Buffer): { at: number; length: number }[] {
  if (page.length < PAGE_BYTES) return [];
  const [lower, upper] = [page.readUInt16LE(12), page.readUInt16LE(14)];
  if (lower < 24 || lower > upper || upper > PAGE_BYTES) return [];
  const found: { at: number; length: number }[] = [];
  for (let pointer = 24; pointer + 4 <= lower; pointer += 4) {
    const bits = page.readUInt32LE(pointer);
    const [at, normal, length] = [bits & 0x7fff, ((bits >>> 15) & 3) === 1, bits >>> 17];
    if (normal && at >= upper && at + length <= PAGE_BYTES && length >= 8) found.push({ at, length });
  }
  return found;
}

/** The text that begins at or after an offset, neither compressed nor kept elsewhere; null for anything else. */
function text(tuple: Buffer, offset: number): { from: number; to: number } | null {
  if (offset >= tuple.length) return null;
  const short = tuple.readUInt8(offset);
  // A long one is aligned to four bytes, and what stands before it is zero; a short one never begins with a zero.
  if ((short & 1) === 1) return short === 1 ? null : fits(tuple, offset + 1, offset + (short >> 1));
  const at = Math.ceil(offset / 4) * 4;
  if (at + 4 > tuple.length) return null;
  const long = tuple.readUInt32LE(at);
  return (long & 3) === 0 ? fits(tuple, at + 4, at + (long >>> 2)) : null;
}

const fits = (tuple: Buffer, from: number, to: number): { from: number; to: number } | null =>
  to >= from && to <= tuple.length ? { from, to } : null;
