again() { printf '%s\n' "$@" >/etc/asl/asl.conf; systemctl restart asl-preflight; }
look_again
check 'intake asks for the local pool' await 180 AwaitingApproval
check 'the endpoint does not answer, which is no failure of the boot' equal "$(cat /run/asl/mode) $(fact net.address) $(fact remote.answer)" 'local yes no-tcp'
note "$(facts net.tcp)"
check 'the boot came to an end' equal "$(systemctl is-system-running --wait)" running

again 'mode = remote' 'remote.endpoint = https://10.0.2.2:1'
check 'ordered remote, it stays remote' equal "$(cat /run/asl/mode) $(record .decision.row)" 'remote remote-ask'
again 'mode = remote' 'remote.endpoint = https://no-such-host.invalid' 'remote.approve = true'
look_again remote.answer # The host's name server may be slow.
check 'a name that is not known' equal "$(fact remote.answer)" no-dns
note "$(facts net.dns)"

# Times, five runs each, without the network; the first of either has cold caches.
printf '%s\n' 'mode = local' >/etc/asl/asl.conf
run() { # run NAME COMMAND…: the smallest and the middle of five, wall and CPU, in milliseconds
    local name=$1 times=()
    shift
    for _ in 1 2 3 4 5; do
        times+=("$( { TIMEFORMAT='%R %U %S'; time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ printf "%d %d", $1 * 1000, ($2 + $3) * 1000 }')")
    done
    printf '%s\n' "${times[@]}" | sort --numeric-sort | awk -v name="$name" '{ wall[NR] = $1; cpu[NR] = $2 }
        END { printf "%s: wall %d ms at best, %d ms in the middle; CPU %d ms in the middle run\n", name, wall[1], wall[3], cpu[3] }'
}
note "$(run 'preflight' asl-admin preflight --report)"
note "$(run 'of that, the start of the program' asl-admin --version)"
note "of that, waiting for: $(asl-admin preflight --report --json | jq --raw-output '[.probes[] | "\(.name) \(.milliseconds | round)"] + [[.facts[].evidence[] | select(.milliseconds) | "\(.looked) \(.milliseconds | round)"] | unique[]] | join(", ")') ms"
identify() { rm --recursive --force /run/cloud-init; /opt/ds-identify --force; }
mkdir --parents /etc/cloud
note "$(run 'ds-identify' identify)"
note "preflight at boot: $(systemctl show --property=ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic,CPUUsageNSec --value asl-preflight | xargs)"
jq --raw-output '.probes[] | "note   probe \(.name): \(.milliseconds // .elapsed // .) ms"' /run/asl/preflight.json
show systemd-analyze time
