import { PAGE_BYTES } from "./disk-format.ts";

/** Files of a server as its headers describe them, with no more in them than a test needs. */

export function controlBytes(fields: {
  version?: number;
  state?: number;
  checkpoint?: bigint;
  redo?: bigint;
  timeline?: number;
}): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.writeUInt32LE(fields.version ?? 1700, 8);
  bytes.writeUInt32LE(fields.state ?? 6, 16);
  bytes.writeBigUInt64LE(fields.checkpoint ?? 0n, 32);
  bytes.writeBigUInt64LE(fields.redo ?? 0n, 40);
  bytes.writeUInt32LE(fields.timeline ?? 1, 48);
  return bytes;
}

export function segmentHead(start: bigint, segmentBytes: number): Buffer {
  const head = Buffer.alloc(40);
  head.writeUInt16LE(0xd116, 0);
  head.writeBigUInt64LE(start, 8);
  head.writeUInt32LE(segmentBytes, 32);
  return head;
}

export interface TestRow {
  readonly op: string;
  readonly payload: string;
  readonly xmin: number;
  readonly hints?: number;
}

/** Text with the header of one byte, or of four where it is too long for that. */
function varlena(text: string, at: number): Buffer {
  if (text.length + 1 <= 126) return Buffer.concat([Buffer.from([((text.length + 1) << 1) | 1]), Buffer.from(text)]);
  const header = Buffer.alloc(4);
  header.writeUInt32LE((text.length + 4) << 2, 0);
  return Buffer.concat([Buffer.alloc((4 - (at % 4)) % 4), header, Buffer.from(text)]);
}

export function heapPage(rows: readonly TestRow[]): Buffer {
  return pageOf(
    rows.map(({ op, payload, xmin, hints = 0 }) => {
      const header = Buffer.alloc(24);
      header.writeUInt32LE(xmin, 0);
      header.writeUInt16LE(hints, 20);
      header.writeUInt8(24, 22);
      const first = varlena(op, 24);
      return Buffer.concat([header, first, varlena(payload, 24 + first.length)]);
    }),
    0,
  );
}

export function leafPage(
  keys: readonly string[],
  { flags = 1, rightmost = true }: { flags?: number; rightmost?: boolean } = {},
): Buffer {
  const page = pageOf(
    keys.map((key) => Buffer.concat([Buffer.alloc(8), varlena(key, 8)])),
    16,
  );
  page.writeUInt32LE(rightmost ? 0 : 9, PAGE_BYTES - 12);
  page.writeUInt16LE(flags, PAGE_BYTES - 4);
  return page;
}

/** Items stand from the end of the page downwards, aligned to eight bytes; their pointers from the start upwards. */
function pageOf(entries: readonly Buffer[], specialBytes: number): Buffer {
  const page = Buffer.alloc(PAGE_BYTES);
  let upper = PAGE_BYTES - specialBytes;
  for (const [i, entry] of entries.entries()) {
    upper = Math.floor((upper - entry.length) / 8) * 8;
    entry.copy(page, upper);
    page.writeUInt32LE((upper | (1 << 15) | (entry.length << 17)) >>> 0, 24 + 4 * i);
  }
  page.writeUInt16LE(24 + 4 * entries.length, 12);
  page.writeUInt16LE(upper, 14);
  page.writeUInt16LE(PAGE_BYTES - specialBytes, 16);
  return page;
}
