#!/bin/sh
# Boots one PostgreSQL node from any image that has sh and the server's programs; no entrypoint of the image is relied on.
# Reads /blackstart/node.env: ROLE (primary|standby|logical|spare|receiver), VERSION, PRIMARY, SLOT, CHECKSUMS (on|off), WAL_SEGMENT_MIB,
# TABLESPACE (a folder beside the data, or nothing).
# Runs again on every start of the machine.
set -eu
. /blackstart/node.env
export PGDATA=/blackstart/disk/data PGPASSFILE=/blackstart/run/pgpass
umask 077

say() { echo "blackstart: $*" >&2; }

bin=
for dir in $(command -v postgres >/dev/null 2>&1 && dirname "$(command -v postgres)") /usr/lib/postgresql/"$VERSION"/bin /usr/pgsql-"$VERSION"/bin \
  /usr/local/pgsql/bin /usr/local/bin /opt/bitnami/postgresql/bin /usr/lib/postgresql*/bin; do
  [ -x "$dir/postgres" ] || continue
  case "$("$dir/postgres" --version)" in *" $VERSION".* | *" $VERSION"[a-z]*) bin=$dir && break ;; esac
done
if [ -z "$bin" ]; then
  say "no PostgreSQL $VERSION server in this image; looked on PATH, /usr/lib/postgresql/$VERSION/bin and the usual places"
  exit 78
fi
if [ ! -x "$bin/initdb" ]; then say "initdb is missing beside $bin/postgres" && exit 78; fi
# Client programs may be of another major and lie elsewhere.
export PATH="/blackstart/shims:$bin:$PATH" # first, where a fault may put a program that fails
case $ROLE in standby) clients="pg_isready pg_basebackup" ;; receiver) clients="pg_isready pg_receivewal" ;; *) clients= ;; esac
for program in $clients; do
  if ! command -v "$program" >/dev/null 2>&1; then say "$program is missing: neither beside $bin/postgres nor on PATH" && exit 78; fi
done
ln -sfn "$bin" /blackstart/bin

become=
if [ "$(id -u)" = 0 ]; then
  id postgres >/dev/null 2>&1 || { say "the image has no user named postgres to run the server as" && exit 78; }
  mkdir -p /blackstart/run
  cp /blackstart/pgpass /blackstart/password /blackstart/run/
  if [ -d /blackstart/archive ]; then rm -rf /blackstart/run/archive && cp -r /blackstart/archive /blackstart/run/; fi
  chown -R postgres /blackstart/run
  chown postgres /blackstart/disk
  if command -v setpriv >/dev/null 2>&1; then become="setpriv --reuid=postgres --regid=$(id -g postgres) --init-groups --"
  elif command -v gosu >/dev/null 2>&1; then become="gosu postgres"
  elif command -v su-exec >/dev/null 2>&1; then become="su-exec postgres"
  else say "setpriv, gosu or su-exec is needed to leave root, and the image has none" && exit 78; fi
fi
as_server() { exec $become "$@"; }
server() { (as_server "$@"); }
printf '#!/bin/sh\ncd / && export PATH=%s:$PATH PGPASSFILE=%s && exec %s "$@"\n' "$bin" "$PGPASSFILE" "$become" >/blackstart/as-server
chmod 755 /blackstart/as-server

if [ -n "${TABLESPACE:-}" ]; then server mkdir -p "$TABLESPACE"; fi # on a standby too, before the primary makes it

# History as it is made, on a machine that has no server.
if [ "$ROLE" = receiver ]; then
  server mkdir -p /blackstart/disk/wal
  until server pg_isready -q -h "$PRIMARY" -U postgres -t 1; do sleep 0.05; done
  server pg_receivewal -h "$PRIMARY" -U postgres -S receiver --create-slot --if-not-exists
  export PGAPPNAME=receiver
  as_server pg_receivewal -h "$PRIMARY" -U postgres -S receiver -D /blackstart/disk/wal --synchronous --no-password
fi

# Work without a server: on an empty spare, or where somebody left the mark. Whoever writes to the pipe ends it.
if [ -e /blackstart/disk/maintenance ] || { [ "$ROLE" = spare ] && [ ! -s "$PGDATA/PG_VERSION" ]; }; then
  rm -f /blackstart/run/go
  mkfifo /blackstart/run/go
  read -r _ </blackstart/run/go
  rm -f /blackstart/run/go
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ "$ROLE" != standby ]; then # a logical standby is a server of its own
    # Until 17 checksums are asked for, since 18 they are refused.
    if [ "$CHECKSUMS" = on ]; then checksums=--data-checksums; elif [ "$VERSION" -ge 18 ]; then checksums=--no-data-checksums; else checksums=; fi
    server "$bin/initdb" -D "$PGDATA" -U postgres $checksums --wal-segsize="$WAL_SEGMENT_MIB" -E UTF8 --locale=C --auth-local=trust --auth-host=scram-sha-256 --pwfile=/blackstart/run/password --no-instructions >/dev/null
    printf 'host all all all scram-sha-256\nhost replication all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    echo "include '/blackstart/server.conf'" >>"$PGDATA/postgresql.conf"
  else
    until server pg_isready -q -h "$PRIMARY" -U postgres -t 1; do sleep 0.05; done
    server pg_basebackup -h "$PRIMARY" -U postgres -D "$PGDATA" -X stream -c fast -C -S "$SLOT"
    server touch "$PGDATA/standby.signal"
  fi
fi
# What outlives the process that started it becomes a child of the machine's first one, and a server would take its end for a crash of
# its own. The shell stays first then, buries it, and passes signals on.
if [ "${REAPER:-no}" = yes ]; then
  rm -f "$PGDATA/postmaster.pid" # the number in it is of before the machine was started
  as_server "$bin/postgres" "$@" &
  child=$! code=1
  for signal in TERM INT QUIT HUP; do trap "kill -$signal $child" "$signal"; done
  while kill -0 "$child" 2>/dev/null; do wait "$child" && code=0 || code=$?; done
  exit "$code"
fi
as_server "$bin/postgres" "$@"
