# Part of boot.sh: the gateway's zone and users, then the gateway. Leaves its process as $!.
admin() { radosgw-admin --name client.rgw.a "$@" >/run/ceph/admin.out 2>/run/ceph/admin.log || { cat /run/ceph/admin.log >&2 && return 1; }; }
# Of the programs that speak with another site none takes keys from a file: they stand in the environment of that one process.
admin_with_keys() { CEPH_ARGS=$(cat /blackstart/sync.args) admin "$@"; }

# The pools are made by the monitor's node; a gateway that finds none makes its own, of another kind.
until rados --name client.rgw.a lspools 2>/dev/null | grep -q "^$LAST_POOL\$"; do :; done

if [ "${SITE:-}" = master ] && [ ! -e "$DISK/realm" ]; then
  here=http://$OWN:$PORT
  admin realm create --rgw-realm=blackstart --default
  admin zonegroup create --rgw-zonegroup=blackstart --endpoints="$here" --master --default
  admin_with_keys zone create --rgw-zonegroup=blackstart --rgw-zone="$ZONE" --endpoints="$here" --master --default
  admin period update --commit
  : >"$DISK/realm"
elif [ "${SITE:-}" = second ] && [ ! -e "$DISK/realm" ]; then
  master=
  while [ -z "$master" ]; do master=$(address "$MASTER") || true; done
  until admin_with_keys realm pull --url="http://$master:$PORT" --default 2>/dev/null; do sleep 0.2; done
  admin_with_keys zone create --rgw-zonegroup=blackstart --rgw-zone="$ZONE" --endpoints="http://$OWN:$PORT" --default
  admin period update --commit
  : >"$DISK/realm"
fi

radosgw -f --name client.rgw.a &
gateway=$!
if [ "${OWNS_USERS:-}" = yes ] && [ ! -e "$DISK/users" ]; then
  for user in /blackstart/user.*; do admin metadata put "user:${user##*/user.}" --infile "$user"; done
  : >"$DISK/users"
fi
