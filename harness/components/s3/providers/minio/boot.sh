#!/bin/sh
# Boots one MinIO server from any image that has sh and the server's program; no entrypoint of the image is relied on.
# Arguments: the drives as the server takes them. /blackstart/store.env has its settings and secrets. Runs again on every start.
set -eu
program=$(command -v minio || :)
for place in /usr/bin/minio /usr/local/bin/minio /opt/bin/minio /opt/bitnami/minio/bin/minio; do
  [ -n "$program" ] || { [ -x "$place" ] && program=$place; } || :
done
if [ -z "$program" ]; then
  echo "blackstart: no minio in this image; looked on PATH, /usr/bin, /usr/local/bin and the usual places" >&2
  exit 78
fi
set -a
. /blackstart/store.env
set +a
[ ! -d /blackstart/certs ] || set -- --certs-dir /blackstart/certs "$@"
exec "$program" server --address :9000 --quiet "$@"
