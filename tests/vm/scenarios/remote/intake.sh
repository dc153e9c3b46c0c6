# Nobody types anything; the script only looks.
look_again
check 'preflight decided remote' equal "$(cat /run/asl/mode)" remote
check 'as there is no local backend, and the endpoint answers and is approved' equal "$(record .decision.row) $(record .decision.approval)" 'auto-remote-approved config'
check 'the endpoint was asked over TLS, with its pin' equal "$(fact net.tls) $(fact net.http)" 'valid answers'
note "$(facts net.tls); $(facts net.http)"
check 'the run ends by itself' over 500
check 'sealed with bad ranges: exit status 3' equal "$(exit_status)" 3
check 'and the unit did not fail' equal "$(systemctl show --property=Result --value asl-intake)" success
check 'the status says so' holds "$(field .reason)" 'Sealed: snapshot'
show asl-intake status

pin=$(sed --quiet 's/^remote.pin = //p' /etc/asl/asl.conf)
check 'the journal names who approved' equal "$(transition approved-remote)" "approved by configuration: endpoint $(endpoint)/"
check 'the evidence of attaching names the certificate, and as whom we are known' equal "$(evidence attach '"\(.kind) \(.location) \(.certificate)"')" "remote $(endpoint)/ $pin"
note "$(evidence attach .server)"
check 'the token stands nowhere but in the credential' equal "$(grep --recursive --files-with-matches --fixed-strings --file=/etc/credstore/asl.remote.token /run/asl /var/lib/asl /var/log /etc/asl)" ''
check 'nor did the console or the journal get it' lacks "$(journalctl --boot --no-pager --output=cat)" "$(cat /etc/credstore/asl.remote.token)"
check 'neither the source nor the other disk was written to' equal "$(writes vda) $(writes vdb)" '0+0 0+0'
check 'no module was loaded, nothing imported or mounted' equal "$(pools)$(mounted)" ''
check 'the upper layer shows what was written' test -e "$upper/var/lib/asl/locks/intake.lock"
check 'the root took no write outside /var/lib/asl' equal "$(written_elsewhere)" ''
check 'no folder of /run outside /run/asl is ours' equal "$(strays_in_run)" ''
check 'no unit failed' equal "$(systemctl --failed --no-legend | grep --count asl)" 0
show journalctl --boot --no-pager --output=cat --unit=asl-intake --unit=asl-preflight
