/**
 * pgBackRest, which speaks to the store by itself and only over TLS. Its configuration, with the keys and the passphrase, is one
 * file that the server's user alone can read; every command names it.
 */
import { randomBytes } from "node:crypto";
import type { ArchivePart } from "../../../archive.ts";
import {
  type Archiver,
  ARCHIVE_DIR,
  type ArchiveSite,
  type Backup,
  type BackupLevel,
  DATA_DIR,
  type ExpireOptions,
  type Misconfigured,
  type NotCopied,
  notCopied,
  type OpenArchiver,
  type Stored,
} from "../archiver.ts";
import type { Shell } from "../shell.ts";
import { ZSTD } from "../zstd.ts";

export const open: OpenArchiver = (site) => new PgBackRest(site);

const STANZA = "main";
const LOCKS = "/blackstart/run/lock";
const COMMAND = `pgbackrest --config=${ARCHIVE_DIR}/pgbackrest.conf --stanza=${STANZA}`;

class PgBackRest implements Archiver {
  readonly settings = { archive_mode: "on", archive_command: push() };
  readonly words: string;
  readonly program = "pgbackrest";
  readonly leavesOrphans: boolean;
  readonly #site: ArchiveSite;
  #passphrase = drawn();

  constructor(site: ArchiveSite) {
    this.#site = site;
    const { encrypted, async, queueMax } = site.config;
    this.words = [
      "pgBackRest over TLS",
      ...(encrypted ? ["encrypted"] : []),
      ...(async ? ["asynchronous"] : []),
      ...(queueMax === undefined ? [] : [`archive-push-queue-max ${queueMax} bytes`]),
    ].join(", ");
    this.leavesOrphans = async ?? false;
  }

  get files(): Readonly<Record<string, string>> {
    return this.#filesWith(this.#passphrase);
  }

  get withoutPassphrase(): Readonly<Record<string, string>> {
    return this.#filesWith(null);
  }

  #filesWith(passphrase: string | null): Record<string, string> {
    return {
      "pgbackrest.conf": configuration(this.#site, passphrase),
      "ca.pem": this.#site.access.caPem ?? "",
      "get-closed": GET_CLOSED,
    };
  }

  /** A container has the clock of its machine: the program, and what it starts, is given another one by libfaketime. */
  misconfigured(wrong: Misconfigured): string {
    return "into" in wrong
      ? push(`--repo1-path=/${wrong.into}`)
      : `faketime -f ${wrong.skewSeconds < 0 ? "" : "+"}${wrong.skewSeconds}s ${push()}`;
  }

  /**
   * A stanza keeps the passphrase that it was made with, so it is deleted, with all that is in it, and made again (command reference,
   * stanza-delete). The server's own history waits for the while.
   */
  async rotateKey(on: Shell, renewed: () => Promise<void>): Promise<void> {
    await on.run(`${COMMAND} stop; ${AWAIT_PUSHER}; ${COMMAND} --force stanza-delete`);
    this.#passphrase = drawn();
    await renewed();
    await on.run(`${COMMAND} start; ${COMMAND} stanza-create`);
  }

  async prepare(on: Shell): Promise<void> {
    await on.run(`${COMMAND} stanza-create`);
  }

  async backUp(on: Shell, level: BackupLevel): Promise<Backup> {
    const type = level === "full" ? "full" : "incr";
    const said = await on.run(`${COMMAND} --type=${type} --start-fast --log-level-console=info backup`);
    const label = /new backup label = (\S+)/.exec(said)?.[1];
    const made = (await this.list(on)).find((backup) => backup.label === label);
    if (!made) throw new Error(`the store does not list the backup ${label ?? ""} that pgBackRest says it took`);
    return made;
  }

  async list(on: Shell): Promise<Backup[]> {
    return backupsIn(await on.run(`${COMMAND} info --output=json`));
  }

