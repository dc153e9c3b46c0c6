# Ordered remote, and nobody is at the endpoint.
look_again
check 'ordered remote, it stays remote' equal "$(cat /run/asl/mode) $(record .decision.row)" 'remote remote-approved'
check 'though the endpoint does not answer' equal "$(fact remote.answer)" no-tcp
check 'intake tries again by itself' await 180 Retrying
check 'and says why' holds "$(journalctl --boot --no-pager --output=cat --unit=asl-intake)" 'refused'
show asl-intake status
echo 'host server start'
check 'when the server is there it takes in' await 180 Ingesting

# Killed while the last block is on its way: all that was to be read is read by then, and at 2 MiB/s 12 MB take six seconds.
all_read() { [ "$(field .progress.readBytes)" -ge 33000000 ] 2>/dev/null || [ "$(field .state)" = NotRunning ]; }
for _ in {1..600}; do all_read && break; sleep 0.2; done
echo 'host server kill'
check 'cut off, it repeats the request for some seconds and then tries again from the attaching on' await 90 Retrying
show asl-intake status
echo 'host server start'
check 'the run ends by itself' over 500
check 'sealed, the bad ranges of the first time read by now: exit status 0' equal "$(exit_status)" 0
show asl-intake status
check 'one approval, by configuration' equal "$(transition approved-remote)" "approved by configuration: endpoint $(endpoint)/"
check 'neither source was written to' equal "$(writes vda) $(writes vdb)" '0+0 0+0'
check 'the root took no write outside /var/lib/asl' equal "$(written_elsewhere)" ''
show journalctl --boot --no-pager --output=cat --unit=asl-intake --unit=asl-preflight
