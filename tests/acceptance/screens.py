#!/usr/bin/env python3
"""What an operator sees, from boot to sealed: the real programs below a staged root, in tmux, 80 columns by 24 lines.

usage: screens.py PROGRAMS RULES FOLDER [--check]

Writes each screen to FOLDER/NAME.txt, and into operator.md beside FOLDER. With --check it compares instead: times, ids, sizes and line breaks may differ, words may not.
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
    disk = subprocess.Popen(["/usr/bin/python3", HERE / "failing_disk.py", ROOT / "mnt/crashed", "8", "4", "6"])
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


def wait(pattern, seconds=60):
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
    tmux("send-keys", "Enter")
    time.sleep(0.3)
    return wait(until)


def serve():
    with open(ROOT / "serve.log", "w") as log:
        return subprocess.Popen([PROGRAMS / "asl-intake", "serve", "--root", ROOT], stdout=log, stderr=log)


def status(pattern, line="asl-intake status --root /tmp/rescue"):
    """The status, as soon as it says what is waited for."""
    deadline = time.monotonic() + 60
    while not re.search(pattern, text := type_line(line), re.M):
        if time.monotonic() > deadline:
            raise SystemExit(f"screens: no /{pattern}/ in\n{text}")
    return text


def preflight():
    subprocess.run([PROGRAMS / "asl-admin", "preflight", "--root", ROOT], check=True, capture_output=True)


SAME = [(r"\d{8}T\d{6}Z-[0-9a-f]{8}", "RUN"), (r"\b[0-9a-f]{64}\b", "NAME"), (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "BOOT"),
        (r"\b([0-9a-f]{16}|[0-9a-f]{12})\b", "HASH"), (r"\b(?=[0-9a-f]*\d)[0-9a-f]{8}\b", "ID"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ?", "TIME"), (r"\[[#.]+\]", "BAR"), (r"[\d.,]+ [kMGT]?B\b", "SIZE"),
        (r", SIZE/s", ""), (r", SIZE left( in [\d.:]+ (s|min|h))?", ""), (r"[\d.,]+", "N"), (r"\bentry\b", "entries"), (r"\barea\b", "areas"), (r"\bproblem\b", "problems")]


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
    keep("status-approval", status("^state +AwaitingApproval"))
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
    service.wait(timeout=60)
    keep("status-after", type_line("asl-intake status --root /tmp/rescue"))


def explain():
    helped = subprocess.run([PROGRAMS / "asl-admin", "--help"], capture_output=True, text=True)
    if re.search(r"^  explain ", helped.stdout, re.M):
        keep("explain", type_line("asl-admin explain --root /tmp/rescue | head --lines=22"))


def waiting_for_a_decision():
    stage(LOCAL.replace("/mnt/backend", "/mnt/none"))
    preflight()
    terminal()
    service = serve()
    keep("status-waiting", status("^state +Detecting"))
    service.terminate()
    service.wait(timeout=60)


def a_remote_that_does_not_answer():
    stage(REMOTE)
    preflight()
    terminal()
    service = serve()
    keep("status-retrying", status(r"now +attempt [3-9]"))
    type_line("asl-intake cancel --root /tmp/rescue")
    service.wait(timeout=60)
    keep("status-cancelled", type_line("asl-intake status --root /tmp/rescue"))


def page():
    """The page beside the screens shows each between two marks."""
    path = FOLDER.parent / "operator.md"
    if not path.exists():
        return
    text = path.read_text()
    shown = set(re.findall(r"<!-- screen: (\S+) -->", text))
    wanted = re.sub(r"(<!-- screen: (\S+) -->\n).*?(<!-- end -->)", lambda mark: mark[1] + "\n" + indented(mark[2]) + "\n" + mark[3], text, flags=re.S)
    if not CHECK:
        path.write_text(wanted)
    elif wanted != text or shown != {screen.stem for screen in FOLDER.glob("*.txt")}:
        failures.append("operator.md")


def indented(name):
    path = FOLDER / f"{name}.txt"
    return "".join(f"    {line}".rstrip() + "\n" for line in path.read_text().splitlines()) if path.exists() else ""


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        from_boot_to_sealed()
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
