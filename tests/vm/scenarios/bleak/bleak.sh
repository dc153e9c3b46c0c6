seconds() { # of wall time that preflight took, as the service manager saw it
    systemctl show --property=ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic --value asl-preflight | xargs |
        awk '{ printf "%.1f", ($2 > $1 ? $2 - $1 : $1 - $2) / 1e6 }'
}
again() { # again LINE…: another configuration, decided anew
    printf '%s\n' "$@" >/etc/asl/asl.conf
    systemctl restart asl-preflight
    look_again
}
network() { jq '.probes[] | select(.name == "network") | .milliseconds / 1000' /run/asl/preflight.json; }
says() { # says TEXT: the screen does, within a minute
    local until=$((SECONDS + 60)) said=
    [ -n "$1" ] || return 1
    while ((SECONDS < until)); do
        said=$(asl-intake status 2>&1 | tr --squeeze-repeats ' \n' ' ')
        case $said in *"$1"*) return 0 ;; esac
        sleep 0.5
    done
    echo "no screen with '$1'; the last one: $said"
    return 1
}
# The budget of 30 s is that of the probes; held here with the start of the program, emulated or not.
decided() { # decided WHAT MODE ROW
    check "$1: $2 by $3" equal "$(cat /run/asl/mode) $(record .decision.row)" "$2 $3"
    check "$1: in time ($(seconds) s)" at_most "$(seconds)" 30
    check "$1: the screen says why: $(record .decision.because)" says "$(record .decision.because)"
}
look_again
before=$(cat /proc/modules /proc/self/mounts | cut --delimiter=' ' --fields=1,2,3,4 | sort)

decided 'a card without DHCP, two pools' wait auto-unclear
check 'no address is an answer' equal "$(fact net.link) $(fact net.address)" 'yes no'
check "no DHCP: within 20 s ($(network) s)" at_most "$(network)" 20
check 'two pools: several' equal "$(fact pool.candidate)" several
check 'the clock is not believed' not equal "$(fact clock.sane)" yes
note "the clock says $(date --utc --iso-8601=seconds): $(facts clock.sane)"
check 'the console says why' stands Detecting 'which local backend'

date --utc --set='2027-01-01' >/dev/null
for card in /sys/class/net/*/device; do echo 1 >"$(dirname "$(readlink --canonicalize "$card")")/remove"; done
check 'the card is gone' equal "$(ip --brief link | grep --count --invert-match '^lo')" 0

again 'remote.endpoint = https://asl-backend' 'mode = auto'
decided 'no card, two pools' wait auto-unclear
check 'no link' equal "$(fact net.link)" no
check "no link: within 2 s ($(network) s)" at_most "$(network)" 2
check 'the clock is right' equal "$(fact clock.sane)" yes

again 'local.pool = second' 'mode = auto'
decided 'one of the two named' local auto-local-ask
again 'local.pool = nosuchpool' 'mode = local'
decided 'local without its pool' wait local-impossible
again 'mode = remote' 'remote.endpoint = https://asl-backend'
decided 'remote without a network' remote remote-ask
again 'mode = remote'
decided 'remote without an endpoint' wait remote-impossible
again 'mode = nonsense'
decided 'a configuration that is none' wait config-unreadable

# A dead mount: a file system whose server never answers. Whoever touches it hangs.
exec 9<>/dev/fuse
mount --internal-only --types fuse --options fd=9,rootmode=40000,user_id=0,group_id=0 dead /mnt/asl/remote
check 'the mount is dead' not timeout 2 ls /mnt/asl/remote
again 'local.pool = second' 'mode = auto'
decided 'a dead mount at /mnt/asl/remote' local auto-local-ask
umount --lazy /mnt/asl/remote
exec 9<&-

check 'mounts and modules are those of before' equal "$(cat /proc/modules /proc/self/mounts | cut --delimiter=' ' --fields=1,2,3,4 | sort | diff - <(echo "$before") | grep -v fuse)" ''
check 'no disk was written to' equal "$(writes vda) $(writes vdb)" '0+0 0+0'

# Without the module; then without the tools.
rmmod zfs 2>/dev/null
find "/usr/lib/modules/$(uname --kernel-release)" -name 'zfs.ko*' -delete && depmod
again 'local.pool = second' 'mode = auto'
decided 'no module' wait auto-nothing
check 'the row of the local backend says so' holds "$(asl-admin explain)" 'no ZFS module that fits'
rm --force /usr/sbin/zpool /usr/sbin/zfs /usr/sbin/zdb
again 'local.pool = second' 'mode = auto'
decided 'no ZFS at all' wait auto-nothing
check 'the row of the local backend says so' holds "$(asl-admin explain)" 'the ZFS tools are not installed'
show asl-admin preflight --report
show journalctl --boot --no-pager --output=cat --unit=asl-preflight
