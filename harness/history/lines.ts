import { createReadStream } from "node:fs";

const NEWLINE = 10;

export interface LinesRead {
  readonly lines: number;
  /** The file did not end with a newline: its last line was cut and was not handed out. */
  readonly truncated: boolean;
  /** Number of the line that was longer than allowed; reading stopped there. */
  readonly overlong: number | null;
}

/**
 * Hands out every complete line of a file as bytes, without its newline and valid only during the call. Streams, so that a
 * ledger of a million operations needs no second copy in memory.
 */
export async function eachLine(
  file: string,
  maxLineBytes: number,
  onLine: (line: Buffer, number: number) => void,
): Promise<LinesRead> {
  let rest: Buffer = Buffer.alloc(0);
  let lines = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let from = 0;
    for (let to = bytes.indexOf(NEWLINE, from); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      if (to - from > maxLineBytes) return { lines, truncated: false, overlong: lines + 1 };
      onLine(bytes.subarray(from, to), ++lines);
      from = to + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > maxLineBytes) return { lines, truncated: false, overlong: lines + 1 };
  }
  return { lines, truncated: rest.length > 0, overlong: null };
}
