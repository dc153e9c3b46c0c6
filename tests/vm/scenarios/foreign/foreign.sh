configure() { # configure LINE…: what a person would write, and start anew
    printf '%s\n' 'mode = auto' 'intake.sources = ["/dev/vdb"]' "$@" >/etc/asl/asl.conf
    systemctl stop asl-intake
    systemctl restart asl-preflight
    look_again
    systemctl start asl-intake
}
look_again
guid=$(record '.pools[0].guid')
check 'its label has our hostid' equal "$(record '.pools[0].ownerHostId')" "$((16#$(hostid)))"
check 'and still it is foreign' equal "$(record '.pools[0].state') $(record '.pools[0].ownerHostName')" 'foreign oldbox'

# Nobody named it: it is most likely what is to be rescued.
check 'unnamed, it is no backend: preflight waits' equal "$(cat /run/asl/mode)" wait
check 'nothing is imported' equal "$(pools)" ''

# Named and approved by name: that is not enough.
configure 'local.pool = rescuepool' 'local.approve-import = rescuepool'
check 'named, it is asked for' await 180 AwaitingApproval
shown 60 AwaitingApproval 'by hand' # The question stands a moment before the configuration's answer to it does.
check 'the request names the guid' holds "$(field .request.backend)" "$guid"
check 'the warning names the owner' holds "$(field .request.warning)" oldbox
check 'an approval of the name is not one of a foreign pool' holds "$(field .request.whyNotByConfiguration)" "$guid@oldbox"
check 'the console shows all that' stands AwaitingApproval oldbox
check 'nothing is imported, nothing written' equal "$(pools) $(writes vda)" ' 0+0'
show asl-intake status

check 'a person approves' asl-intake approve "$(request)"
check 'the run ends' over 400
check 'it is sealed' equal "$(exit_status)" 0
check 'imported by force, as approved' holds "$(cat /var/lib/asl/runtime/*/journal)" '\"force\":true'
check 'the pool is exported' equal "$(pools) $(pool_state /dev/vda1)" ' 1'
check 'the source was not written to' equal "$(writes vdb)" 0+0
show asl-intake status
