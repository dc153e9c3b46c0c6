#!/usr/bin/env python3
"""What an operator sees, from boot to sealed: the real programs below a staged root, in tmux, 80 columns by 24 lines.

usage: screens.py PROGRAMS RULES FOLDER [--check]

Writes each screen to FOLDER/NAME.txt, and into operator.md and systemrescue.md beside FOLDER. With --check it compares instead: times, ids, sizes and line breaks may differ, words may not.
The staged root is always /tmp/rescue, because its name stands in the screens.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

PROGRAMS, RULES, FOLDER = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
CHECK = "--check" in sys.argv
ROOT = pathlib.Path("/tmp/rescue")
TMUX = ["tmux", "-L", "asl-screens", "-f", "/dev/null"]
HERE = pathlib.Path(__file__).parent
LOCAL = "mode = auto\nlocal.kind = directory\nlocal.mount = /mnt/backend\nintake.sources = [\"/mnt/crashed\"]\n"
REMOTE = ("mode = remote\nremote.endpoint = \"https://127.0.0.1:9\"\nremote.approve = true\nintake.sources = [\"/mnt/crashed\"]\n"
          "intake.retry.attempts = 9\nintake.retry.delay-min = \"2s\"\nintake.retry.delay-max = \"9s\"\n")
PROMPT = r"^#$"
failures = []


def tmux(*arguments, check=True):
    return subprocess.run([*TMUX, *arguments], check=check, capture_output=True, text=True).stdout


def unmount():
    subprocess.run(["fusermount", "-u", "-z", ROOT / "mnt/crashed"], capture_output=True)


def stage(conf):
    unmount()
    shutil.rmtree(ROOT, ignore_errors=True)
    for folder in ("etc/asl/rules", "var/lib/asl", "run", "mnt/backend", "mnt/crashed"):
        (ROOT / folder).mkdir(parents=True)
    for rule in RULES.glob("*.toml"):
        shutil.copy(rule, ROOT / "etc/asl/rules")
    (ROOT / "etc/asl/asl.conf").write_text(conf)


def fail_disk():
    disk = subprocess.Popen(["/usr/bin/python3", HERE / "failing_disk.py", ROOT / "mnt/crashed", "14", "4", "2"])
    deadline = time.monotonic() + 20
    while not os.path.ismount(ROOT / "mnt/crashed"):
        if time.monotonic() > deadline or disk.poll() is not None:
            raise SystemExit("screens: the failing disk cannot be mounted: are python3-fuse and /dev/fuse there?")
        time.sleep(0.05)


def terminal():
    shell = ["env", f"PATH={PROGRAMS}:{os.environ['PATH']}", "PS1=# ", "bash", "--norc", "--noprofile", "-i"]
    is_open = subprocess.run([*TMUX, "has-session"], capture_output=True).returncode == 0
    tmux(*(["respawn-pane", "-k"] if is_open else ["new-session", "-d", "-x", "80", "-y", "24"]), *shell)
    wait(PROMPT)


def screen():
    return "\n".join(line.rstrip() for line in tmux("capture-pane", "-p").split("\n")).rstrip() + "\n"


def wait(pattern, seconds=180):
    deadline = time.monotonic() + seconds
    while not re.search(pattern, text := screen(), re.M):
        if time.monotonic() > deadline:
            raise SystemExit(f"screens: no /{pattern}/ within {seconds} s on\n{text}")
        time.sleep(0.1)
    return text


def type_line(line, until=PROMPT):
    """On an empty screen."""
    tmux("send-keys", "-R", "clear", "Enter")
    wait(r"\A#\n\Z")
    tmux("clear-history")
    tmux("send-keys", "-l", line)
    wait(r"\A# " + re.escape(line[:40]))  # Else the prompt before it is taken for the one behind it.
    tmux("send-keys", "Enter")
    return wait(until)


def serve():
    with open(ROOT / "serve.log", "w") as log:
        return subprocess.Popen([PROGRAMS / "asl-intake", "serve", "--root", ROOT], stdout=log, stderr=log)


def status(pattern, line="asl-intake status --root /tmp/rescue"):
    """The status, as soon as it says what is waited for."""
    deadline = time.monotonic() + 180
    while not re.search(pattern, text := type_line(line), re.M):
        if time.monotonic() > deadline:
            raise SystemExit(f"screens: no /{pattern}/ in\n{text}")
    return text


def preflight():
    subprocess.run([PROGRAMS / "asl-admin", "preflight", "--root", ROOT], check=True, capture_output=True)


SAME = [(r"\d{8}T\d{6}Z-[0-9a-f]{8}", "RUN"), (r"\b[0-9a-f]{64}\b", "NAME"), (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "BOOT"),
        (r"\b([0-9a-f]{16}|[0-9a-f]{12})\b", "HASH"), (r"(?<=Request )[0-9a-f]{8}\b|(?<=/tmp/rescue )[0-9a-f]{8}\b|\b(?=[0-9a-f]*\d)[0-9a-f]{8}\b", "ID"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ?", "TIME"), (r"\[[#.]+\]", "BAR"), (r"[\d.,]+ [kMGT]?B\b", "SIZE"),
        (r", SIZE/s", ""), (r", SIZE left( in [\d.:]+ (s|min|h))?", ""), (r"\bentry\b", "entries"), (r"\barea\b", "areas"), (r"\bproblem\b", "problems"), (r"[\d.,]+", "N")]


def same(text):
    text = " ".join(text.split())
    for pattern, name in SAME:
        text = re.sub(pattern, name, text)
    return text


def keep(name, text):
    lines = text.rstrip("\n").split("\n")
    if len(lines) > 24 or any(len(line) > 80 for line in lines):
        failures.append(f"{name} does not fit 80 by 24")
    path = FOLDER / f"{name}.txt"
    if not CHECK:
        path.write_text(text)
    elif not path.exists() or same(path.read_text()) != same(text):
        failures.append(name)
        print(f"{name} is not what {path} shows. Now:\n{text}")
    print(f"{'FAILED' if name in failures else 'ok':8}{name}")


def from_boot_to_sealed():
    stage(LOCAL)
    fail_disk()
    terminal()
    keep("status-before-preflight", type_line("asl-intake status --root /tmp/rescue"))
    preflight()
    explain()
    service = serve()
    keep("status-approval", status("^by hand "))  # The question stands a moment before the configuration's answer to it does.
    request = re.search(r"Request ([0-9a-f]{8})", screen()).group(1)
    keep("approve-another", type_line("asl-intake approve --root /tmp/rescue 00000000"))
    type_line(f"asl-intake approve --root /tmp/rescue {request}")
    keep("watch", type_line("asl-intake status --watch --root /tmp/rescue", until=r"[1-9]\d* bad areas? of"))
    tmux("resize-window", "-x", "60", "-y", "20")
    wait(r"bad area")
    tmux("resize-window", "-x", "80", "-y", "24")
    tmux("send-keys", "C-c")
    wait(r"^interrupted\n#$")
    tmux("send-keys", "-l", "stty --all | grep --only-matching ' echo ' && echo sane")
    tmux("send-keys", "Enter")
    wait(r"^sane$")
    keep("status-ingesting", status("^state +Ingesting"))
    keep("watch-sealed", type_line("asl-intake status --watch --root /tmp/rescue; echo exit code $?", until=r"^exit code \d+"))
    service.wait(timeout=180)
    keep("status-after", type_line("asl-intake status --root /tmp/rescue"))


def explain():
    helped = subprocess.run([PROGRAMS / "asl-admin", "--help"], capture_output=True, text=True)
    if re.search(r"^  explain ", helped.stdout, re.M):
        keep("explain", type_line("asl-admin explain --root /tmp/rescue | head --lines=22"))


def console():
    """What a login shell begins with: the overlay's own script, and a prompt like that of the other screens."""
    folder = ROOT / "programs"
    folder.mkdir(exist_ok=True)
    (folder / "asl-intake").write_text(f"#!/bin/sh\nexec {PROGRAMS}/asl-intake \"$@\" --root {ROOT}\n")
    (folder / "asl-intake").chmod(0o755)
    (folder / "begin").write_text(f"PS1='# '\n. {HERE.parent.parent}/overlay/etc/profile.d/asl.sh\n")
    return ["env", "--unset=COLUMNS", "--unset=LINES", "TERM=vt220", f"PATH={folder}:{os.environ['PATH']}",
            "bash", "--noprofile", "--rcfile", f"{folder}/begin", "-i"]


