look_again
check 'the run of before is known, from the stick' await 180 AwaitingApproval
check 'it is the same one' equal "$(field .run)" "$(cat /var/lib/asl/cache/run)"
check 'the approval of another boot does not count' equal "$(field .state)" AwaitingApproval

# No room while it goes on: the journal has its own, and only the note that the run is over has none.
fill() { dd if=/dev/zero of=/var/lib/asl/cache/filler bs=4k status=none 2>/dev/null; not cp /etc/passwd /var/lib/asl/cache/; }
check '/var/lib/asl is full' fill
asl-intake approve "$(request)" >/dev/null
check 'the run ends' over 400
check 'sealed; exit status 3, as it could not be marked as over' equal "$(exit_status)" 3
check 'and says so' holds "$(journalctl --boot --no-pager --output=cat --unit=asl-intake)" 'cannot be marked as over'
show asl-intake status
check 'the source was not written to' equal "$(writes vdb)" 0+0
rm /var/lib/asl/cache/filler
systemctl start asl-intake
check 'with room, that is made up for' over 150
check 'and it ends well' equal "$(exit_status)" 0

# No room for the journal of another run: intake waits, says why, and goes on by itself.
check '/var/lib/asl is full again' fill
systemctl start asl-intake
check 'without room no run begins, and the console says so' holds "$(asl-intake status | tr --squeeze-repeats ' \n' ' ')" 'waiting for room'
show asl-intake status
show systemctl status --no-pager asl-intake
rm /var/lib/asl/cache/filler
check 'with room it goes on' await 180 AwaitingApproval
asl-intake cancel >/dev/null
check 'and ends' over 150
check 'the pool can be opened' open_store
check 'verify reads every byte and finds no damage' asl-admin verify --data --store "$local"
check 'the image is the disk' equal "$(asl-admin show latest --json --store "$local" | jq --raw-output '.sources[0].image.sha256')" "$(sha256sum /dev/vdb | cut --delimiter=' ' --fields=1)"
close_store

# State on a source: preflight says so, intake refuses to begin, and neither writes there.
printf '%s\n' 'mode = auto' 'local.pool = rescuepool' 'intake.sources = ["/dev/vdc"]' >/etc/asl/asl.conf
before=$(find /var/lib/asl -type f -exec sha256sum {} + | sort)
systemctl restart asl-preflight
systemctl start asl-intake
sleep 8
check 'state on a source is seen' equal "$(fact state.apart)" no
check 'intake refuses to begin, and is not started again' equal "$(exit_status) $(systemctl is-active asl-intake) $(systemctl show --property=NRestarts --value asl-intake)" '16 failed 0'
check 'and says why' holds "$(journalctl --boot --no-pager --output=cat --unit=asl-intake --lines=20)" /dev/vdc
show journalctl --boot --no-pager --output=cat --unit=asl-preflight --lines=8
show journalctl --boot --no-pager --output=cat --unit=asl-intake --lines=8
check 'and nothing was written there' equal "$(find /var/lib/asl -type f -exec sha256sum {} + | sort)" "$before"
