#!/bin/sh
# Boots one PostgreSQL node from any image that has sh and the server's programs; no entrypoint of the image is relied on.
# Reads /blackstart/node.env: ROLE (primary|standby|spare|receiver), VERSION, PRIMARY, SLOT. Runs again on every start of the machine.
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
for program in initdb pg_basebackup pg_isready; do
  if [ ! -x "$bin/$program" ]; then say "$program is missing beside $bin/postgres" && exit 78; fi
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

# History as it is made, on a machine that has no server.
if [ "$ROLE" = receiver ]; then
  server mkdir -p /blackstart/disk/wal
  until server "$bin/pg_isready" -q -h "$PRIMARY" -U postgres -t 1; do sleep 0.05; done
  server "$bin/pg_receivewal" -h "$PRIMARY" -U postgres -S receiver --create-slot --if-not-exists
  export PGAPPNAME=receiver
  as_server "$bin/pg_receivewal" -h "$PRIMARY" -U postgres -S receiver -D /blackstart/disk/wal --synchronous --no-password
fi

# Work without a server: on an empty spare, or where somebody left the mark. Whoever writes to the pipe ends it.
if [ -e /blackstart/disk/maintenance ] || { [ "$ROLE" = spare ] && [ ! -s "$PGDATA/PG_VERSION" ]; }; then
  rm -f /blackstart/run/go
  mkfifo /blackstart/run/go
  read -r _ </blackstart/run/go
  rm -f /blackstart/run/go
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ "$ROLE" = primary ]; then
    server "$bin/initdb" -D "$PGDATA" -U postgres -k -E UTF8 --locale=C --auth-local=trust --auth-host=scram-sha-256 --pwfile=/blackstart/run/password --no-instructions >/dev/null
    printf 'host all all all scram-sha-256\nhost replication all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    echo "include '/blackstart/server.conf'" >>"$PGDATA/postgresql.conf"
  else
    until server "$bin/pg_isready" -q -h "$PRIMARY" -U postgres -t 1; do sleep 0.05; done
    server "$bin/pg_basebackup" -h "$PRIMARY" -U postgres -D "$PGDATA" -X stream -c fast -C -S "$SLOT"
    server touch "$PGDATA/standby.signal"
  fi
fi
as_server "$bin/postgres" "$@"
