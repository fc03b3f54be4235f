/**
 * WAL-E 1.1.1, which ADR-004 names: a tool to migrate away from. It serves PostgreSQL 14 and older, signs by S3's old scheme, and
 * wal-fetch exits 1 whether a segment is not there or cannot be read, which a server in recovery takes for the end of history.
 * Without prefetching (-p 0): it makes daemons whose end a server that is a machine's first process takes for a crash of its own.
 */
import type { ArchivePart } from "../../../archive.ts";
import {
  type Archiver,
  ARCHIVE_DIR,
  type ArchiveSite,
  type Backup,
  DATA_DIR,
  type Inside,
  type NotCopied,
  notCopied,
  type OpenArchiver,
  segmentOfBackup,
  type Stored,
} from "../archiver.ts";
import type { Shell } from "../shell.ts";

export const open: OpenArchiver = (site) => new WalE(site);

const ENV = `. ${ARCHIVE_DIR}/wal-e.env`;

class WalE implements Archiver {
  readonly files: Readonly<Record<string, string>>;
  readonly words = "WAL-E 1.1.1; PUTs without the server-side encryption that it asks for";
  /** The checkpoint with which its backup begins is spread over minutes by default. */
  readonly settings = {
    archive_mode: "on",
    archive_command: `sh ${ARCHIVE_DIR}/push "%p"`,
    checkpoint_completion_target: "0",
  };
  readonly program = "wal-e";
  readonly #site: ArchiveSite;

  constructor(site: ArchiveSite) {
    this.#site = site;
    const { access } = site;
    this.files = {
      "wal-e.env": environment(site),
      push: `${ENV}\nexec wal-e --terse wal-push "$1"\n`,
      get: `${ENV}\nexec wal-e --terse wal-fetch -p 0 "$1" "$2"\n`,
      "get-closed": `${ENV}\n${GET_CLOSED}`,
      "exists.py": EXISTS,
      ...(access.caPem !== null && { "ca.pem": access.caPem }),
    };
  }

  async backUp(on: Shell): Promise<Backup> {
    const before = new Set((await this.list()).map(({ label }) => label));
    await on.run(`${ENV}\nwal-e backup-push "$1" >&2`, [DATA_DIR]);
    const made = (await this.list()).find(({ label }) => !before.has(label));
    if (!made) throw new Error("wal-e backup-push exited 0 and left no backup in the store");
    return made;
  }

