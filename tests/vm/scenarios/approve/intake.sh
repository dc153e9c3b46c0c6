# What must hold before anybody has said yes.
look_again
check 'intake asks by itself, with no keypress' await 180 AwaitingApproval
check 'preflight decided local' equal "$(cat /run/asl/mode)" local
check 'by the pool that was exported' equal "$(record .target.pool) $(record .target.poolState)" 'rescuepool exported'
check 'the request names the pool by name and guid' holds "$(field .request.backend)" "pool rescuepool (guid $(record .target.poolGuid))"
check 'the console says the same' stands AwaitingApproval 'pool rescuepool'
check 'nothing is imported' equal "$(pools)" ''
check 'nothing is mounted' equal "$(mounted)" ''
check 'the pool is untouched' equal "$(pool_state /dev/vda1) $(writes vda)" '1 0+0'
check 'an approval of something else is refused' not asl-intake approve 00000000
show asl-intake status

# The operator.
check 'the operator approves' asl-intake approve "$(request)"
check 'intake takes in' await 150 Ingesting NotRunning
check 'only the one dataset is mounted' equal "$(findmnt --noheadings --list --types zfs --output=TARGET,SOURCE | tr --squeeze-repeats ' ')" "$local rescuepool/asl"
check 'the pool came in by guid, apart, without a cache file' equal "$(zpool get -H -o value altroot,cachefile rescuepool | xargs)" '/run/asl/altroot none'
check 'the run ends' over 400
check 'sealed with bad ranges: exit status 3' equal "$(exit_status)" 3
check 'and the unit did not fail' equal "$(systemctl show --property=Result --value asl-intake)" success
check 'the status says so' holds "$(field .reason)" 'Sealed: snapshot'
show asl-intake status

# What must hold afterwards.
check 'the pool is exported' equal "$(pools) $(pool_state /dev/vda1)" ' 1'
check 'nothing is mounted' equal "$(mounted)" ''
check 'the source was not written to' equal "$(writes vdb)" 0+0
check 'no unit failed' equal "$(systemctl --failed --no-legend | grep --count asl)" 0
show journalctl --boot --no-pager --output=cat --unit=asl-intake --unit=asl-preflight
show sh -c "journalctl --boot --no-pager --output=cat | grep --extended-regexp 'run-u[0-9]+|zpool|zfs' | tail --lines=30"
