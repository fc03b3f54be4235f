/** A subquery: every database of the cluster, its free space maps and what autovacuum left included, its WAL not. */
export const DATA_BYTES = "SELECT sum(pg_database_size(oid)) FROM pg_database";
/** It looks at every file. */
export const DATA_BYTES_TIMEOUT_MS = 60_000;
