# changes NAME ALLOWED: the calls that changed something elsewhere; a call that failed has changed nothing.
# With --decode-fds each number of a file comes with the path that the kernel has for it: "= 7</var/lib/asl/…>".
changes() {
    whole "$1" | awk -v allowed="$2" '
        / = -1 E/ { next }
        /ioctl\(/ { if ($0 ~ /BLKDISCARD|BLKZEROOUT|BLKSECDISCARD|BLKROSET|BLKRRPART|FS_IOC_SETFLAGS|FITRIM|FICLONE/) print; next }
        /open(at|at2)?\(/ && $0 !~ /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE/ { next }
        /\((AT_FDCWD<[^>]*>, )?"|<\// {
            line = $0
            if (line ~ /open/ && line ~ / = [0-9]+<.*>$/) { sub(/.* = [0-9]+</, "", line); sub(/>$/, "", line); if (line !~ allowed) print; next }
            folder = match(line, /<[^>]*>/) ? substr(line, RSTART + 1, RLENGTH - 2) : ""
            if (line !~ /"/ && folder !~ allowed) print
            while (match(line, /"[^"]*"/)) {
                path = substr(line, RSTART + 1, RLENGTH - 2)
                line = substr(line, RSTART + RLENGTH)
                if (path !~ /^\//) path = folder "/" path
                if (path !~ allowed) { print; break }
            }
            next
        }
        /mount|module|pivot|swap|reboot/ { print }'
}
# Calls of one thread that were interrupted by those of another, on one line again.
whole() {
    awk '/<unfinished \.\.\.>$/ { sub(/<unfinished \.\.\.>$/, ""); begun[$1] = $0; next }
        /<\.\.\. [a-z0-9_]+ resumed>/ { thread = $1; sub(/^[0-9]+ +<\.\.\. [a-z0-9_]+ resumed>/, ""); print begun[thread] $0; delete begun[thread]; next }
        { print }
        END { for (thread in begun) print begun[thread] }' "/run/vmtest/$1.trace"
}
lines() { grep --count "$2" "/run/vmtest/$1.trace"; }
ours='^(/var/lib/asl|/run/asl|/mnt/asl/local)(/|$)'
quiet='^(/dev/null|/proc/[0-9]+/|/proc/self/|pipe:|socket:|anon_inode:|/dev/tty|/memfd:)'

look_again
check 'the run ends by itself' over 700
check 'sealed with bad ranges' equal "$(exit_status)" 3
show sh -c 'wc --lines /run/vmtest/*.trace'
check 'preflight was traced, with what it runs' at_most 20 "$(lines preflight 'open')"
check 'intake was traced, up to the last write' at_most 20 "$(lines intake '/mnt/asl/local')"
check 'the trace shows what is written' at_most 1 "$(changes intake '^$' | grep --count '/mnt/asl/local')"
check 'preflight writes in its folders only' equal "$(changes preflight "$ours|$quiet")" ''
check 'intake writes in its folders only' equal "$(changes intake "$ours|$quiet")" ''
note "written by preflight: $(changes preflight "$quiet" | grep --only-matching '"[^"]*"' | sort --unique | head --lines=40 | xargs)"
check 'neither opens a disk for writing' equal "$(grep --extended-regexp '"/dev/(vd|disk|block|zfs)' /run/vmtest/*.trace | grep --extended-regexp 'O_WRONLY|O_RDWR')" ''
check 'mounts before and after preflight are the same' diff /run/vmtest/mounts.before /run/vmtest/mounts.after
check 'modules before and after preflight are the same' diff /run/vmtest/modules.before /run/vmtest/modules.after
check 'and there are some' test -s /run/vmtest/modules.before -a -s /run/vmtest/mounts.before
check 'neither the source nor the other disk was written to' equal "$(writes vdb) $(writes vdc)" '0+0 0+0'

# The tools that intake has PID 1 run are not in the trace; the upper layer of the root shows what anybody wrote to it.
upper=/run/archiso/cowspace/upper
began=$(systemctl show --property=ExecMainStartTimestamp --value asl-preflight)
check 'nothing else came into the root, folders included' equal "$(find "$upper" -mindepth 1 -newermt "$began" -not -path "$upper/var/lib/asl*" -not -path "$upper/var/log*" -not -path "$upper/root*" -printf '/%P %t\n')" ''
check 'the pool is exported, nothing is mounted' equal "$(pools) $(mounted)" ' '
check 'after all, mounts are those of before' cmp /run/vmtest/mounts.before <(cut --delimiter=' ' --fields=1-4 /proc/1/mounts)
