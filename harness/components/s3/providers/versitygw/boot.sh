#!/bin/sh
# Boots VersityGW on a directory from any image that has sh and the program. /blackstart/store.env has its secrets.
set -eu
program=$(command -v versitygw || :)
if [ -z "$program" ]; then
  echo "blackstart: no versitygw on the PATH of this image" >&2
  exit 78
fi
mkdir -p /blackstart/disk/objects /blackstart/disk/versions
set -a
. /blackstart/store.env
set +a
exec "$program" --port :7070 --keep-alive --quiet posix --versioning-dir /blackstart/disk/versions /blackstart/disk/objects
