/** Rows of one size: eight fill a page of 8 KiB, so a size in bytes is a number of rows. */
const ROW_BYTES = 1_024;
export const BALLAST_TIMEOUT_MS = 600_000;

/**
 * Data that nobody writes to or reads, so that a backup has a size. A third of each row is hashes, which no tool compresses, the rest
 * one letter, which all do: the ratio that a tool reaches here says that it compresses, and nothing about anybody's own data.
 * Left alone by autovacuum, which would rewrite it as history in the middle of a drill: a third of 1 GiB was seen to be replayed.
 */
export const ballastSql = (bytes: number): string => `
  CREATE TABLE blackstart.ballast WITH (autovacuum_enabled = false) AS
    SELECT n, ${HASHES} AS noise, repeat('x', ${FILLER_BYTES}) AS filler
    FROM generate_series(1, ${Math.ceil(bytes / ROW_BYTES)}::bigint) AS n;
  COMMENT ON TABLE blackstart.ballast IS 'made up, to give a drill data of a size'`;

const HASHES = [0, 1, 2, 3, 4].map((i) => `sha512(convert_to('ballast ${i} ' || n, 'UTF8'))`).join(" || ");
/** Five hashes of 64 bytes, a number, and what the server adds to a row leave this much of it. */
const FILLER_BYTES = 652;
