#!/usr/bin/env bash
# s3-engine.sh - a real one-node Ceph cluster (mon + N OSDs + RADOS gateway) on
# loopback, for tests that need a distributed object store speaking S3.
#
#   s3-engine.sh install              apt-get the Debian packages (needs root)
#   s3-engine.sh start DIR PORT       create DIR (or reuse it) and start; S3 on 127.0.0.1:PORT
#   s3-engine.sh stop DIR             stop what start recorded in DIR/pid, nothing else
#   s3-engine.sh env DIR              print S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY, S3_REGION
#   s3-engine.sh status DIR           daemons, pids, RSS, cluster state
#   s3-engine.sh crash DIR NAME       kill -9 one daemon (osd.0, osd.1, ..., mon.a, rgw)
#   s3-engine.sh revive DIR NAME      start that daemon again
#
# Read at the first start of a DIR, then fixed in it:
#   S3_OSDS=3            OSDs; 1 gives size 1, 2 or more give size 2 / min_size 1
#   S3_STORE=bluestore   or memstore (RAM only: a crashed OSD comes back empty)
#   S3_OSD_GB=20         size of each OSD's sparse file (memstore: of its RAM), GiB
#   S3_ACCESS_KEY, S3_SECRET_KEY   keys of the one user
#
# The ports PORT+1 (mon) .. PORT+60 (OSDs) on 127.0.0.1 are used as well.
# No systemd, no /etc/ceph, no /var/lib/ceph, no authentication between daemons:
# everything is under DIR, and anyone on this host may talk to the daemons.
set -euo pipefail

PACKAGES=(ceph-mon ceph-osd radosgw ceph-common)

die() { echo "s3-engine: $*" >&2; exit 1; }
say() { echo "s3-engine: $*" >&2; }

usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

# ---- processes ---------------------------------------------------------------
# A pid file holds "PID STARTTIME"; the start time (field 22 of /proc/PID/stat)
# makes sure that a recycled pid is never taken for ours.

starttime() { # PID
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  set -- $stat
  [ "$1" != Z ] || return 1
  echo "${20}"
}

alive() { # NAME -> sets PID
  local pid start now
  PID=
  [ -s "$DIR/pid/$1" ] || return 1
  read -r pid start <"$DIR/pid/$1"
  now=$(starttime "$pid") || return 1
  [ "$now" = "$start" ] || return 1
  PID=$pid
}

spawn() { # NAME COMMAND...
  local name=$1 pid
  shift
  if alive "$name"; then return 0; fi
  # 9 is the lock of this script; a daemon must not inherit it.
  setsid "$@" </dev/null >>"$DIR/log/$name.out" 2>&1 9>&- &
  pid=$!
  echo "$pid $(starttime "$pid")" >"$DIR/pid/$name" || die "$name did not start: $DIR/log/$name.out"
}

spawn_daemon() { # mon.a | osd.N | rgw
  case $1 in
    mon.a) spawn "$1" ceph-mon -f -c "$CONF" -i a ;;
    osd.*) spawn "$1" ceph-osd -f -c "$CONF" -i "${1#osd.}" ;;
    rgw) spawn "$1" radosgw -f -c "$CONF" -n client.rgw ;;
    *) die "no such daemon: $1" ;;
  esac
}

terminate() { # NAME...: SIGTERM all, SIGKILL what is left after 20 s
  local name n
  for name in "$@"; do
    if alive "$name"; then kill -TERM "$PID" 2>/dev/null || true; fi
  done
  for name in "$@"; do
    for ((n = 0; n < 200; n++)); do
      alive "$name" || break
      sleep 0.1
    done
    if alive "$name"; then
      say "$name ignores SIGTERM, SIGKILL"
      kill -KILL "$PID" 2>/dev/null || true
      while alive "$name"; do sleep 0.05; done
    fi
    rm -f "$DIR/pid/$name"
  done
}

need_alive() {
  local name
  for name in "$@"; do
    alive "$name" || die "$name died; see $DIR/log/$name.log and $DIR/log/$name.out"
  done
}

# ---- cluster -----------------------------------------------------------------

ceph_() { timeout 180 ceph -c "$CONF" --connect-timeout 30 "$@"; }

http_ok() {
  local line
  exec 7<>"/dev/tcp/127.0.0.1/$PORT" || return 1
  printf 'GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&7
  read -r -t 5 line <&7 || line=
  exec 7>&-
  [[ $line == HTTP/1.*\ 200* ]]
}

