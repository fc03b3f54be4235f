/**
 * Where in a store's history a write stands, in the store's own notation: PostgreSQL's WAL position `0/5000158` (two hexadecimal
 * 32-bit halves, manual, pg_lsn) or an offset in decimal (Redis, replication offset). Null for anything else.
 */
export function parsePosition(text: string): bigint | null {
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  const [, high, low] = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text) ?? [];
  return high === undefined || low === undefined ? null : (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** The other way round: as PostgreSQL prints it. */
export const formatPosition = (position: bigint): string =>
  [position >> 32n, position & 0xffff_ffffn].map((half) => half.toString(16).toUpperCase()).join("/");

/**
 * The history that a write went into, in the field's words: a timeline has a number, `1@7520…` is timeline 1 of another system than
 * the primary's, a Redis primary has an id of 40 letters.
 */
export function lineageWords(lineage: string): string {
  const [, timeline, system] = /^(\d+)(?:@(\d+))?$/.exec(lineage) ?? [];
  if (timeline === undefined) return `replication id ${lineage.slice(0, 8)}`;
  return system === undefined ? `timeline ${timeline}` : `timeline ${timeline} of system ${system}`;
}
