# What the holder of the disks can do. Read by its shell before it waits for commands; needs SYS_ADMIN, MKNOD and the device rules.

# make_disk NAME FILESYSTEM BYTES: a sparse file, a loop device on it, a filesystem on that. Says the device.
# The shell keeps the device open, and the kernel detaches it by itself when the last user is gone: the mount, and this shell.
make_disk() {
  local file=/disks/$1 number fd status
  truncate -s "$3" "$file" || return
  [ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237 || return
  for _ in {1..50}; do
    number=$(free_loop) || return
    [ -e "/dev/loop$number" ] || mknod "/dev/loop$number" b $(tr : ' ' <"/sys/block/loop$number/dev") || return
    exec {fd}<>"/dev/loop$number" || return
    attach "$fd" "$file"; status=$?
    [ $status = 0 ] && break
    exec {fd}>&-
    [ $status = 16 ] || return $status # EBUSY: somebody else has taken it meanwhile
  done
  [ $status = 0 ] || return $status
  case $2 in
    # The file is all zeros already. lost+found would stand where the node expects an empty disk.
    ext4) mkfs.ext4 -q -F -E nodiscard,assume_storage_prezeroed=1 "/dev/loop$number" && debugfs -w -R 'rmdir lost+found' "/dev/loop$number" 2>/dev/null ;;
    xfs) mkfs.xfs -q -K "/dev/loop$number" ;;
    *) echo "no filesystem is called $2"; return 64 ;;
  esac || return
  echo "/dev/loop$number"
}

# LOOP_CTL_GET_FREE. losetup -f would want the device's node, which this container may not have yet.
free_loop() { perl -e 'open(my $control, "+<", "/dev/loop-control") or die "/dev/loop-control: $!\n"; my $n = ioctl($control, 0x4C82, 0) or die "LOOP_CTL_GET_FREE: $!\n"; print $n + 0'; }

# attach FD FILE: LOOP_CONFIGURE with LO_FLAGS_AUTOCLEAR. losetup sets that flag only afterwards, and a kill in between would leave the device behind.
attach() {
  perl -e 'open(my $loop, "+<&=", $ARGV[0]) or die "the loop device: $!\n";
    open(my $file, "+<", $ARGV[1]) or die "$ARGV[1]: $!\n";
    my $info = pack("Q5 L4 a63x a64 a32 Q2", 0, 0, 0, 0, 0, 0, 0, 0, 4, $ARGV[1], "", "", 0, 0);
    exit 0 if ioctl($loop, 0x4C0A, pack("L2 a232 Q8", fileno($file), 0, $info, (0) x 8));
    exit 16 if $! == 16;
    die "LOOP_CONFIGURE: $!\n"' "$@"
}

# mounted DEVICE: says where its filesystem is known to the kernel; nothing once the last mount of it is gone.
mounted() { compgen -G "/sys/fs/*/${1#/dev/}" || true; }

# forget DEVICE FILE: what memory still holds of an unmounted disk goes. Refuses a device that is not this file's.
forget() {
  [ "$(cat "/sys/block/${1#/dev/}/loop/backing_file")" = "/disks/$2" ] || { echo "$1 is no longer the disk $2"; return 1; }
  blockdev --flushbufs "$1"
}
