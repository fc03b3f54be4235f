/**
 * What the manual describes (25.3), with nothing but the server's own tools and curl, which signs requests to S3 (--aws-sigv4):
 * pg_basebackup as a compressed tar, archive_command and restore_command as two small scripts.
 */
import type { ArchivePart } from "../../../archive.ts";
import { messageOf } from "../../../errors.ts";
import {
  type Archiver,
  ARCHIVE_DIR,
  type ArchiveSite,
  type Backup,
  type BackupLevel,
  DATA_DIR,
  type ExpireOptions,
  type Inside,
  type Misconfigured,
  type NotCopied,
  notCopied,
  type OpenArchiver,
  segmentOfBackup,
  type Stored,
} from "../archiver.ts";
import type { Shell } from "../shell.ts";
import { storeScripts } from "../store-scripts.ts";
import { isSegment } from "../wal-names.ts";
import { middleMember, putMember, takeMember } from "../tar-member.ts";
import { compress, decompress } from "../zstd.ts";

export const open: OpenArchiver = (site) => new Plain(site);

const PUSH = `sh ${ARCHIVE_DIR}/push "%p" "%f"`;
export const SETTINGS = { archive_mode: "on", archive_command: PUSH };

export class Plain implements Archiver {
  readonly files: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>> = SETTINGS;
  readonly words: string = "pg_basebackup, and archive_command by curl";
  readonly program = "curl";
  protected readonly site: ArchiveSite;

  constructor(site: ArchiveSite) {
    this.site = site;
    this.files = storeScripts(site);
  }

  misconfigured(wrong: Misconfigured): string {
    return "into" in wrong ? `ARCHIVE_PREFIX=${wrong.into} ${PUSH}` : `ARCHIVE_SKEW=${wrong.skewSeconds} ${PUSH}`;
  }

  /** -X none: the server waits until the history that the backup needs is archived. The manifest goes last and completes it. */
  async backUp(on: Shell, _level: BackupLevel): Promise<Backup> {
    const archives = this.site.config.baseOnly ? BASE : "*.tar.zst";
    return this.made((await on.run(backUp(archives))).trim().split("\n").at(-1) ?? "");
  }

  protected async made(label: string): Promise<Backup> {
    const made = (await this.list()).find((backup) => backup.label === label);
    if (!made) throw new Error(`the backup ${label} is not in the store although every upload was acknowledged`);
    return made;
  }

  async list(): Promise<Backup[]> {
    const { depot, access, prefix } = this.site;
    const objects = await depot.objects(access.bucket, `${prefix}/base/`);
    const labels = objects.flatMap(({ key }) => /\/base\/([^/]+)\/backup_manifest$/.exec(key)?.[1] ?? []);
    const backups = labels.toSorted().map(async (label): Promise<Backup> => {
      const folder = `${prefix}/base/${label}/`;
      const manifest = await depot.getObject(access.bucket, `${folder}backup_manifest`);
      const bytes = objects.filter(({ key }) => key.startsWith(folder)).reduce((sum, object) => sum + object.bytes, 0);
      return { label, level: "full", bytes, ...readManifest(manifest.toString("utf8"), label) };
    });
    return Promise.all(backups);
  }

  async fetch(on: Shell, { label }: Pick<Backup, "label">, into = DATA_DIR): Promise<void> {
    await this.extract(on, label, into);
  }

  async names(): Promise<string[]> {
    const { depot, access, prefix } = this.site;
    const folder = `${prefix}/wal/`;
    return (await depot.objects(access.bucket, folder)).map(({ key }) => key.slice(folder.length));
  }

  async copyArchive(on: Shell, names: readonly string[], folder: string): Promise<NotCopied[]> {
    return notCopied(names, await on.attempt(COPY, [folder], { stdin: names.map((name) => `${name}\n`).join("") }));
  }

  protected async extract(on: Shell, label: string, folder: string): Promise<void> {
    await on.run(FETCH, [label, folder, this.site.config.baseOnly ? "base" : "whole"]);
  }

  /** What pg_archivecleanup does: everything before the segment that a backup begins in, whatever its timeline. */
  async expire(_on: Shell, { keep, history }: ExpireOptions): Promise<string> {
    const { depot, access, prefix, segmentBytes } = this.site;
    const backups = await this.list();
    const reach = history === "oldest" ? backups.at(-keep) : backups.at(-1);
    if (!reach) throw new Error(`there are ${backups.length} backups, and ${keep} are to be kept`);
    const first = segmentOfBackup(reach, reach.startLsn, segmentBytes);
    const names = (await this.names()).filter(isSegment);
    const old = names.filter((name) => name.slice(8) < first.slice(8));
    const gone = backups.slice(0, -keep);
    const objects = await Promise.all(
      gone.map(({ label }) => depot.objects(access.bucket, `${prefix}/base/${label}/`)),
    );
    const keys = [...objects.flat().map(({ key }) => key), ...old.map((name) => `${prefix}/wal/${name}`)];
    for (const key of keys) await depot.removeObject(access.bucket, key);
    return `${gone.length} backups and ${old.length} segments; ${backups.length - gone.length} and ${names.length - old.length} are left`;
  }

