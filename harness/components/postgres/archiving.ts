import type { ArchivingFault, Broken } from "../../archive.ts";
import type { ArchiveLook } from "../../history.ts";
import type { Node } from "../../node.ts";
import { bracket } from "../../time.ts";
import { awaitCondition, within } from "../../wait.ts";
import { type AdminConnections, type Row, textOf } from "./admin.ts";
import type { Archiver } from "./archiver.ts";
import { Escrow } from "./escrow.ts";
import { quoted } from "./server-conf.ts";
import { segmentsBetween } from "./wal-names.ts";

const TIMEOUT_MS = 2_000;
const LOOK_MS = 1_000;
/** A store that is not well must not hold up what the server itself has to say. */
const LIST_MS = 300;
/** For the next segment to be completed and tried. */
const EFFECT_MS = 60_000;

interface ArchivingBench {
  readonly node: Node;
  readonly admin: AdminConnections;
  readonly archiver: Archiver;
}

/** Has the server archive with another command, by ALTER SYSTEM; effective when the server says that it has the command. */
async function breakArchiving(bench: ArchivingBench, how: ArchivingFault): Promise<Broken> {
  const { admin, node } = bench;
  const command = commandOf(bench.archiver, how);
  const before = await askServer(bench);
  const { at: effective } = await bracket(() => setCommand(bench, command));
  return {
    effective,
    async effect(signal) {
      let seen = "nothing was archived since";
      const observed = await awaitCondition(
        async () => {
          const shown = await wrongBy(bench, how.mode, before);
          if (shown !== null) seen = shown;
          return shown !== null;
        },
        { everyMs: 200, timeoutMs: EFFECT_MS, signal },
      );
      return { observed, proof: seen };
    },
    /** A machine that is gone took the setting with it. */
    async heal() {
      if ((await node.state()) !== "running") return;
      const [row] = await admin.query(node.name, "SELECT pg_is_in_recovery()::text AS recovering", TIMEOUT_MS);
      if (textOf(row, "recovering") === "false") await resetCommand(bench);
    },
  };
}

function commandOf(archiver: Archiver, how: ArchivingFault): string {
  if (how.mode === "lies" || how.mode === "fails") return how.mode === "lies" ? "true" : "false";
  const wrong = how.mode === "astray" ? { into: how.into } : { skewSeconds: Math.round(how.skewMs / 1_000) };
  const command = archiver.misconfigured?.(wrong);
  if (command === undefined)
    throw new Error(
      `this archiver cannot be made to go wrong like this: ${how.mode}; use another mode, or archive with tool: plain`,
    );
  return command;
}

async function setCommand(bench: ArchivingBench, command: string): Promise<void> {
  const { admin, node } = bench;
  try {
    await admin.query(node.name, `ALTER SYSTEM SET archive_command = ${quoted(command)}`, TIMEOUT_MS);
    await admin.query(node.name, "SELECT pg_reload_conf()", TIMEOUT_MS);
    const shown = async () => textOf((await admin.query(node.name, SHOW, TIMEOUT_MS))[0], "command") === command;
    const signal = new AbortController().signal; // it has its own time
    if (!(await awaitCondition(shown, { everyMs: 5, timeoutMs: TIMEOUT_MS, signal })))
      throw new Error(`${node.name} did not take another archive_command within ${TIMEOUT_MS} ms`);
  } catch (thrown) {
    await resetCommand(bench).catch(() => undefined); // nobody else would
    throw thrown;
  }
}

/** Idempotent: a restored machine may have no such setting any more. */
async function resetCommand({ admin, node }: ArchivingBench): Promise<void> {
  await admin.query(node.name, "ALTER SYSTEM RESET archive_command", TIMEOUT_MS);
  await admin.query(node.name, "SELECT pg_reload_conf()", TIMEOUT_MS);
}

const SHOW = "SELECT current_setting('archive_command') AS command";

/** What shows that archiving is wrong in this way by now, in words; null while nothing does. */
async function wrongBy(bench: ArchivingBench, mode: ArchivingFault["mode"], before: Asked): Promise<string | null> {
  const now = await askServer(bench);
  if (mode !== "lies" && now.failures > before.failures)
    return `pg_stat_archiver counts ${now.failures - before.failures} failures more, the last with ${now.failed}`;
  if (mode === "fails" || mode === "skewed" || now.count === before.count || now.archived === null) return null;
  if ((await bench.archiver.names()).includes(now.archived)) return null;
  return `pg_stat_archiver says that ${now.archived} is archived, and the store does not list it`;
}

