# The console's first screen: where this machine's data goes, why, what is asked and what to type, once, before a login shell's first
# prompt. So it never writes over what somebody types, and looks the same on a screen, over a serial line and over ssh.
#
# In the first minutes after boot preflight may still be looking, so it is waited for: at most 40 s (its budget is 30), and not a
# moment longer than until Ctrl-C. Whatever goes wrong here, timeout sees to it that a shell comes.

case $- in
*i*)
    if [ -t 1 ] && [ "$(id --user)" = 0 ] && command -v asl-intake >/dev/null 2>&1; then
        read -r asl_uptime asl_rest </proc/uptime
        [ "${asl_uptime%%.*}" -lt 180 ] && asl_wait=40 || asl_wait=0
        echo "ASL intake (again: asl-intake status; follow it: asl-intake status --watch)"
        timeout --foreground 60 asl-intake status --wait "$asl_wait" || :
        unset asl_uptime asl_rest asl_wait
    fi
    ;;
esac
