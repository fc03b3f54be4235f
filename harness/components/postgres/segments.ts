/** Names of the files that history is kept in: timeline, then the segment's number, in two halves (PostgreSQL manual, 69). */

const hex8 = (value: bigint): string => value.toString(16).toUpperCase().padStart(8, "0");

/** `segmentBytes` is the server's wal_segment_size. */
export function segmentAt(timeline: number, position: bigint, segmentBytes: number): string {
  return nameOf(BigInt(timeline), position / BigInt(segmentBytes), segmentBytes);
}

const nameOf = (timeline: bigint, number: bigint, segmentBytes: number): string => {
  const perHalf = 2n ** 32n / BigInt(segmentBytes);
  return `${hex8(timeline)}${hex8(number / perHalf)}${hex8(number % perHalf)}`;
};

/** From `first` on, up to but without `end`; none where `end` comes first or is of another timeline. */
export function segmentsBetween(first: string, end: string, segmentBytes: number): string[] {
  if (first.slice(0, 8) !== end.slice(0, 8)) return [];
  const timeline = BigInt(`0x${first.slice(0, 8)}`);
  const names: string[] = [];
  for (let number = numberOf(first, segmentBytes); number < numberOf(end, segmentBytes); number++)
    names.push(nameOf(timeline, number, segmentBytes));
  return names;
}

const numberOf = (name: string, segmentBytes: number): bigint =>
  BigInt(`0x${name.slice(8, 16)}`) * (2n ** 32n / BigInt(segmentBytes)) + BigInt(`0x${name.slice(16, 24)}`);
