#!/bin/bash
# Makes the pools that the scenarios begin with, by the guest's own OpenZFS, once; each disk is then kept in the cache.
# Every dataset but asl is one that must never be mounted: other would come to lie over the root of the live system.
set -u
failed=0
pool() { # pool NAME [OPTION…] DISK…
    zpool create -f -o ashift=12 -o cachefile=none -O mountpoint=none -O compression=lz4 "$@" || failed=1
    zfs create -o mountpoint=/mnt/asl/elsewhere -o canmount=noauto "$1/asl" || failed=1
    zfs create -o mountpoint=/ -o canmount=on -u "$1/other" || failed=1
}
disk() { echo "/dev/disk/by-id/virtio-$1"; }

hostname oldbox
zgenhostid -f 00bab10c
modprobe zfs
pool rescuepool "$(disk rescue)"
zpool export rescuepool
pool second "$(disk second)"
zpool export second
pool rescuepool mirror "$(disk mirror-a)" "$(disk mirror-b)"
zpool export rescuepool
pool tank "$(disk tank)"
zpool export tank

pool rescuepool "$(disk full)"
zfs create -o mountpoint=/mnt/fill rescuepool/fill
dd if=/dev/urandom of=/mnt/fill/fill bs=1M status=none 2>/dev/null
zfs unmount rescuepool/fill
zpool export rescuepool

pool rescuepool "$(disk readonly)"
zfs set readonly=on rescuepool/asl
zpool export rescuepool

zpool create -f -o ashift=12 -o cachefile=none -O mountpoint=none rescuepool "$(disk encrypted)"
echo 'correct horse battery' | zfs create -o encryption=on -o keyformat=passphrase -o mountpoint=/mnt/asl/elsewhere -o canmount=noauto rescuepool/asl || failed=1
zpool export rescuepool

# The crashed machine's own pool, never exported, and a hostid that is that of the live system (which has no /etc/hostid).
rmmod zfs && rmmod spl 2>/dev/null
rm -f /etc/hostid
zgenhostid -f 007f0101
modprobe zfs
pool rescuepool "$(disk foreign)"
zpool sync rescuepool
zdb -l "$(disk foreign)-part1" | grep --extended-regexp 'hostid|hostname|state'
sync
touch /run/vmtest/poweroff-hard
echo "pools are made, failures: $failed"
exit $failed