  async names(): Promise<string[]> {
    return (await this.#archived()).map(({ name }) => name);
  }

  async #archived(): Promise<{ name: string; key: string }[]> {
    return (await this.#keys(`archive/${STANZA}/`)).flatMap((key) => {
      const name = nameIn(key);
      return name === null ? [] : [{ name, key }];
    });
  }

  async #keys(folder: string): Promise<string[]> {
    const { depot, access, prefix } = this.#site;
    return (await depot.objects(access.bucket, `${prefix}/${folder}`)).map(({ key }) => key).toSorted();
  }

  async copyArchive(on: Shell, names: readonly string[], folder: string): Promise<NotCopied[]> {
    return notCopied(names, await on.attempt(COPY, [folder], { stdin: names.map((name) => `${name}\n`).join("") }));
  }

  /** verify exits 0 whatever it finds, so its output is what counts; what it has nothing to say of is not in it at all. */
  async check(on: Shell): Promise<{ noticed: boolean; detail: string }> {
    const { code, stdout, stderr } = await on.attempt(`${COMMAND} --output=text --verbose verify`);
    return verdictIn(code, `${stdout}\n${stderr}`);
  }

  async objects(part: ArchivePart): Promise<Stored[]> {
    if (part === "history" || part === "segment") return this.#pieces(part);
    const keys = await this.#keys(`backup/${STANZA}/`);
    const label = (key: string): boolean => key.endsWith("/pg_data/backup_label.zst");
    const wanted = {
      label,
      manifest: (key: string) => key.endsWith("/backup.manifest"),
      base: (key: string) => /\/(pg_data|bundle)\//.test(key) && !label(key),
    }[part];
    return keys.filter(wanted).map((key) => this.#stored(key.split("/").slice(3).join("/"), key));
  }

  async #pieces(part: "history" | "segment"): Promise<Stored[]> {
    const stored = (await this.#archived()).toSorted((one, other) => (one.name < other.name ? -1 : 1));
    const isHistory = ({ name }: { name: string }): boolean => name.endsWith(".history");
    const from = part === "history" ? "" : await this.#firstSegment();
    return stored
      .filter((one) => isHistory(one) === (part === "history") && one.name >= from)
      .map(({ name, key }) => this.#stored(name, key));
  }

  /** What is encrypted is opened by nobody but pgBackRest. */
  #stored(name: string, key: string): Stored {
    const { encrypted = false } = this.#site.config;
    const compressed = key.endsWith(".zst");
    return { name, key, ...(compressed && !encrypted && { inside: ZSTD }) };
  }

  /** In which the newest backup begins; its label says so to nobody without the passphrase, the archive's own files beside it do. */
  async #firstSegment(): Promise<string> {
    const marks = (await this.#keys(`archive/${STANZA}/`)).flatMap((key) => {
      const [, segment, offset] = /\/([0-9A-F]{24})\.([0-9A-F]{8})\.backup(?:$|-)/.exec(key) ?? [];
      return segment && offset ? [segment] : [];
    });
    return marks.toSorted().at(-1) ?? "";
  }

  /** Of a full backup that is kept, pgBackRest always keeps the history that makes it consistent, and beyond that what it is told to. */
  async expire(on: Shell, { keep, history }: ExpireOptions): Promise<string> {
    const before = await this.#count(on);
    const reach = history === "oldest" ? keep : 1;
    const retention = `--repo1-retention-full=${keep} --repo1-retention-archive-type=full --repo1-retention-archive=${reach}`;
    await on.run(`${COMMAND} ${retention} expire`);
    const after = await this.#count(on);
    return `${before.backups - after.backups} backups and ${before.segments - after.segments} segments; ${after.backups} and ${after.segments} are left`;
  }

  async #count(on: Shell): Promise<{ backups: number; segments: number }> {
    const segments = (await this.names()).filter((name) => /^[0-9A-F]{24}$/.test(name));
    return { backups: (await this.list(on)).length, segments: segments.length };
  }

  /** type none: it writes no settings of its own, and no signal. */
  async fetch(on: Shell, { label }: Backup, into = DATA_DIR): Promise<void> {
    const apart = into === DATA_DIR ? "" : ' --tablespace-map-all="$1.tablespaces"';
    await on.run(`mkdir -p -m 700 "$1"; ${COMMAND} --pg1-path="$1"${apart} --set="$2" --type=none restore`, [
      into,
      label,
    ]);
  }

  restoreCommand(mode: "stock" | "fail-closed"): string {
    return mode === "stock" ? `${COMMAND} archive-get %f "%p"` : `sh ${ARCHIVE_DIR}/get-closed "%f" "%p"`;
  }
}

const drawn = (): string => randomBytes(32).toString("base64url");

const push = (option = ""): string => `${COMMAND} ${option && `${option} `}archive-push "%p"`;

/** One file for every command (pgBackRest's configuration reference). */
function configuration({ access, config, prefix }: ArchiveSite, passphrase: string | null): string {
  const { encrypted, async, queueMax, timeout } = config;
  const seconds = timeout === undefined ? null : timeout / 1_000;
  return [
    "[global]",
    "repo1-type=s3",
    `repo1-path=/${prefix}`,
    `repo1-s3-bucket=${access.bucket}`,
    `repo1-s3-endpoint=${access.host}`,
    `repo1-storage-port=${access.port}`,
    `repo1-storage-ca-file=${ARCHIVE_DIR}/ca.pem`,
    "repo1-s3-uri-style=path",
    `repo1-s3-region=${access.region}`,
    `repo1-s3-key=${access.accessKeyId}`,
    `repo1-s3-key-secret=${access.secretAccessKey}`,
    "repo1-bundle=y", // a small file an object each is what makes a restore from S3 slow
    ...(encrypted ? ["repo1-cipher-type=aes-256-cbc"] : []),
    ...(encrypted && passphrase !== null ? [`repo1-cipher-pass=${passphrase}`] : []),
    "compress-type=zst",
    ...(async ? ["archive-async=y", "spool-path=/blackstart/disk/spool"] : []),
    ...(queueMax === undefined ? [] : [`archive-push-queue-max=${queueMax}`]),
    ...(seconds === null ? [] : [`io-timeout=${seconds}`, `archive-timeout=${seconds}`]),
    "process-max=2",
    `lock-path=${LOCKS}`,
    "log-level-file=off",
    "log-level-console=off",
    "log-level-stderr=warn",
    "expire-auto=n", // what is deleted is deleted by a step, and never by a backup on its way
    "",
    `[${STANZA}]`,
    `pg1-path=${DATA_DIR}`,
    "pg1-user=postgres",
    "",
  ].join("\n");
}

