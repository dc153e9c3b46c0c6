look_again
note "memory: $(awk '/MemTotal/ { print $2 " kB" }' /proc/meminfo)"
check 'the run ends' over 1500
check 'it is sealed' equal "$(exit_status)" 0
check 'nothing was killed for memory' equal "$(journalctl --boot --no-pager --output=cat | grep --count --ignore-case 'out of memory')" 0
check 'the source was not written to' equal "$(writes vdb)" 0+0
note "most memory of the unit: $(systemctl show --property=MemoryPeak --value asl-intake 2>/dev/null)"
note "sealed after $(uptime_s) s since power-on"
check 'the pool can be opened' open_store
check 'verify reads every byte and finds no damage' asl-admin verify --data --store "$local"
check 'the image is the disk' equal "$(asl-admin show latest --json --store "$local" | jq --raw-output '.sources[0].image.sha256')" "$(sha256sum /dev/vdb | cut --delimiter=' ' --fields=1)"
close_store
