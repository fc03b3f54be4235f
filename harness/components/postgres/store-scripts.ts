import { ARCHIVE_DIR, type ArchiveSite } from "./archiver.ts";

/**
 * Scripts by which a machine keeps files in an S3 bucket, with curl alone; the keys stand in a file that only the server's user reads.
 * `get` is what manuals show: whatever goes wrong exits with curl's own code (22 and the like), which a server in recovery takes for
 * the end of history. `get-closed` says 1 only where the store said 404 and nothing that comes later is there, else 255.
 */
export function storeScripts({ access, prefix, config }: ArchiveSite): Record<string, string> {
  const { host, port, tls, caPem, accessKeyId, secretAccessKey, region, bucket } = access;
  const root = `${tls ? "https" : "http"}://${host}:${port}/${bucket}`;
  const curlrc = [
    `user = "${accessKeyId}:${secretAccessKey}"`,
    `aws-sigv4 = "aws:amz:${region}:s3"`,
    "silent",
    "show-error",
    "connect-timeout = 5",
    `max-time = ${(config.timeout ?? PATIENCE_MS) / 1_000}`,
    ...(caPem === null ? [] : [`cacert = "${ARCHIVE_DIR}/ca.pem"`]),
  ];
  return {
    curlrc: `${curlrc.join("\n")}\n`,
    ...(caPem !== null && { "ca.pem": caPem }),
    store: `${STORE}root=${root} prefix=\${ARCHIVE_PREFIX:-${prefix}}\n`,
    push: config.overwrite ? PUSH_OVER : PUSH,
    get: GET,
    "get-closed": GET_CLOSED,
  };
}

const PATIENCE_MS = 120_000;

/**
 * A machine whose clock is off shows it in the date that it signs with, and nowhere else.
 * head prints the status, and the ETag where there is one; put and get end non-zero unless the store has said yes to the whole.
 */
const STORE = `[ -z "\${ARCHIVE_SKEW:-}" ] || off="X-Amz-Date: $(date -u -d "$ARCHIVE_SKEW seconds" +%Y%m%dT%H%M%SZ)"
s3() { curl -K ${ARCHIVE_DIR}/curlrc \${off:+-H "$off"} "$@"; }
url() { echo "$root/$prefix/$1"; }
head() { s3 -I -o /dev/null -w '%{http_code} %header{etag}' "$(url "$1")"; }
put() { s3 --fail -o /dev/null -T "$1" "$(url "$2")"; }
get() { s3 --fail -o "$2" "$(url "$1")"; }
`;

/** archive_command: a file of that name with the same content is a success, one with other content is never overwritten (manual, 25.3.1). */
const PUSH = `set -eu
. ${ARCHIVE_DIR}/store
set -- "$1" "wal/$2" $(head "wal/$2")
case $3 in
  404) put "$1" "$2" ;;
  200) [ "$(md5sum <"$1" | cut -c 1-32)" = "$(echo "$4" | tr -d '"')" ] || { echo "$2 is in the store with other content" >&2; exit 2; } ;;
  *) echo "the store answered $3 when asked for $2" >&2; exit 2 ;;
esac
`;

/** What a bare copy does: whoever comes last has it. */
const PUSH_OVER = `set -eu
. ${ARCHIVE_DIR}/store
put "$1" "wal/$2"
`;

const GET = `. ${ARCHIVE_DIR}/store
get "wal/$1" "$2"
`;

const GET_CLOSED = `. ${ARCHIVE_DIR}/store
say() { echo "restore_command: $*" >&2; exit 255; }
code=$(s3 -o "$2.part" -w '%{http_code}' "$(url "wal/$1")") || say "$1 could not be fetched"
case $code in
  200) mv "$2.part" "$2" || say "$1 could not be put in place"; exit 0 ;;
  404) rm -f "$2.part" ;;
  *) say "the store answered $code when asked for $1" ;;
esac
# Not there. The first timeline has no such file; the end of history is only where nothing of it comes later.
[ "$1" != 00000001.history ] || exit 1
timeline=$(echo "$1" | cut -c 1-8)
list=$(s3 --fail "$root?list-type=2&prefix=$prefix%2Fwal%2F$timeline&start-after=$prefix%2Fwal%2F$1") || say "the store could not be listed"
case $1 in *.history) later="$prefix/wal/$timeline[0-9A-F]\\{16\\}" ;; *) later="$prefix/wal/[0-9A-F]\\{24\\}" ;; esac
if echo "$list" | grep -q "<Key>$later</Key>"; then say "$1 is missing and later history is there: a gap"; fi
exit 1
`;
