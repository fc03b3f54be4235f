# Part of boot.sh: the gateway's zone and user, then the gateway. Leaves its process as $!.
admin() { radosgw-admin --name client.rgw.a "$@" >/dev/null 2>/run/ceph/admin.log || { cat /run/ceph/admin.log >&2 && return 1; }; }

# The pools are made by the monitor's node; a gateway that finds none makes its own, of another kind.
until rados --name client.rgw.a lspools 2>/dev/null | grep -q "^$LAST_POOL\$"; do :; done

radosgw -f --name client.rgw.a &
gateway=$!
if [ "${OWNS_USER:-}" = yes ] && [ ! -e "$DISK/user" ]; then
  admin metadata put user:blackstart --infile /blackstart/user.json
  : >"$DISK/user"
fi