  restoreCommand(mode: "stock" | "fail-closed"): string {
    return `sh ${ARCHIVE_DIR}/${mode === "stock" ? "get" : "get-closed"} "%f" "%p"`;
  }

  async objects(part: ArchivePart): Promise<Stored[]> {
    const { prefix, segmentBytes } = this.site;
    const backups = await this.list();
    if (part === "base") return backups.map(({ label }) => ({ ...inBackup(prefix, label, BASE), inside: IN_DATA }));
    if (part === "manifest") return backups.map(({ label }) => ({ ...inBackup(prefix, label, "backup_manifest") }));
    if (part === "label")
      return backups.map(({ label }) => ({ ...inBackup(prefix, label, BASE), inside: IN_TAR(() => "backup_label") }));
    const wanted = part === "history" ? (name: string) => /^[0-9A-F]{8}\.history$/.test(name) : isSegment;
    const newest = backups.at(-1);
    const from = part === "segment" && newest ? segmentOfBackup(newest, newest.startLsn, segmentBytes) : "";
    return (await this.names())
      .toSorted()
      .filter((name) => wanted(name) && name >= from)
      .map((name) => ({ name, key: `${prefix}/wal/${name}` }));
  }
}

const BASE = "base.tar.zst";

const inBackup = (prefix: string, label: string, file: string) => ({
  name: `${label}/${file}`,
  key: `${prefix}/base/${label}/${file}`,
});

const IN_TAR = (memberOf: (tar: Buffer) => string): Inside => ({
  async take(object) {
    const tar = await decompress(object);
    return takeMember(tar, memberOf(tar));
  },
  async put(object, content) {
    const tar = await decompress(object);
    return compress(putMember(tar, memberOf(tar), content));
  },
});

/** A table's or an index's own pages: free space maps are copied anew by every backup, and nobody misses what was in them. */
const IN_DATA = IN_TAR((tar) => middleMember(tar, /^base\/\d+\/\d+(?:\.\d+)?$/));

/** A tablespace is an archive of its own, by its number (manual, pg_basebackup). */
const backUp = (archives: string): string => `. ${ARCHIVE_DIR}/store
label=$(date -u +%Y%m%dT%H%M%S%3NZ); dir=/blackstart/disk/backup/$label; mkdir -p "$dir"; trap 'rm -rf "$dir"' EXIT
pg_basebackup -U postgres -D "$dir" -F tar -X none -c fast --compress=client-zstd --no-password >&2
cd "$dir"; for file in ${archives} backup_manifest; do put "$file" "base/$label/$file"; done
echo "$label"`;

/** The server makes the links of tablespaces itself when it starts; who only reads the backup needs them too. */
const FETCH = `. ${ARCHIVE_DIR}/store
label=$1 into=$2; tar=$into.tar.zst; trap 'rm -f "$tar" "$tar.failed"' EXIT
unpack() {
  mkdir -p "$2"; chmod 700 "$2"; get "base/$label/$1.tar.zst" "$tar"
  { zstd -q -d -c "$tar" || touch "$tar.failed"; } | tar -x -C "$2"
  if [ -e "$tar.failed" ]; then echo "the backup $label does not decompress" >&2; exit 1; fi
}
unpack base "$into"
get "base/$label/backup_manifest" "$into/backup_manifest"
[ -e "$into/tablespace_map" ] && [ "$3" = whole ] || exit 0
while read -r oid folder; do
  if [ "$into" != ${DATA_DIR} ]; then folder=$into.tablespaces/$oid; fi
  unpack "$oid" "$folder"; ln -sfn "$folder" "$into/pg_tblspc/$oid"
done <"$into/tablespace_map"`;

/** All on one connection. A file that came in part is no copy, and what is there in the end says which came. */
const COPY = `. ${ARCHIVE_DIR}/store
mkdir -p "$1"
while read -r name; do printf 'url = "%s"\\noutput = "%s"\\n' "$(url "wal/$name")" "$1/$name"; done >"$1.list"
s3 --fail --remove-on-error -K "$1.list" || true
ls "$1"`;

/** How much the backup holds, and between which positions it is consistent, from its manifest (manual, 68.1). */
export function readManifest(
  manifest: string,
  label: string,
): Pick<Backup, "startLsn" | "stopLsn" | "timeline"> & { databaseBytes: number } {
  const { "WAL-Ranges": ranges, Files: files = [] } = parsed(manifest, label);
  const last = ranges?.at(-1);
  if (!ranges?.[0] || !last) throw new Error(`the manifest of backup ${label} does not say which history it needs`);
  return {
    startLsn: ranges[0]["Start-LSN"],
    stopLsn: last["End-LSN"],
    timeline: String(last.Timeline),
    databaseBytes: files.reduce((sum, { Size }) => sum + Size, 0),
  };
}

function parsed(manifest: string, label: string) {
  try {
    return JSON.parse(manifest) as {
      "WAL-Ranges"?: { Timeline: number; "Start-LSN": string; "End-LSN": string }[];
      Files?: { Size: number }[];
    };
  } catch (thrown) {
    throw new Error(`the manifest of backup ${label} is damaged: ${messageOf(thrown)}`, { cause: thrown });
  }
}
