import { z } from "zod";
import type { NodeStart } from "../../component.ts";
import type { ArchivePart, Depot, DepotAccess } from "../../archive.ts";
import { parsePosition } from "../../position.ts";
import { component } from "../../scenario/names.ts";
import { byteSize, positiveDuration } from "../../scenario/units.ts";
import type { Shell } from "./shell.ts";
import { segmentName } from "./wal-names.ts";
import type { Major } from "./versions.ts";

/** The tools that can keep an archive. A new one is a file in archivers/, its name here and its entry in archivers.ts. */
const TOOLS = ["plain", "incremental", "pgbackrest", "wal-e"] as const;
export type Tool = (typeof TOOLS)[number];

export const archiveConfig = z.strictObject({
  tool: z.enum(TOOLS).meta({ description: "What takes backups, archives and restores" }),
  to: component.meta({ description: "The component that keeps the archive" }),
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, { error: "expected a name of lower-case letters, digits and dashes" })
    .optional()
    .meta({ description: "Under which name in the bucket; the component's own if left out" }),
  retries: z.int().min(1).max(1_000).optional().meta({
    description: "How often the tool tries a damaged file again; WAL-E's own 100 attempts take hours",
  }),
  timeout: positiveDuration.optional().meta({
    description: "How long the tool waits for an answer of the store before it gives up; its own default if left out",
  }),
  overwrite: z.boolean().optional().meta({
    description: "Whether a file that is in the store with other content is written over, as a bare copy does",
  }),
  baseOnly: z.boolean().optional().meta({
    description: "Whether a backup is base.tar alone, without the tablespaces beside it, as older scripts have it",
  }),
  encrypted: z.boolean().optional().meta({
    description: "Whether everything is encrypted before it leaves the machine, with a passphrase drawn for the drill",
  }),
  async: z.boolean().optional().meta({
    description: "Whether a process of the tool's own moves segments ahead of the server's questions",
  }),
  queueMax: byteSize.optional().meta({
    description: "Above how much that waits the tool drops it and tells the server that it is archived",
  }),
  receiver: z.enum(["synchronous", "asynchronous"]).optional().meta({
    description:
      "A machine of its own, named receiver, on which pg_receivewal writes history as it is made; synchronous: every commit waits for it",
  }),
});
export type ArchiveConfig = z.output<typeof archiveConfig>;

/** The bucket of all archives. */
export const BUCKET = "archive";

/** What is known of a tool without running it. */
export interface ArchiverKind {
  readonly tool: Tool;
  /** Major versions of the server that it can serve. */
  readonly versions: readonly number[];
  /** An image of ours with the server and the tool. */
  image(version: Major): string;
  /** What the store must be able to do, in a word of its capabilities. */
  readonly needs?: string;
  /** Keys of the config beside tool, to and prefix that mean something to it. */
  readonly options: readonly string[];
  /** What it can do beyond a full backup, in words of the component's capabilities. */
  readonly can: readonly string[];
  load(): Promise<{ open: OpenArchiver }>;
}

export type BackupLevel = "full" | "incremental";

/** What an archiver works for and with. */
export interface ArchiveSite {
  readonly config: ArchiveConfig;
  /** Where in the bucket, without a slash at either end. */
  readonly prefix: string;
  readonly access: DepotAccess;
  /** Of one piece of history. */
  readonly segmentBytes: number;
  /** For lists that need no tool; the way of the harness, which toxics never touch. */
  readonly depot: Depot;
}

export type OpenArchiver = (site: ArchiveSite) => Archiver;

