/** What is known of each major version before anything runs: which image of ours has it, and which programs are in there. */
export const MAJORS = [14, 15, 16, 17, 18] as const;
export type Major = (typeof MAJORS)[number];

/** Debian's client programs of 17. A server of 14 to 16 works with them; one of 18 is refused by those that copy its data. */
const CLIENTS = ["psql", "pg_isready", "pg_amcheck", "reindexdb", "vacuumdb"];
const COPYING = ["pg_basebackup", "pg_receivewal", "pg_dump", "pg_restore", "pg_verifybackup"];
/** These read a server's files and know those of their own major alone. */
const OF_FILES = ["pg_checksums", "pg_combinebackup", "pg_controldata", "pg_resetwal", "pg_rewind", "pg_waldump"];

/**
 * Programs beside initdb and postgres in our image of each major. Without pg_waldump, pg_verifybackup needs --no-parse-wal: it looks at
 * the files and at no history.
 */
export const PROGRAMS: Readonly<Record<Major, readonly string[]>> = {
  14: [...CLIENTS, ...COPYING],
  15: [...CLIENTS, ...COPYING],
  16: [...CLIENTS, ...COPYING],
  17: [...CLIENTS, ...COPYING, ...OF_FILES],
  18: CLIENTS,
};

interface Server {
  readonly version: Major;
  /** The user's own. */
  readonly image?: string | undefined;
}

/** Whether the nodes have the program; null for an image of the user's own, of which nobody knows. */
export const hasProgram = ({ version, image }: Server, program: string): boolean | null =>
  image === undefined ? PROGRAMS[version].includes(program) : null;

/** `tools`: with more than the server and its own programs, which the publishers' images lack: archivers, extensions. */
export const imageOf = ({ version, image }: Server, tools = false): string =>
  image ?? `postgres${tools ? "-tools" : ""}${version === 17 ? "" : `-${version}`}`;
