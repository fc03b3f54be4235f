/**
 * What the manual describes (25.3), with nothing but the server's own tools and curl, which signs requests to S3 (--aws-sigv4):
 * pg_basebackup as a compressed tar, archive_command and restore_command as two small scripts.
 */
import { parsePosition } from "../../../position.ts";
import {
  type Archiver,
  ARCHIVE_DIR,
  type ArchiveSite,
  type Backup,
  type BackupLevel,
  DATA_DIR,
  type ExpireOptions,
  type Misconfigured,
  type OpenArchiver,
} from "../archiver.ts";
import { segmentAt } from "../segments.ts";
import type { Shell } from "../shell.ts";
import { storeScripts } from "../store-scripts.ts";

export const open: OpenArchiver = (site) => new Plain(site);

const PUSH = `sh ${ARCHIVE_DIR}/push "%p" "%f"`;
export const SETTINGS = { archive_mode: "on", archive_command: PUSH };

export class Plain implements Archiver {
  readonly files: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>> = SETTINGS;
  protected readonly site: ArchiveSite;

  constructor(site: ArchiveSite) {
    this.site = site;
    this.files = storeScripts(site);
  }

  archiveCommand(wrong?: Misconfigured): string {
    if (!wrong) return PUSH;
    return "into" in wrong ? `ARCHIVE_PREFIX=${wrong.into} ${PUSH}` : `ARCHIVE_SKEW=${wrong.skewSeconds} ${PUSH}`;
  }

  /** -X none: the server waits until the history that the backup needs is archived. The manifest goes last and completes it. */
  async backUp(on: Shell, _level: BackupLevel): Promise<Backup> {
    return this.made((await on.run(BACK_UP)).trim().split("\n").at(-1) ?? "");
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

  async stored(): Promise<Set<string>> {
    return new Set((await this.#segments()).map(({ name }) => name));
  }

  async #segments(): Promise<{ name: string; key: string; bytes: number }[]> {
    const { depot, access, prefix } = this.site;
    const objects = await depot.objects(access.bucket, `${prefix}/wal/`);
    return objects.flatMap(({ key, bytes }) => {
      const name = /\/([0-9A-F]{24})$/.exec(key)?.[1];
      return name === undefined ? [] : [{ name, key, bytes }];
    });
  }

  /** What pg_archivecleanup does: everything before the segment that a backup begins in, whatever its timeline. */
  async expire(_on: Shell, { keep, history }: ExpireOptions): Promise<string> {
    const { depot, access, prefix } = this.site;
    const backups = await this.list();
    const gone = backups.slice(0, -keep);
    const reach = history === "oldest" ? backups.at(-keep) : backups.at(-1);
    const segments = await this.#segments();
    if (!reach) throw new Error(`there are ${backups.length} backups, and ${keep} are to be kept`);
    const first = segmentAt(Number(reach.timeline), parsePosition(reach.startLsn) ?? 0n, segments[0]?.bytes ?? 1);
    const old = segments.filter(({ name }) => name.slice(8) < first.slice(8));
    const keys = await Promise.all(gone.map(({ label }) => depot.objects(access.bucket, `${prefix}/base/${label}/`)));
    for (const { key } of [...keys.flat(), ...old]) await depot.removeObject(access.bucket, key);
    return `${gone.length} backups and ${old.length} segments; ${backups.length - gone.length} and ${segments.length - old.length} are left`;
  }

  async fetch(on: Shell, { label }: Pick<Backup, "label">): Promise<void> {
    await this.extract(on, label, DATA_DIR);
  }

  protected async extract(on: Shell, label: string, folder: string): Promise<void> {
    await on.run(FETCH, [label, folder]);
  }

  restoreCommand(mode: "stock" | "fail-closed"): string {
    return `sh ${ARCHIVE_DIR}/${mode === "stock" ? "get" : "get-closed"} "%f" "%p"`;
  }
}

const BACK_UP = `. ${ARCHIVE_DIR}/store
label=$(date -u +%Y%m%dT%H%M%S%3NZ); dir=/blackstart/disk/backup/$label; mkdir -p "$dir"; trap 'rm -rf "$dir"' EXIT
pg_basebackup -U postgres -D "$dir" -F tar -X none -c fast --compress=client-zstd --no-password >&2
for file in base.tar.zst backup_manifest; do put "$dir/$file" "base/$label/$file"; done
echo "$label"`;

const FETCH = `. ${ARCHIVE_DIR}/store
mkdir -p "$2"; chmod 700 "$2"; tar=$2.tar.zst; trap 'rm -f "$tar"' EXIT
get "base/$1/base.tar.zst" "$tar"; zstd -q -d -c "$tar" >"$2.tar"; tar -x -f "$2.tar" -C "$2"; rm -f "$2.tar"
get "base/$1/backup_manifest" "$2/backup_manifest"`;

/** How much the backup holds, and between which positions it is consistent, from its manifest (manual, 68.1). */
export function readManifest(
  manifest: string,
  label: string,
): Pick<Backup, "startLsn" | "stopLsn" | "timeline" | "databaseBytes"> {
  const { "WAL-Ranges": ranges, Files: files = [] } = JSON.parse(manifest) as {
    "WAL-Ranges"?: { Timeline: number; "Start-LSN": string; "End-LSN": string }[];
    Files?: { Size: number }[];
  };
  const last = ranges?.at(-1);
  if (!ranges?.[0] || !last) throw new Error(`the manifest of backup ${label} does not say which history it needs`);
  return {
    startLsn: ranges[0]["Start-LSN"],
    stopLsn: last["End-LSN"],
    timeline: String(last.Timeline),
    databaseBytes: files.reduce((sum, { Size }) => sum + Size, 0),
  };
}
