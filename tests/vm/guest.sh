#!/bin/bash
# What every guest script begins with. A line "ok" or "FAILED" for each thing that must hold; the script's status is 1 if one did not.
# shellcheck disable=SC2317
set -u
failed=0
local=/mnt/asl/local

check() { # check WHAT COMMAND…
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok     $what"
    else
        failed=1
        echo "FAILED $what"
        echo "         $*: ${said:-said nothing}" | head -n 20
    fi
}

note() { echo "note   $*"; }

# Under emulation on a busy host a probe may run out of its seconds at boot. A person would decide again, and so does this; it is shown.
look_again() {
    local times=0 of=${1:-pool.candidate}
    until [ -e /run/asl/mode ] && ! jq --exit-status --arg of "$of" '.facts[] | select(.id == $of and .value == "unknown")' /run/asl/preflight.json >/dev/null; do
        [ $((times += 1)) -le 5 ] || return 1
        note "preflight is asked again, $(fact "$of" 2>/dev/null): $(facts "$of" 2>/dev/null)"
        systemctl restart asl-preflight
    done
}

# show COMMAND…: for whoever reads the output.
show() { echo "\$ $*"; "$@" 2>&1 | sed 's/^/    /'; }

equal() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
holds() { grep --quiet --fixed-strings -- "$2" <<<"$1" || { echo "'$2' is not in: $1"; return 1; }; } # holds TEXT PART
lacks() { ! grep --quiet --fixed-strings -- "$2" <<<"$1" || { echo "'$2' is in: $1"; return 1; }; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }' || { echo "$1 is more than $2"; return 1; }; }
not() { ! "$@"; }

status() { asl-intake status --json 2>/dev/null; }           # of the running intake, or from what lies on the disk
field() { status | jq --raw-output "$1 // empty"; }          # field .state
record() { jq --raw-output "$1 // empty" /run/asl/preflight.json; }
fact() { jq --raw-output --arg id "$1" '.facts[] | select(.id == $id) | .value' /run/asl/preflight.json; }
facts() { jq --raw-output --arg id "$1" '.facts[] | select(.id == $id) | .says' /run/asl/preflight.json; }
uptime_s() { cut --delimiter=' ' --fields=1 /proc/uptime; }

# await SECONDS STATE…: until intake is in one of these states, or has ended.
await() {
    local until=$((SECONDS + $1)) state= gone=0
    shift
    while ((SECONDS < until && gone < 5)); do
        state=$(field .state)
        for wanted in "$@"; do
            [ "$state" = "$wanted" ] && return 0
        done
        [ "$state" = NotRunning ] && gone=$((gone + 1))
        sleep 0.5
    done
    echo "after that time intake is in '$state': $(status)"
    return 1
}

# over SECONDS: until the unit has ended.
over() {
    local until=$((SECONDS + $1))
    while ((SECONDS < until)); do
        case $(systemctl show --property=ActiveState --value asl-intake) in
            inactive|failed) return 0 ;;
        esac
        sleep 0.5
    done
    echo "asl-intake still runs: $(status)"
    return 1
}

# stands STATE PART: the state, and a part of what the console is told about it.
stands() {
    local said
    said=$(asl-intake status 2>&1 | tr --squeeze-repeats ' \n' ' ')
    equal "$(field .state)" "$1" && holds "$said" "$2"
}

# shown SECONDS STATE PART: until one and the same screen shows both; attempts come and go between two of them.
shown() {
    local until=$((SECONDS + $1)) said=
    while ((SECONDS < until)); do
        said=$(asl-intake status 2>&1 | tr --squeeze-repeats ' \n' ' ')
        case $said in *"state $2 "*"$3"*) return 0 ;; esac
        sleep 0.2
    done
    echo "no screen of $2 with '$3'; the last one: $said"
    return 1
}

# Files outside of /var/lib/asl (and the system's own logs) that lie in the root's upper layer, which is all that was written to it since power-on,
# and are younger than preflight's start.
upper=/run/archiso/cowspace/upper
began() { systemctl show --property=ExecMainStartTimestamp --value asl-preflight; }
written_elsewhere() { find "$upper" -newermt "$(began)" -type f -not -path "$upper/var/lib/asl/*" -not -path "$upper/var/log/*" -printf '/%P '; }
strays_in_run() {
    find /run -newermt "$(began)" -name '*asl*' -not -path '/run/asl*' -not -path '/run/systemd/*' -not -path '/run/archiso/*' -not -path '/run/credentials*' -printf '%p '
}

# What the newest run's journal says: the reason of a transition, the content of an evidence, by a jq filter.
machine_journal() { tr --delete '\0' <"$(ls --sort=time /var/lib/asl/runtime/*/journal | head --lines=1)" | jq --raw-input --compact-output 'fromjson?'; }
transition() { machine_journal | jq --raw-output --arg trigger "$1" 'select(.kind == "transition" and .trigger == $trigger) | .reason'; }
evidence() { machine_journal | jq --raw-output --arg name "$1" "select(.kind == \"evidence\" and .name == \$name) | .text | fromjson | $2"; }
endpoint() { sed --quiet 's/^remote.endpoint = //p' /etc/asl/asl.conf; }

exit_status() { systemctl show --property=ExecMainStatus --value asl-intake; }
request() { field .request.id | cut --characters=1-8; }
pools() { zpool list -H -o name 2>/dev/null; }
mounted() { findmnt --noheadings --output=SOURCE "$local"; }
pool_state() { zdb -l "$1" | sed --quiet 's/^ *state: //p' | head --lines=1; } # 0 active, 1 exported
writes() { awk '{ print $5 "+" $7 }' "/sys/block/$1/stat"; }                   # requests and sectors, since the boot

# open_store: the pool as a person would open it to look, read-only; close_store gives it back.
open_store() {
    modprobe zfs && zpool import -N -o readonly=on -o cachefile=none -R /run/look rescuepool &&
        mount --types zfs --options zfsutil,ro rescuepool/asl "$local"
}
close_store() { umount "$local" && zpool export rescuepool; }

# same_but FILE DISK FROM-TO…: equal but for these 512-byte sectors.
same_but() {
    local file=$1 disk=$2
    shift 2
    equal "$(stat --format=%s "$file")" "$(blockdev --getsize64 "$disk" 2>/dev/null || stat --format=%s "$disk")" || return 1
    cmp --verbose "$file" "$disk" | awk -v bad="$*" '
        BEGIN { n = split(bad, range, " "); for (i = 1; i <= n; i++) { split(range[i], end, "-"); from[i] = end[1] * 512; to[i] = (end[2] + 1) * 512 } }
        { for (i = 1; i <= n; i++) if ($1 > from[i] && $1 <= to[i]) next; print "byte " $1 " differs"; wrong = 1; if (++count > 5) exit 1 }
        END { exit wrong }'
}
