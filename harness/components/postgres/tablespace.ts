/**
 * A second folder of each machine's disk, which the server reaches by a symbolic link to its absolute path: a backup of the data
 * directory alone is not whole (manual, 22.6 and 25.3.4).
 */
export const TABLESPACE_DIR = "/blackstart/disk/tablespace";
const TABLESPACE = "apart";

/** A statement of its own: it cannot stand in a transaction. */
export const CREATE_TABLESPACE = `CREATE TABLESPACE ${TABLESPACE} LOCATION '${TABLESPACE_DIR}'`;
export const IN_TABLESPACE = ` TABLESPACE ${TABLESPACE}`;