write_conf() {
  local size=2 fast=true
  [ "$OSDS" -gt 1 ] || size=1
  [ "$STORE" != memstore ] || fast=false # it saves its objects in a slow shutdown only
  # A unix socket's path has at most 107 characters.
  local socket="$DIR/\$name.asok"
  [ ${#DIR} -lt 80 ] || socket=
  cat >"$CONF" <<CONF
[global]
fsid = $FSID
mon host = v2:127.0.0.1:$((PORT + 1))
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms bind port min = $((PORT + 2))
ms bind port max = $((PORT + 60))
auth cluster required = none
auth service required = none
auth client required = none
run dir = $DIR
admin socket = $socket
pid file =
crash dir = $DIR/crash
keyring = $DIR/keyring
log file = $DIR/log/\$name.log
log to stderr = false
log max recent = 100
osd pool default size = $size
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0

[mon]
mon data = $DIR/mon.a
mon cluster log file = $DIR/log/cluster.log
mon allow pool size one = true
mon allow pool delete = true
mon warn on pool no redundancy = false
mon data avail warn = 2
mon data avail crit = 1
mon osd min down reporters = 1
mon osd reporter subtree level = osd
mon max pg per osd = 1000
paxos propose interval = 0.1
paxos min wait = 0.01

[osd]
osd data = $DIR/osd.\$id
osd objectstore = $STORE
osd fast shutdown = $fast
osd max object name len = 2048
osd op num shards = 2
osd op num threads per shard = 2
bluestore block create = true
bluestore block size = $((OSD_GB * 1024 * 1024 * 1024))
bluestore cache autotune = false
bluestore cache size = 134217728
bluestore fsck on mount = false
memstore device bytes = $((OSD_GB * 1024 * 1024 * 1024))
osd scrub begin hour = 0
osd scrub end hour = 0
osd deep scrub interval = 31536000
osd recovery sleep = 0

[client]
log file =
admin socket =

[client.rgw]
log file = $DIR/log/rgw.log
admin socket = $socket
# radosgw alone defaults to "secure", which authentication "none" cannot give.
ms mon client mode = crc
rgw data = $DIR/rgw
rgw frontends = beast endpoint=127.0.0.1:$PORT tcp_nodelay=1
rgw thread pool size = 64
rgw dynamic resharding = false
rgw enable usage log = false
rgw enable ops log = false
rgw run sync thread = false
rgw gc processor period = 60
rgw gc obj min wait = 60
CONF
}

create() {
  local n id uuid
  say "creating a cluster of $OSDS $STORE OSD(s) in $DIR"
  FSID=$(cat /proc/sys/kernel/random/uuid)
  write_conf
  mkdir -p "$DIR/mon.a" "$DIR/rgw" "$DIR/crash"
  : >"$DIR/keyring"
  monmaptool --create --fsid "$FSID" --addv a "[v2:127.0.0.1:$((PORT + 1))]" "$DIR/monmap" >>"$DIR/log/create.out" 2>&1
  ceph-mon --mkfs -c "$CONF" -i a --monmap "$DIR/monmap" >>"$DIR/log/create.out" 2>&1
  spawn_daemon mon.a

  # The files of the OSDs, while the mon comes up: they need no mon.
  local jobs=() commands=
  for ((n = 0; n < OSDS; n++)); do
    uuid=$(cat /proc/sys/kernel/random/uuid)
    commands+="osd new $uuid $n"$'\n'
    mkdir -p "$DIR/osd.$n"
    ceph-osd --mkfs --no-mon-config -c "$CONF" -i "$n" --osd-uuid "$uuid" 9>&- >>"$DIR/log/create.out" 2>&1 &
    jobs+=($!)
  done
  # One ceph client for all commands: each start of it costs about half a second.
  for id in .rgw.root default.rgw.log default.rgw.control default.rgw.meta \
    default.rgw.buckets.index default.rgw.buckets.data default.rgw.buckets.non-ec; do
    n=4
    [ $id != default.rgw.buckets.data ] || n=16
    commands+="osd pool create $id $n $n replicated"$'\n'
    commands+="osd pool application enable $id rgw"$'\n'
  done
  ceph_ <<<"$commands" >>"$DIR/log/create.out" 2>&1 || die "the mon refused: $DIR/log/create.out"
  for id in "${jobs[@]}"; do wait "$id" || die "ceph-osd --mkfs failed: $DIR/log/create.out"; done
}

# The start failed or was interrupted: leave no process behind.
abandon() {
  local status=$? pid
  trap - EXIT
  say "start failed ($status), stopping"
  for pid in $(jobs -pr); do kill -TERM "$pid" 2>/dev/null || true; done
  terminate rgw $(osd_names) mon.a
  exit "$status"
}

start() {
  local n names=(mon.a) fresh=
  mkdir -p "$DIR/pid" "$DIR/log"
  exec 9>"$DIR/lock"
  flock -n 9 || die "another s3-engine.sh works on $DIR"
  if [ -f "$DIR/settings" ]; then
    . "$DIR/settings"
    [ "$PORT" = "$WANTED" ] || die "$DIR was made for port $PORT (the mon's address is part of it)"
  else
    [ ! -e "$CONF" ] || die "$DIR holds a start that did not finish; remove it"
    PORT=$WANTED OSDS=${S3_OSDS:-3} STORE=${S3_STORE:-bluestore} OSD_GB=${S3_OSD_GB:-20}
    ACCESS=${S3_ACCESS_KEY:-testaccesskey000001} SECRET=${S3_SECRET_KEY:-testsecretkey00000000000000000000000001}
    fresh=1
  fi
  for n in "$PORT" $((PORT + 1)); do
    if ! alive mon.a && (exec 7<>"/dev/tcp/127.0.0.1/$n") 2>/dev/null; then die "port $n is taken"; fi
  done
  trap abandon EXIT
  trap 'exit 130' INT TERM
  if [ -n "$fresh" ]; then create; else spawn_daemon mon.a; fi
  for ((n = 0; n < OSDS; n++)); do
    spawn_daemon "osd.$n"
    names+=("osd.$n")
  done
  if [ -n "$fresh" ]; then
    # Blocks until the placement groups of the rgw pools are up.
    timeout 300 radosgw-admin -c "$CONF" -n client.rgw user create --uid=test --display-name=test \
      --access-key="$ACCESS" --secret-key="$SECRET" >>"$DIR/log/create.out" 2>&1 ||
      die "radosgw-admin failed: $DIR/log/create.out"
  fi
  spawn_daemon rgw
  names+=(rgw)
  for ((n = 0; ; n++)); do
    need_alive "${names[@]}"
    if http_ok 2>/dev/null; then break; fi
    [ $n -lt 600 ] || die "no answer on port $PORT after 60 s: $DIR/log/rgw.log"
    sleep 0.1
  done
  if [ -n "$fresh" ]; then
    printf '%s=%q\n' PORT "$PORT" OSDS "$OSDS" STORE "$STORE" OSD_GB "$OSD_GB" \
      ACCESS "$ACCESS" SECRET "$SECRET" >"$DIR/settings"
  fi
  trap - EXIT
  say "S3 on http://127.0.0.1:$PORT"
}

osd_names() { local f; for f in "$DIR"/pid/osd.*; do [ ! -e "$f" ] || basename "$f"; done; }

load() { [ -f "$DIR/settings" ] || die "no cluster in $DIR"; . "$DIR/settings"; }

install_() {
  export DEBIAN_FRONTEND=noninteractive
  if dpkg -s "${PACKAGES[@]}" >/dev/null 2>&1; then return 0; fi
  apt-get -o DPkg::Lock::Timeout=600 -q update
  # Without systemd and with policy-rc.d nothing is started; where systemd
  # runs, the packages' units stay idle for want of /etc/ceph/ceph.conf.
  apt-get -o DPkg::Lock::Timeout=600 -q install -y --no-install-recommends "${PACKAGES[@]}"
}

verb=${1:-}
if [ "$verb" = install ]; then install_; exit; fi
[ $# -ge 2 ] || usage
if [ "$verb" = start ]; then mkdir -p "$2"; fi
DIR=$(cd "$2" 2>/dev/null && pwd -P) || die "no such directory: $2"
CONF=$DIR/ceph.conf
case $verb in
  start)
    [ $# -eq 3 ] || usage
    WANTED=$3
    start
    ;;
  stop)
    terminate rgw
    # shellcheck disable=SC2046
    terminate $(osd_names)
    terminate mon.a
    ;;
  env)
    load
    printf 'S3_ENDPOINT=%q\nS3_ACCESS_KEY=%q\nS3_SECRET_KEY=%q\nS3_REGION=us-east-1\n' \
      "http://127.0.0.1:$PORT" "$ACCESS" "$SECRET"
    ;;
  status)
    load
    for name in mon.a $(osd_names) rgw; do
      if alive "$name"; then
        echo "$name pid $PID rss $(awk '/^VmRSS/{print int($2 / 1024)}' "/proc/$PID/status") MiB"
      else
        echo "$name down"
      fi
    done
    ceph_ osd stat
    ;;
  crash)
    load
    [ -s "$DIR/pid/${3:?NAME}" ] || die "there is no $3"
    if alive "$3"; then kill -KILL "$PID"; echo killed; fi
    while alive "$3"; do sleep 0.02; done
    ;;
  revive)
    load
    if ! alive "${3:?NAME}"; then spawn_daemon "$3"; echo started; fi
    ;;
  *) usage ;;
esac
