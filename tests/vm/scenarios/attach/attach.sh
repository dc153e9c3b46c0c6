guid() { zdb -l "/dev/disk/by-id/virtio-$1-part1" | sed --quiet 's/^ *pool_guid: //p' | head --lines=1; }
configure() { # configure DISK LINE…: what a person would write, and start anew
    local pool
    pool=$(guid "$1")
    shift
    printf '%s\n' 'mode = auto' "local.pool = \"$pool\"" 'intake.sources = ["/dev/disk/by-id/virtio-crashed"]' "$@" >/etc/asl/asl.conf
    systemctl stop asl-intake
    systemctl reset-failed asl-intake
    systemctl restart asl-preflight
    look_again
    systemctl start asl-intake
}
gone() { equal "$(pools)" ''; }

# A mirror of which one half is missing.
configure mirror-a "local.approve-import = \"$(guid mirror-a)\""
check 'degraded: it is asked for, although the configuration approves' await 180 AwaitingApproval
check 'degraded: the table demands a person' equal "$(record .decision.approval) $(fact pool.health)" 'required degraded'
check 'degraded: and says why not by configuration' holds "$(field .request.whyNotByConfiguration)" 'lacks a device'
check 'degraded: the console says what there is to confirm' stands AwaitingApproval 'warning the pool lacks a device'
asl-intake approve "$(request)" >/dev/null
check 'degraded: the run ends' over 400
check 'degraded: it is sealed' equal "$(exit_status)" 0
check 'degraded: the pool is exported' gone

# A dataset that its owner made read-only.
configure readonly
check 'read-only: it is asked for' await 180 AwaitingApproval
asl-intake approve "$(request)" >/dev/null
check 'read-only: intake does not overrule that, and says so' shown 180 Retrying 'dataset rescuepool/asl is read-only'
show asl-intake status
asl-intake cancel >/dev/null
check 'read-only: the run ends' over 150
check 'read-only: the pool is exported' gone

# A pool that an operator imported read-only.
configure rescue
zpool import -N -o readonly=on -o cachefile=none "$(guid rescue)"
check 'imported read-only: it is asked for' await 180 AwaitingApproval
asl-intake approve "$(request)" >/dev/null
check 'imported read-only: nothing is written, and it is said' shown 180 Retrying read-only
show asl-intake status
asl-intake cancel >/dev/null
check 'imported read-only: the run ends' over 150
check 'imported read-only: the pool is left as it was' equal "$(pools)" rescuepool
zpool export rescuepool

# No room.
configure full
check 'full: it is asked for' await 180 AwaitingApproval
asl-intake approve "$(request)" >/dev/null
check 'full: it is tried again, and the reason is told' shown 120 Retrying 'o space left'
show asl-intake status
asl-intake cancel >/dev/null
check 'full: the run ends' over 150
check 'full: the pool is exported' gone

# Encrypted: the key is nobody's but the operator's.
configure encrypted
check 'encrypted: it is asked for' await 180 AwaitingApproval
asl-intake approve "$(request)" >/dev/null
check 'encrypted: without the key it waits, and says what is missing' shown 180 Retrying 'key is not loaded'
show asl-intake status
give() { # give KEY: one attempt may be under way, for which it comes too late
    local times=0
    until printf '%s' "$1" | asl-intake key >/dev/null 2>&1; do [ $((times += 1)) -le 50 ] || return 1; sleep 0.2; done
}
check 'encrypted: a wrong key is taken' give 'wrong horse battery'
check 'encrypted: and told' shown 60 Retrying 'cannot be loaded'
check 'encrypted: the right key is taken' give 'correct horse battery'
check 'encrypted: with the key the run ends' over 400
check 'encrypted: it is sealed' equal "$(exit_status)" 0
check 'encrypted: the pool is exported, the key with it' gone
check 'encrypted: the journal says who gave it' holds "$(cat /var/lib/asl/runtime/*/journal)" key-given
check 'encrypted: the key is nowhere' equal "$(grep --recursive --files-with-matches 'correct horse' /var/lib/asl /run/asl /etc/asl | xargs)" ''

# Imported by the operator.
configure rescue
zpool import -N -o cachefile=none "$(guid rescue)"
systemctl restart asl-preflight
check 'imported: preflight sees it' equal "$(record .target.poolState)" imported
check 'imported: it is asked for' await 180 AwaitingApproval
asl-intake approve "$(request)" >/dev/null
check 'imported: the run ends' over 400
check 'imported: it is sealed' equal "$(exit_status)" 0
check 'imported: only what intake mounted is gone' equal "$(pools) $(mounted)" 'rescuepool '

# Mounted by the operator.
mount --types zfs --options zfsutil rescuepool/asl "$local"
configure rescue
check 'mounted: preflight sees it' equal "$(record .decision.localRow)$(fact local.mount)" "$(record .decision.localRow)right"
check 'mounted: it is asked for' await 180 AwaitingApproval
asl-intake approve "$(request)" >/dev/null
check 'mounted: the run ends' over 400
check 'mounted: it is sealed' equal "$(exit_status)" 0
check 'mounted: it is left mounted' equal "$(pools) $(mounted)" 'rescuepool rescuepool/asl'
check 'all the snapshots are whole' asl-admin verify --data --store "$local"
check 'the source was not written to' equal "$(writes vdf)" 0+0
