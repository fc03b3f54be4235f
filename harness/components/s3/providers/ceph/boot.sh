#!/bin/sh
# Boots one Ceph node from any image that has sh and Ceph's programs on PATH; no entrypoint of the image is relied on.
# Reads /blackstart/node.env: RUNS (words of mon, mgr, osd, rgw), DISK, DRIVES (ids), MON (the monitor's node) and what the gateway
# needs. Runs again on every start of the machine: what stands on the disk is kept, an empty disk is made anew.
# `boot.sh drive N` starts one drive alone, a new one where none is left. Keys and users come from files, never from argv.
set -eu
cd / # where Debian's Ceph looks for its object classes is a path relative to here
. /blackstart/node.env

say() { echo "blackstart: $*" >&2; }
runs() { case " $RUNS " in *" $1 "*) true ;; *) false ;; esac; }

for program in python3 ${RUNS}; do
  case $program in python3 | radosgw) ;; rgw) program=radosgw ;; *) program=ceph-$program ;; esac
  command -v "$program" >/dev/null 2>&1 || { say "$program is not on PATH in this image" && exit 78; }
done
python3 -c 'import rados' 2>/dev/null || { say "python3 has no module rados, which belongs to Ceph's own client" && exit 78; }

# Addresses, not names: the monitor map holds nothing else.
address() { getent ahostsv4 "$1" | while read -r found _; do echo "$found" && break; done; }
OWN=$(address "$(hostname)")
MON_ADDRESS=
while [ -z "$MON_ADDRESS" ]; do MON_ADDRESS=$(address "$MON") || true; done

umask 077
mkdir -p /etc/ceph /run/ceph
sed -e "s/@MON@/$MON_ADDRESS/g" -e "s/@OWN@/$OWN/g" /blackstart/ceph.conf >/etc/ceph/ceph.conf
ask() { python3 /blackstart/ask.py "$@"; }

# Every directory is made aside and renamed when it is whole: a machine that dies in between starts from nothing.
make_mon() {
  [ ! -d "$DISK/mon" ] || return 0
  rm -rf "$DISK/mon.new" && mkdir -p "$DISK/mon.new"
  ceph-mon -i a --mkfs --mon-data "$DISK/mon.new" --keyring /blackstart/keyring --public-addr "$OWN" >/dev/null
  mv "$DISK/mon.new" "$DISK/mon"
}

# The first drive of this machine has the id that the monitor was told of beforehand; every later one is registered as it comes.
make_osd() {
  [ ! -d "$DISK/osd.$1" ] || return 0
  rm -rf "$DISK/osd.$1.new" && mkdir -p "$DISK/osd.$1.new"
  if [ -e "/blackstart/had.$1" ]; then uuid=$(cat /proc/sys/kernel/random/uuid); else uuid=$(cat "/blackstart/drive.$1"); fi
  if ! ceph-osd -i "$1" --mkfs --osd-data "$DISK/osd.$1.new" --osd-uuid "$uuid" --no-mon-config >"/run/ceph/mkfs.$1.log" 2>&1; then
    cat "/run/ceph/mkfs.$1.log" >&2
    exit 1
  fi
  if [ -e "/blackstart/had.$1" ]; then
    ask once "{\"prefix\": \"osd destroy-actual\", \"id\": $1, \"yes_i_really_mean_it\": true}" \
      "{\"prefix\": \"osd new\", \"uuid\": \"$uuid\", \"id\": $1, \"keyring\": \"/blackstart/keyring\"}" >/dev/null
  fi
  : >"/blackstart/had.$1"
  mv "$DISK/osd.$1.new" "$DISK/osd.$1"
}

run_osd() {
  make_osd "$1"
  exec ceph-osd -f -i "$1" --osd-data "$DISK/osd.$1" --public-addr "$OWN" --cluster-addr "$OWN" --crush-location "root=default host=$(hostname)-$1"
}

if [ "${1:-}" = drive ]; then
  rm -f "$DISK/lost.$2"
  (run_osd "$2") >/proc/1/fd/1 2>/proc/1/fd/2 &
  exit 0
fi

# As the first process a shell ignores signals that it does not trap.
trap 'kill $(jobs -p) 2>/dev/null; wait; exit 143' TERM INT QUIT
rm -f /run/ceph/made

for drive in $DRIVES; do
  [ -e "$DISK/lost.$drive" ] || (run_osd "$drive") & # a drive that was taken away stays away
done
last=
if runs mon; then
  make_mon
  ceph-mon -f -i a --public-addr "$OWN" &
  last=$!
  ask make /blackstart/commands &
fi
if runs mgr; then
  mkdir -p "$DISK/mgr" /blackstart/no-modules
  ceph-mgr -f -i a &
fi
if runs rgw; then
  . /blackstart/gateway.sh
  last=$!
fi
if [ -n "$last" ]; then wait "$last"; else wait; fi