def the_first_screen():
    stage(LOCAL)
    preflight()
    service = serve()
    terminal()
    status("^by hand ")
    tmux("respawn-pane", "-k", *console())
    keep("console", wait(r"^type(.|\n)*^#$"))
    service.terminate()
    service.wait(timeout=180)


def the_first_screen_waits():
    """Right after boot: the shell is there first, then preflight decides. Only root can turn back the machine's clock."""
    if os.getuid() != 0:
        print("skipped: the first screen's waiting needs root")
        return
    stage(LOCAL)
    (ROOT / "uptime").write_text("20.00 10.00\n")
    terminal()
    tmux("respawn-pane", "-k", "unshare", "--mount", "--propagation", "private", "sh", "-c", f'mount --bind {ROOT}/uptime /proc/uptime && exec "$@"', "sh", *console())
    wait("at this machine, .*40 s")
    preflight()
    service = serve()
    expect("the first screen waits for the decision", wait(r"^type(.|\n)*^#$"), "^mode +local")  # Intake may be on its way to asking yet.
    service.terminate()
    service.wait(timeout=180)
    tmux("respawn-pane", "-k", "unshare", "--mount", "--propagation", "private", "sh", "-c", f'mount --bind {ROOT}/uptime /proc/uptime && exec "$@"', "sh", *console())
    wait("at this machine, .*40 s")
    time.sleep(0.5)
    tmux("send-keys", "C-c")
    expect("Ctrl-C brings the prompt at once", wait(r"^#$|\^C#", seconds=15), r"\^C")