interface Asked extends Omit<ArchiveLook, "node" | "unstored"> {
  readonly count: number;
  readonly failed: string;
  readonly segmentBytes: number;
  readonly on: boolean;
}

async function askServer({ admin, node }: ArchivingBench): Promise<Asked> {
  const [row] = await admin.query(node.name, LOOK, LOOK_MS);
  const number = (column: string): number => Number(textOf(row, column));
  return {
    current: textOf(row, "current"),
    archived: segmentOf(row),
    failures: number("failures"),
    waiting: number("waiting"),
    timeoutMs: number("timeout_ms"),
    count: number("count"),
    failed: textOf(row, "failed"),
    segmentBytes: number("segment_bytes"),
    on: textOf(row, "mode") !== "off",
  };
}

/** Names of backup labels begin with that of the segment that they stand in; a timeline's history file has none. */
const segmentOf = (row: Row | undefined): string | null => /^[0-9A-F]{24}/.exec(textOf(row, "archived"))?.[0] ?? null;

const LOOK = `SELECT pg_walfile_name(pg_current_wal_insert_lsn()) AS current, last_archived_wal AS archived, last_failed_wal AS failed,
  archived_count::text AS count, failed_count::text AS failures, current_setting('archive_mode') AS mode,
  (SELECT count(*)::text FROM pg_ls_archive_statusdir() WHERE name ~ '^[0-9A-F]{24}\\.ready$') AS waiting,
  (SELECT (setting::int * 1000)::text FROM pg_settings WHERE name = 'archive_timeout') AS timeout_ms,
  (SELECT setting FROM pg_settings WHERE name = 'wal_segment_size') AS segment_bytes
  FROM pg_stat_archiver`;

/** Watches one server for as long as it archives. */
class ArchiveEye {
  readonly #bench: ArchivingBench;
  #first: string | undefined;
  /** A server that crashed has forgotten what it archived before. */
  #archived: string | null = null;
  #listing = false;

  constructor(bench: ArchivingBench) {
    this.#bench = bench;
  }

  /** The server is asked before the store is listed: what it calls archived must be in that list. */
  async look(): Promise<ArchiveLook | null> {
    const { on, segmentBytes, count: _count, failed: _failed, ...asked } = await askServer(this.#bench);
    if (!on) return null;
    // On another timeline nothing is known yet of what was completed.
    if (this.#first?.slice(0, 8) !== asked.current.slice(0, 8)) [this.#first, this.#archived] = [asked.current, null];
    if (asked.archived !== null && asked.archived > (this.#archived ?? "")) this.#archived = asked.archived;
    const completed = segmentsBetween(this.#first ?? asked.current, asked.current, segmentBytes);
    const stored = await this.#list();
    return {
      node: this.#bench.node.name,
      ...asked,
      archived: this.#archived,
      unstored: stored && completed.filter((segment) => !stored.has(segment)),
    };
  }

  /** One question at a time; null while there is no answer. */
  async #list(): Promise<Set<string> | null> {
    if (this.#listing) return null;
    this.#listing = true;
    const listed = this.#bench.archiver.names().finally(() => (this.#listing = false));
    const names = await within(LIST_MS, listed, "the store did not list its segments").catch(() => null);
    return names && new Set(names);
  }
}

/** Archiving of one component, as it goes wrong and as it is seen. */
export class ArchivingSide {
  readonly escrow: Escrow;
  readonly #admin: AdminConnections;
  readonly #archiver: Archiver;
  #eye: { readonly node: Node; readonly eye: ArchiveEye } | undefined;

  constructor(admin: AdminConnections, archiver: Archiver) {
    this.#admin = admin;
    this.#archiver = archiver;
    this.escrow = new Escrow(archiver);
  }

  break(node: Node, how: ArchivingFault): Promise<Broken> {
    return breakArchiving({ node, admin: this.#admin, archiver: this.#archiver }, how);
  }

  /** Of the server that was asked first alone; one that takes over archives elsewhere, or not at all. */
  async look(node: Node): Promise<ArchiveLook | null> {
    this.#eye ??= { node, eye: new ArchiveEye({ node, admin: this.#admin, archiver: this.#archiver }) };
    return this.#eye.node === node ? this.#eye.eye.look() : null;
  }
}