/** One tool at work for one cluster. Everything it does, it does on a machine of the stack, as the server's own user. */
export interface Archiver {
  /** Files of every machine, by their name under ARCHIVE_DIR. Secrets travel here alone. */
  readonly files: Readonly<Record<string, string>>;
  /** The same as they are of use to nobody; only where something is encrypted. */
  readonly withoutPassphrase?: Readonly<Record<string, string>>;
  /** Its commands leave processes behind that end by themselves. */
  readonly leavesOrphans?: boolean;
  /** What keeps the archive and how, for the report. */
  readonly words: string;
  /** Settings of a server that archives. */
  readonly settings: Readonly<Record<string, string>>;
  /** archive_command gone wrong in one way; only where the tool can go wrong so. */
  misconfigured?(wrong: Misconfigured): string;
  /**
   * Begins the archive anew under another passphrase, without a backup. `renewed` brings `files`, which are others by then, to every
   * machine. Only where something can be encrypted.
   */
  rotateKey?(on: Shell, renewed: () => Promise<void>): Promise<void>;
  /** What has to be there before the first backup. */
  prepare?(on: Shell): Promise<void>;
  backUp(on: Shell, level: BackupLevel): Promise<Backup>;
  /** What there is to restore from, the oldest first. */
  list(on: Shell): Promise<Backup[]>;
  /** Fills the empty data directory, or another one, with tablespaces beside that; a restore has its own settings written after it. */
  fetch(on: Shell, backup: Backup, into?: string): Promise<void>;
  /** Everything of history that is archived, by the names that the server gave it, in no order. */
  names(): Promise<string[]>;
  /** Puts archived files into a folder as the server would get them; resolves with those that could not be had. */
  copyArchive(on: Shell, names: readonly string[], folder: string): Promise<NotCopied[]>;
  /** Deletes all backups but the newest `keep`, and history; resolves with what it deleted, in words. */
  expire?(on: Shell, options: ExpireOptions): Promise<string>;
  /** The tool's own check of what it keeps, where it has one. Judged by what it prints, for exit codes lie. */
  check?(on: Shell): Promise<{ noticed: boolean; detail: string }>;
  /**
   * The server's restore_command. stock: as the tool's manual has it; any exit code of 1 to 125 is read as the end of history
   * (PostgreSQL manual, 19.5.5). fail-closed: definitely not there 1, anything else 255, which ends recovery.
   */
  restoreCommand(mode: "stock" | "fail-closed"): string;
  /** By which program a machine fetches what is archived. */
  readonly program: string;
  /** Where the store has things, for whoever damages or inspects them; segments from the newest backup's start on, all else whole, oldest first. */
  objects(part: ArchivePart): Promise<Stored[]>;
}

/** One thing that an archiver stored. */
export interface Stored {
  /** `00000001000000000000000A`, `00000002.history`; for what belongs to a backup its label and the file. */
  readonly name: string;
  readonly key: string;
  /** The content within, where it can be taken out and put back; null leaves its place empty. */
  readonly inside?: Inside;
}

export interface Inside {
  /** `on` is a machine with the archiver's own programs, for what only they can unwrap. */
  take(object: Buffer, on: Shell): Buffer | Promise<Buffer>;
  put(object: Buffer, content: Buffer | null, on: Shell): Buffer | Promise<Buffer>;
}

export interface NotCopied {
  readonly name: string;
  readonly why: string;
}

/** Of the names, those that a script, which ends by listing the folder, has not put there. */
export function notCopied(
  names: readonly string[],
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
): NotCopied[] {
  const copied = new Set(stdout.split("\n"));
  const why = stderr.trim().split("\n")[0] || "the store did not hand it out";
  return names.filter((name) => !copied.has(name)).map((name) => ({ name, why }));
}

/** into: the place of another cluster, by its prefix. skewSeconds: the machine's clock is off by so much. */
export type Misconfigured = { readonly into: string } | { readonly skewSeconds: number };

export interface ExpireOptions {
  readonly keep: number;
  /** How far back history must reach: to the oldest backup that is kept, or, wrongly, only to the newest. */
  readonly history: "oldest" | "newest";
}

export interface Backup {
  readonly label: string;
  readonly level: BackupLevel;
  /** Positions of the history between which it is consistent. */
  readonly startLsn: string;
  readonly stopLsn: string;
  readonly timeline: string;
  /** As it lies in the store, and what it is a copy of, where the tool says so. */
  readonly bytes: number;
  readonly databaseBytes?: number;
}

export const sizesOf = ({ bytes, databaseBytes }: Backup): string =>
  databaseBytes === undefined
    ? `${bytes} bytes in the store`
    : `${bytes} bytes in the store of ${databaseBytes} in the database, ${(databaseBytes / bytes).toFixed(1)} to 1`;

/** Where the tool's files are on each machine, owned by the server's user. */
export const ARCHIVE_DIR = "/blackstart/run/archive";
export const DATA_DIR = "/blackstart/disk/data";

export const archiveFiles = (archiver: Archiver): NodeStart["files"] =>
  Object.entries(archiver.files).map(([name, content]) => ({
    path: `/blackstart/archive/${name}`,
    content,
    mode: 0o600,
  }));

/** The file of the archive that a backup's position stands in. */
export function segmentOfBackup(
  { label, timeline }: Pick<Backup, "label" | "timeline">,
  lsn: string,
  segmentBytes: number,
): string {
  const at = parsePosition(lsn);
  if (at === null || at === 0n)
    throw new Error(`backup ${label} does not say where it begins and ends: ${lsn || "nothing"}`);
  return segmentName(timeline, at, segmentBytes);
}