def a_serial_line():
    """A terminal as agetty leaves it on a serial line: no size, no colours; one that cannot move its cursor; and one with colours, to compare."""
    stage(LOCAL)
    preflight()
    service = serve()
    terminal()
    status("^state +AwaitingApproval")
    raw = ROOT / "raw"
    for name, moves, is_coloured in (("vt220", True, False), ("vt100", True, False), ("dumb", False, False), ("xterm", True, True)):
        type_line("unset COLUMNS LINES; stty rows 0 cols 0; stty size", until="^0 0$")
        tmux("pipe-pane", f"cat >{raw}")
        tmux("send-keys", "-l", f"TERM={name} asl-intake status --watch --root /tmp/rescue")
        tmux("send-keys", "Enter")
        wait(r"^state +AwaitingApproval" if moves else r"^\d\d:\d\d:\d\dZ AwaitingApproval: ")
        time.sleep(1.5)
        tmux("send-keys", "C-c")
        wait("interrupted")
        tmux("pipe-pane")
        sent = raw.read_text(errors="replace").split("/tmp/rescue", 1)[1]
        sent = re.sub(r"\x1b\[\?2004[lh]", "", sent)  # The shell's own.
        coloured = re.search(r"\x1b\[[0-9;]*[349][0-9][;m]", sent) is not None
        expect(f"{name} is sent {'colours' if is_coloured else 'no colours'}", sent, "" if coloured == is_coloured else "^(?!)")
        expect(f"{name} is drawn in place" if moves else f"{name} gets lines and not one control sequence", sent, r"\x1b\[" if moves else r"\A[^\x1b]*\Z")
        tmux("send-keys", "-l", "stty rows 24 cols 80; clear")
        tmux("send-keys", "Enter")
        wait(PROMPT)
    service.terminate()
    service.wait(timeout=180)


def expect(what, text, pattern):
    holds = re.search(pattern, text, re.M) is not None
    print(f"{'ok' if holds else 'FAILED':8}{what}")
    if not holds:
        failures.append(what)
        print(repr(text[:3000]))


def waiting_for_a_decision():
    stage(LOCAL.replace("/mnt/backend", "/mnt/none"))
    preflight()
    terminal()
    service = serve()
    keep("status-waiting", status("^now +preflight says"))
    service.terminate()
    service.wait(timeout=180)


def a_remote_that_does_not_answer():
    stage(REMOTE)
    preflight()
    terminal()
    service = serve()
    keep("status-retrying", status(r"^now +attempt [3-9] of \d+ in"))
    type_line("asl-intake cancel --root /tmp/rescue")
    service.wait(timeout=180)
    keep("status-cancelled", type_line("asl-intake status --root /tmp/rescue"))


def page():
    """The pages beside the screens show each between two marks."""
    paths = [path for path in (FOLDER.parent / "operator.md", FOLDER.parent / "systemrescue.md") if path.exists()]
    shown = set(re.findall(r"<!-- screen: (\S+) -->", "".join(path.read_text() for path in paths)))
    if CHECK and paths and shown != {screen.stem for screen in FOLDER.glob("*.txt")}:
        failures.append("the pages show other screens than there are")
    for path in paths:
        page_of(path)


def page_of(path):
    text = path.read_text()
    wanted = re.sub(r"(<!-- screen: (\S+) -->\n).*?(<!-- end -->)", lambda mark: mark[1] + "\n" + indented(mark[2]) + "\n" + mark[3], text, flags=re.S)
    if not CHECK:
        path.write_text(wanted)
    elif wanted != text:
        failures.append(path.name)


def indented(name):
    path = FOLDER / f"{name}.txt"
    return "".join(f"    {line}".rstrip() + "\n" for line in path.read_text().splitlines()) if path.exists() else ""


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    tmux("kill-server", check=False)  # What an earlier run may have left.
    try:
        from_boot_to_sealed()
        the_first_screen()
        the_first_screen_waits()
        a_serial_line()
        waiting_for_a_decision()
        a_remote_that_does_not_answer()
    finally:
        tmux("kill-server", check=False)
        unmount()
    shutil.rmtree(ROOT, ignore_errors=True)
    page()
    print("screens: " + ("all as in docs" if CHECK and not failures else "written" if not failures else f"{len(failures)} FAILED: {', '.join(failures)}"))
    return 1 if failures else 0


sys.exit(main())
