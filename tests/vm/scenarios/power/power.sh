# Tells the host where the run stands, for as long as there is power; then looks whether all is there.
# A pool that a power cut left behind is one that nobody exported: each time a person says yes to that.
look_again
(while sleep 1; do asked=$(request) && [ -n "$asked" ] && asl-intake approve "$asked" >/dev/null 2>&1; done) &
yes_man=$!
until systemctl is-active --quiet asl-intake; do sleep 0.2; done
# Asked anew each time: a stream would lag behind what the disk's counter says now.
while systemctl is-active --quiet asl-intake; do
    at=$(status | jq --compact-output 'select(.progress) | {run, done: .progress.bytesDone, durable: .progress.durableBytes}')
    [ -z "$at" ] || echo "at ${at%\}},\"size\":$(blockdev --getsize64 /dev/vdb),\"sectors\":$(awk '{ print $3 }' /sys/block/vdb/stat)}"
    sleep 0.3
done
check 'the run ends' over 500
kill "$yes_man"
[ "$(exit_status)" = 0 ] && echo "sealed $(field .run)"
sleep 2
check 'the status tells of the run that is sealed' holds "$(field .reason)" 'it is Sealed'
check 'it is sealed' equal "$(exit_status)" 0
check 'the pool is exported' equal "$(pools) $(pool_state /dev/vda1)" ' 1'
check 'the pool can be opened' open_store
check 'verify reads every byte and finds no damage' asl-admin verify --data --store "$local"
note "snapshots: $(asl-admin snapshots --json --store "$local" | jq length), runs: $(find "$local/logs" -path '*/runs/*' -prune -printf '%f ' | wc --words)"
check 'the image can be restored' asl-admin restore latest --to /root/restored --store "$local"
check 'and is the disk' cmp "$(find /root/restored -type f -size +1M)" /dev/vdb
check 'zpool scrub agrees' equal "$(zpool status rescuepool | grep --count 'errors: No known data errors')" 1
check 'the source was not written to' equal "$(writes vdb)" 0+0
close_store
