# Nobody types anything; the script only looks.
look_again
check 'the run ends by itself' over 500
check 'sealed with bad ranges: exit status 3' equal "$(exit_status)" 3
check 'the decision was by configuration' equal "$(record .decision.approval)" config
journal=$(echo /var/lib/asl/runtime/*/journal)
check 'the journal names who approved' holds "$(cat "$journal")" 'approved by configuration'
check 'no module was loaded before the approval' holds "$(journalctl --boot --no-pager --output=cat)" 'modprobe zfs'
check 'the pool is exported' equal "$(pools) $(pool_state /dev/vda1)" ' 1'
check 'neither the source nor the other disk was written to' equal "$(writes vdb) $(writes vdc)" '0+0 0+0'
check 'the pool that was not meant was not even imported' lacks "$(journalctl --boot --no-pager --output=cat)" tank

check 'the upper layer shows what was written' test -e "$upper/var/lib/asl/locks/intake.lock"
check 'the root took no write outside /var/lib/asl' equal "$(written_elsewhere)" ''
note "files in /var/lib/asl: $(find /var/lib/asl -type f -printf '%P ')"
note "files in /run/asl: $(find /run/asl -printf '%P ')"
check 'no folder of /run outside /run/asl is ours' equal "$(strays_in_run)" ''
show asl-intake status
check 'the pool can be opened' open_store
check 'verify reads every byte and finds no damage' asl-admin verify --data --store "$local"
close_store
show journalctl --boot --no-pager --output=cat --unit=asl-intake --unit=asl-preflight