/** `stop` refuses who comes, and leaves the asynchronous process at its work, for as long as it holds its lock. */
const AWAIT_PUSHER = `for lock in ${LOCKS}/${STANZA}-archive*.lock; do [ ! -e "$lock" ] || flock -w 60 "$lock" true; done`;

/** Each a process of its own: some go side by side. */
const COPY = `mkdir -p "$1"
xargs -P 4 -I{} ${COMMAND} --no-archive-async archive-get {} "$1/{}" || true
ls "$1"`;

/** archive-get says 0 found, 1 not there, anything else an error (its command reference); only a 1 can be the end of history. */
const GET_CLOSED = `say() { echo "restore_command: $*" >&2; exit 255; }
${COMMAND} archive-get "$1" "$2" && exit 0
code=$?
[ "$code" = 1 ] || say "pgBackRest ended with $code when asked for $1"
# Not there. The first timeline has no history file, and a server asks for it when it begins another.
[ "$1" = 00000001.history ] && exit 1
# The end of history is only where nothing of it comes later.
list=$(${COMMAND} repo-ls --recurse archive/${STANZA}) || say "the store could not be listed"
timeline=$(echo "$1" | cut -c 1-8)
later=$(echo "$list" | sed -n "s|.*/\\($timeline[0-9A-F]\\{16\\}\\)-[0-9a-f]\\{40\\}.*|\\1|p" | sort | tail -n 1)
case $1 in *.history) at=$timeline ;; *) at=$1 ;; esac
if [ -n "$later" ] && expr "x$later" '>' "x$at" >/dev/null; then say "$1 is missing and later history is there: a gap"; fi
exit 1
`;

interface Info {
  readonly status: { readonly code: number; readonly message: string };
  readonly repo?: readonly { readonly status: { readonly code: number; readonly message: string } }[];
  readonly backup?: readonly InfoBackup[];
}

interface InfoBackup {
  readonly label: string;
  readonly type: string;
  readonly archive: { readonly start: string };
  readonly lsn: { readonly start: string; readonly stop: string };
  readonly info: { readonly size: number; readonly repository: { readonly delta: number } };
}

/**
 * `info` exits with 0 whatever it finds; what went wrong stands in its status. What it opened with another passphrase it quotes byte by
 * byte, and no JSON may have such bytes inside a text.
 */
export function backupsIn(text: string): Backup[] {
  const [info] = JSON.parse(text.replaceAll(/\p{Cc}+/gu, " ")) as Info[];
  if (!info) throw new Error("pgBackRest knows no stanza here");
  const { status, repo = [], backup = [] } = info;
  const noBackup = 2;
  if (status.code !== 0 && status.code !== noBackup) {
    const words = [status, ...repo.map((one) => one.status)].map(({ message }) => message);
    throw new Error(`pgBackRest cannot read the archive: ${[...new Set(words)].join("; ").replaceAll(/\s+/g, " ")}`);
  }
  return backup.map(({ label, type, archive, lsn, info: { size, repository } }) => ({
    label,
    level: type === "full" ? "full" : "incremental",
    startLsn: lsn.start,
    stopLsn: lsn.stop,
    timeline: String(Number.parseInt(archive.start.slice(0, 8), 16)),
    bytes: repository.delta,
    databaseBytes: size,
  }));
}

/** `…/17-1/0000000100000000/000000010000000000000003-<sha1>.zst`, `…/17-1/00000002.history`: the server's name; null for others. */
export const nameIn = (key: string): string | null =>
  /\/([0-9A-F]{24}(?:\.partial)?)-[0-9a-f]{40}(?:\.[a-z0-9]+)?$/.exec(key)?.[1] ??
  /\/([0-9A-F]{8}\.history)$/.exec(key)?.[1] ??
  null;

/** From its text output: a status and counts for the history of each server and for each backup. A gap in history is in neither. */
export function verdictIn(code: number, text: string): { noticed: boolean; detail: string } {
  const lines = text.split("\n").map((line) => line.trim());
  const wrong = lines.filter((line) => WRONG.test(line));
  // It exits 0 whatever it finds: another code is a verify that did not get to look.
  if (code !== 0) throw new Error(wrong.slice(0, 5).join("; ") || `verify ended with ${code}`);
  if (wrong.length > 0) return { noticed: true, detail: wrong.slice(0, 5).join("; ") };
  return { noticed: false, detail: lines.filter((line) => line !== "").join("; ") || "verify said nothing" };
}

const WRONG =
  /status: (?!ok\b|valid\b|in-progress\b)|(missing|checksum invalid|size invalid|other): [1-9]|\b(ERROR|WARN): /;
