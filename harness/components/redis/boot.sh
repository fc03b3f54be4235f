#!/bin/sh
# Boots one Redis server or sentinel from any image that has sh and the server's programs; no entrypoint of the image is relied on.
# Reads /blackstart/node.env: ROLE (server|sentinel), CONF, PRIMARY, REPLICAS. Runs again on every start of the machine.
set -eu
. /blackstart/node.env
export TZ=UTC
umask 077

say() { echo "blackstart: $*" >&2; }

bin=
for dir in $(command -v redis-server >/dev/null 2>&1 && dirname "$(command -v redis-server)") /usr/local/bin /usr/bin /opt/bitnami/redis/bin; do
  if [ -x "$dir/redis-server" ]; then bin=$dir && break; fi
done
if [ -z "$bin" ]; then say "no redis-server in this image; looked on PATH and the usual places" && exit 78; fi
for program in redis-cli redis-check-aof; do
  if [ ! -x "$bin/$program" ]; then say "$program is missing beside $bin/redis-server" && exit 78; fi
done

# The server and its sentinels write into their own configuration: what they changed must outlive a start.
conf=/blackstart/disk/$CONF
mkdir -p /blackstart/disk/data /blackstart/run
cp /blackstart/password /blackstart/run/password
if [ ! -s "$conf" ]; then
  # A sentinel looks for replicas when it first meets the primary and then every ten seconds: none may be missed at the first look.
  if [ "$ROLE" = sentinel ]; then
    REDISCLI_AUTH=$(cat /blackstart/run/password) && export REDISCLI_AUTH
    until "$bin/redis-cli" -h "$PRIMARY" info replication 2>/dev/null | grep -c 'state=online' | grep -qx "$REPLICAS"; do sleep 0.05; done
    unset REDISCLI_AUTH
  fi
  cp /blackstart/server.conf "$conf"
fi

as_server() { exec "$@"; }
if [ "$(id -u)" = 0 ] && id redis >/dev/null 2>&1; then
  chown -R redis /blackstart/disk /blackstart/run
  if command -v setpriv >/dev/null 2>&1; then as_server() { exec setpriv --reuid=redis --regid="$(id -g redis)" --init-groups -- "$@"; }
  elif command -v gosu >/dev/null 2>&1; then as_server() { exec gosu redis "$@"; }
  elif command -v su-exec >/dev/null 2>&1; then as_server() { exec su-exec redis "$@"; }
  else say "setpriv, gosu or su-exec is needed to leave root, and the image has none" && exit 78; fi
fi
if [ "$ROLE" = sentinel ]; then as_server "$bin/redis-server" "$conf" --sentinel; fi
as_server "$bin/redis-server" "$conf"
