/** Bytes of an object that lie on one drive before the next drive's turn (Ceph's default stripe unit). */
const CHUNK_BYTES = 4096;
/** Enough of a chunk's beginning to be its own. */
export const NEEDLE_BYTES = 32;

/**
 * How the first chunk of an object begins on each of its drives under `reed_sol_van` with two data and two parity shards: the data
 * itself, its next chunk, the sum of both, and a weighted sum. Null where a shard is nothing but padding, and where the sum is
 * weighted with something. Tried: each was found on its drive and a scrub counted just as many damaged shards.
 */
export function beginnings(content: Buffer): (Buffer | null)[] {
  const first = content.subarray(0, NEEDLE_BYTES);
  if (content.length <= CHUNK_BYTES) return [first, null, first, first];
  const second = Buffer.alloc(NEEDLE_BYTES);
  second.set(content.subarray(CHUNK_BYTES, CHUNK_BYTES + NEEDLE_BYTES));
  return [first, second, Buffer.from(first.map((byte, i) => byte ^ second[i]!)), null];
}
