import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import type { Inside } from "./archiver.ts";

/** Off the thread that keeps the schedule of writers and probes. */
export const [compress, decompress] = [promisify(zstdCompress), promisify(zstdDecompress)];

/** What an archiver compressed with zstd, opened and wrapped again. */
export const ZSTD: Inside = {
  take: (object) => decompress(object),
  put: (_, content) => compress(content ?? Buffer.alloc(0)),
};