  /** From the sentinels that it writes when a backup is complete; the name has the segment and the offset of the start. */
  async list(): Promise<Backup[]> {
    const { depot, access, prefix } = this.#site;
    const objects = await depot.objects(access.bucket, `${prefix}/basebackups_005/`);
    const backups = objects
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .flatMap(({ key }) => {
        const label = /\/(base_[0-9A-F]{24}_[0-9A-F]{8})_backup_stop_sentinel\.json$/.exec(key)?.[1];
        return label === undefined ? [] : [{ label, key }];
      });
    return Promise.all(
      backups.map(async ({ label, key }): Promise<Backup> => {
        const sentinel = JSON.parse((await depot.getObject(access.bucket, key)).toString("utf8")) as Record<
          string,
          string
        >;
        const [, segment = "", offset = ""] = label.split("_");
        const folder = `${prefix}/basebackups_005/${label}`;
        return {
          label,
          level: "full",
          timeline: String(Number.parseInt(segment.slice(0, 8), 16)),
          startLsn: lsnOf(this.#site.segmentBytes, segment, offset),
          stopLsn: lsnOf(
            this.#site.segmentBytes,
            sentinel["wal_segment_backup_stop"] ?? "",
            sentinel["wal_segment_offset_backup_stop"] ?? "",
          ),
          bytes: objects.filter((one) => one.key.startsWith(folder)).reduce((sum, { bytes }) => sum + bytes, 0),
        };
      }),
    );
  }

  async names(): Promise<string[]> {
    const { depot, access, prefix } = this.#site;
    const folder = `${prefix}/wal_005/`;
    const objects = await depot.objects(access.bucket, folder);
    return objects.map(({ key }) => key.slice(folder.length).replace(/\.lzo$/, ""));
  }

  /** A start of it takes half a second, so some go side by side. */
  async copyArchive(on: Shell, names: readonly string[], folder: string): Promise<NotCopied[]> {
    return notCopied(names, await on.attempt(COPY, [folder], { stdin: names.map((name) => `${name}\n`).join("") }));
  }

  /** It leaves out postgresql.conf and pg_hba.conf, so they are made as on a new machine. */
  async fetch(on: Shell, { label }: Backup, into = DATA_DIR): Promise<void> {
    await on.run(`${ENV}\nmkdir -p "$1"; chmod 700 "$1"; wal-e backup-fetch "$1" "$2" >&2\n${CONFIGURE}`, [
      into,
      label,
    ]);
  }

  restoreCommand(mode: "stock" | "fail-closed"): string {
    return `sh ${ARCHIVE_DIR}/${mode === "stock" ? "get" : "get-closed"} "%f" "%p"`;
  }

  /** The sentinel is the nearest to a manifest; the mark of a backup's beginning lies in its tar and has no name of its own. */
  async objects(part: ArchivePart): Promise<Stored[]> {
    const { depot, access, prefix, segmentBytes } = this.#site;
    const under = async (folder: string) =>
      (await depot.objects(access.bucket, `${prefix}/${folder}/`)).map(({ key }) => key).toSorted();
    const named = (keys: string[], pattern: RegExp, wrapped: boolean): Stored[] =>
      keys.flatMap((key) => {
        const name = pattern.exec(key)?.[1];
        return name === undefined ? [] : [{ name, key, ...(wrapped && { inside: LZO }) }];
      });
    if (part === "label") return [];
    if (part === "manifest") return named(await under("basebackups_005"), /\/([^/]+_sentinel\.json)$/, false);
    if (part === "base")
      return named(await under("basebackups_005"), /\/([^/]+\/tar_partitions\/[^/]+\.tar\.lzo)$/, true);
    const stored = named(await under("wal_005"), /\/([0-9A-F]{24}|[0-9A-F]{8}\.history)\.lzo$/, true);
    if (part === "history") return stored.filter(({ name }) => name.endsWith(".history"));
    const newest = (await this.list()).at(-1);
    const from = newest ? segmentOfBackup(newest, newest.startLsn, segmentBytes) : "";
    return stored.filter(({ name }) => !name.endsWith(".history") && name >= from);
  }
}

/** Only lzop itself speaks this format: a machine with it is asked, in base64 because what is sent there is text. */
const LZO: Inside = {
  take: (object, on) => through(on, "lzop -d -c", object),
  put: (_, content, on) => through(on, "lzop -c", content ?? Buffer.alloc(0)),
};

async function through(on: Shell, program: string, bytes: Buffer): Promise<Buffer> {
  // One by one: of a pipe only the last has a say in how it ends.
  const script = `in=$(mktemp); trap 'rm -f "$in" "$in.out"' EXIT; base64 -d >"$in"; ${program} <"$in" >"$in.out"; base64 "$in.out"`;
  const said = await on.run(script, [], { stdin: bytes.toString("base64") });
  return Buffer.from(said, "base64");
}

function environment({ access, prefix, config }: ArchiveSite): string {
  const { host, port, tls, accessKeyId, secretAccessKey, bucket } = access;
  const values = {
    WALE_S3_PREFIX: `s3://${bucket}/${prefix}`,
    WALE_S3_ENDPOINT: `${tls ? "https" : "http"}+path://${host}:${port}`,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    WALE_LOG_DESTINATION: "stderr",
    WALE_PLAIN_PUT: "1",
    PGHOST: "/tmp",
    PGUSER: "postgres",
    ...(tls && { SSL_CERT_FILE: `${ARCHIVE_DIR}/ca.pem` }),
    ...(config.retries !== undefined && { WALE_RETRIES: String(config.retries) }),
  };
  return Object.entries(values)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join("");
}

const COPY = `mkdir -p "$1"
xargs -P 4 -I{} sh ${ARCHIVE_DIR}/get {} "$1/{}" || true
ls "$1"`;

const CONFIGURE = `cd "$1"
[ -e pg_hba.conf ] || printf 'local all all trust\\nhost all all all scram-sha-256\\nhost replication all all scram-sha-256\\n' >pg_hba.conf
[ -e pg_ident.conf ] || : >pg_ident.conf
[ -e postgresql.conf ] || echo "include '/blackstart/server.conf'" >postgresql.conf`;

/**
 * wal-fetch does not tell "not there" from "cannot be read"; the store is asked, and whether anything later is there. The first
 * timeline has no history file, and a server asks for it all the same.
 */
const GET_CLOSED = `if wal-e --terse wal-fetch -p 0 "$1" "$2"; then exit 0; fi
[ "$1" != 00000001.history ] || exit 1 # the first timeline has none
python3 ${ARCHIVE_DIR}/exists.py "$1"
case $? in
  3) exit 1 ;;
  *) echo "restore_command: $1 could not be fetched, or later history is there" >&2; exit 255 ;;
esac
`;

/** Exits 3 only where the store says that neither the file nor anything later of its timeline is there. */
const EXISTS = `import os, re, sys
from urllib.parse import urlsplit
import boto
from boto.s3.connection import OrdinaryCallingFormat
name = sys.argv[1]
endpoint = urlsplit(os.environ["WALE_S3_ENDPOINT"].replace("+path", ""))
prefix = urlsplit(os.environ["WALE_S3_PREFIX"])
store = boto.connect_s3(host=endpoint.hostname, port=endpoint.port, is_secure=endpoint.scheme == "https", calling_format=OrdinaryCallingFormat())
folder = prefix.path.lstrip("/") + "/wal_005/"
names = [key.name[len(folder):].split(".")[0] for key in store.get_bucket(prefix.netloc).list(folder + name[:8])]
later = [one for one in names if re.fullmatch("[0-9A-F]{24}", one) and (name.endswith(".history") or one >= name)]
sys.exit(0 if later else 3)
`;

function lsnOf(segmentBytes: number, segment: string, offset: string): string {
  const low = BigInt(`0x${segment.slice(16) || "0"}`) * BigInt(segmentBytes) + BigInt(`0x${offset || "0"}`);
  return `${BigInt(`0x${segment.slice(8, 16) || "0"}`).toString(16)}/${low.toString(16)}`.toUpperCase();
}
