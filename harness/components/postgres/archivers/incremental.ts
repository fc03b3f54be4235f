/**
 * PostgreSQL 17's own incremental backups (manual, 25.3.3): pg_basebackup --incremental against the manifest of the backup before,
 * and pg_combinebackup, which puts the chain together and does not look at what it is given: a damaged full backup combines without
 * a word.
 */
import {
  ARCHIVE_DIR,
  type Backup,
  type BackupLevel,
  DATA_DIR,
  type ExpireOptions,
  type OpenArchiver,
} from "../archiver.ts";
import type { Shell } from "../shell.ts";
import { Plain, SETTINGS } from "./plain.ts";

export const open: OpenArchiver = (site) => new Incremental(site);

class Incremental extends Plain {
  override readonly words = "pg_basebackup with --incremental, and archive_command by curl";
  override readonly settings = { ...SETTINGS, summarize_wal: "on" };

  override async backUp(on: Shell, level: BackupLevel): Promise<Backup> {
    if (level === "full") return super.backUp(on, level);
    const before = (await this.list()).at(-1);
    if (!before) throw new Error("there is no backup that an incremental one could go on from: take a full one first");
    return this.made((await on.run(BACK_UP, [before.label])).trim().split("\n").at(-1) ?? "");
  }

  override async list(): Promise<Backup[]> {
    const parents = await this.#parents();
    return (await super.list()).map((backup) =>
      parents.has(backup.label) ? { ...backup, level: "incremental" } : backup,
    );
  }

  /** An incremental backup is nothing without those that it goes on from. */
  override async expire(on: Shell, options: ExpireOptions): Promise<string> {
    const oldest = (await this.list()).at(-options.keep);
    const parent = oldest && (await this.#parents()).get(oldest.label);
    if (parent !== undefined)
      throw new Error(
        `${oldest?.label} goes on from ${parent}, which would be deleted: keep more, or begin a new chain`,
      );
    return super.expire(on, options);
  }

  override async fetch(on: Shell, { label }: Backup, into = DATA_DIR): Promise<void> {
    const parents = await this.#parents();
    const chain = [label];
    for (let parent = parents.get(label); parent !== undefined; parent = parents.get(parent)) chain.unshift(parent);
    if (chain.length === 1) return super.fetch(on, { label }, into);
    for (const one of chain) await this.extract(on, one, `${CHAIN_DIR}/${one}`);
    await on.run(COMBINE, [into, ...chain]);
  }

  /** Which backup each incremental one goes on from. */
  async #parents(): Promise<Map<string, string>> {
    const { depot, access, prefix } = this.site;
    const objects = await depot.objects(access.bucket, `${prefix}/base/`);
    const keys = objects.map(({ key }) => key).filter((key) => key.endsWith("/parent"));
    const texts = keys.map(async (key) => (await depot.getObject(access.bucket, key)).toString("utf8").trim());
    return new Map((await Promise.all(texts)).map((parent, i) => [keys[i]!.split("/").at(-2)!, parent]));
  }
}

const CHAIN_DIR = "/blackstart/disk/chain";

/** What it goes on from is written before the manifest, which completes it. */
const BACK_UP = `. ${ARCHIVE_DIR}/store
label=$(date -u +%Y%m%dT%H%M%S%3NZ); dir=/blackstart/disk/backup/$label; mkdir -p "$dir"; trap 'rm -rf "$dir" "$dir.before"' EXIT
get "base/$1/backup_manifest" "$dir.before"
pg_basebackup -U postgres -D "$dir" -F tar -X none -c fast --incremental="$dir.before" --compress=client-zstd --no-password >&2
echo "$1" >"$dir/parent"
for file in base.tar.zst parent backup_manifest; do put "$dir/$file" "base/$label/$file"; done
echo "$label"`;

const COMBINE = `data=$1; shift; cd ${CHAIN_DIR}; trap 'rm -rf ${CHAIN_DIR}' EXIT
pg_combinebackup -o "$data" "$@"`;
