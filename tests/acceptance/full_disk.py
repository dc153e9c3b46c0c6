#!/usr/bin/env python3
"""A store, or /var/lib/asl, on a disk that is full: retries, then a waiting operator; with room made, the run goes on and seals the same root.

usage: full_disk.py PROGRAMS SCRATCH     (PROGRAMS: a folder with asl-intake and its links, as they are published)
Needs root, loop devices, tmpfs, mkfs.ext4 and resize2fs. Without root it fails where CI=true, and is skipped elsewhere.
"""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

PROGRAMS, SCRATCH = (pathlib.Path(argument).absolute() for argument in sys.argv[1:3])
failed = 0


def check(what, good, detail=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'FAILED'}: {what}{'' if good else f' ({detail})'}", flush=True)


def run(*command, timeout=240):
    command = [*command, "--root", machine] if command[0] in (intake, admin) else command
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def must(*command):
    code, output = run(*command)
    if code != 0:
        sys.exit(f"{' '.join(map(str, command))}: {code}\n{output}")


def root_of(output):
    return re.search(r"root +([0-9a-f]{64})", output).group(1)


if os.geteuid() != 0:
    print("full disk: needs root")
    sys.exit(1 if os.environ.get("CI") == "true" else 0)

intake, admin = PROGRAMS / "asl-intake", PROGRAMS / "asl-admin"
source, image, mount = SCRATCH / "source", SCRATCH / "disk", SCRATCH / "mount"
machine = SCRATCH / "machine"  # another intake of this machine is none of our business
shutil.rmtree(SCRATCH, ignore_errors=True)
for folder in (source, mount):
    folder.mkdir(parents=True)
shutil.copytree(pathlib.Path(__file__).absolute().parents[2] / "rules", machine / "etc/asl/rules")
chance = random.Random(5)
for index in range(60):
    (source / f"file-{index}").write_bytes(chance.randbytes(2_000_000))
code, output = run(intake, "ingest", source, "--store", SCRATCH / "roomy")
check("the source is sealed where there is room", code == 0, output)
expected = root_of(output)

must("truncate", "--size=90M", image)
must("mkfs.ext4", "-q", "-F", image)
must("mount", "-o", "loop", image, mount)
try:
    store = mount / "store"
    code, output = run(intake, "ingest", source, "--store", store)
    check("a store that fills up leads to an operator who is waited for", code == 13, f"exit {code}: {output}")
    check("the reason and the command that goes on are said", "No space left on device" in output and "asl-intake resume" in output, output)
    code, output = run(admin, "verify", "--data", "--store", store)
    check("nothing is damaged and nothing half sealed", code == 0 and "0 snapshots" in output and "no damage" in output, output)
    code, output = run(intake, "resume", "--store", store)
    check("without room, resuming waits again", code == 13, f"exit {code}: {output}")

    must("umount", mount)
    deadline = time.monotonic() + 60
    while run("losetup", "--associated", image)[1].strip() and time.monotonic() < deadline:
        time.sleep(0.1)  # It is let go a moment after umount.
    must("truncate", "--size=300M", image)
    code, output = run("e2fsck", "-f", "-p", image)
    if code not in (0, 1):  # 1: its journal was played.
        sys.exit(f"e2fsck ended with {code}: {output}")
    must("resize2fs", image)
    must("mount", "-o", "loop", image, mount)
    code, output = run(intake, "resume", "--store", store)
    check("with room made, the run goes on and is sealed", code == 0 and "sealed" in output, f"exit {code}: {output}")
    check("its root is that of the undisturbed run", root_of(output) == expected, output)
    code, output = run(admin, "verify", "--data", "--store", store)
    check("and everything verifies", code == 0 and "no damage" in output, output)
finally:
    run("umount", mount)

state = machine / "var/lib/asl"


def fill():
    """Every byte of /var/lib/asl. What was reserved stays reserved."""
    with open(state / "filler", "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass


def verified(store, what):
    code, output = run(admin, "verify", "--data", "--store", store)
    check(what, code == 0 and "no damage" in output, output)
    return output


def at_the_start():
    store = SCRATCH / "start"
    fill()
    code, output = run(intake, "ingest", source, "--store", store)
    check("a full /var/lib/asl at the start leads to an operator who is waited for", code == 13, f"exit {code}: {output}")
    check("the reason and what to do are said", "No space left on device" in output and "type the command again" in output, output)
    check("and nothing was begun", "0 snapshots" in verified(store, "the store is whole"), output)
    (state / "filler").unlink()
    must("mount", "-o", "remount,ro", state)
    code, output = run(intake, "ingest", source, "--store", store)
    check("so does one that is read-only", code == 13 and "Read-only file system" in output, f"exit {code}: {output}")
    must("mount", "-o", "remount,rw", state)
    code, output = run(intake, "ingest", source, "--store", store)
    check("with room made, the command typed again is sealed", code == 0 and root_of(output) == expected, f"exit {code}: {output}")


def in_the_middle():
    for attempt in range(5):  # It is under way for half a second, which this process may sleep through.
        store = SCRATCH / f"middle-{attempt}"
        with open(SCRATCH / "output", "w+") as log:
            process = subprocess.Popen([intake, "ingest", source, "--store", store, "--root", machine], stdout=log, stderr=subprocess.STDOUT)
            while process.poll() is None and not any(journal.stat().st_size for journal in state.glob("runtime/*/journal") if not (journal.parent / "ended").exists()):
                time.sleep(0.002)
            fill()
            if process.poll() is None:
                break
            (state / "filler").unlink()
            if unended():
                run(intake, "serve")
    with open(SCRATCH / "output", "r+") as log:
        check("it was under way when /var/lib/asl filled up", process.poll() is None)
        code = process.wait(timeout=240)
        log.seek(0)
        output = log.read()
    check("the run goes on and is sealed: its journal's first megabyte was reserved", code in (0, 3) and root_of(output) == expected, f"exit {code}: {output}")
    check("what could not be noted is said", code == 0 or "No space left on device" in output, output)
    verified(store, "and everything verifies")
    (state / "filler").unlink()
    if unended():
        # The next start finds a run that is sealed and not marked as over: it marks it, and begins no other.
        code, output = run(intake, "serve")
        check("the next start notes what could not be noted", code == 0 and not unended(), f"exit {code}: {output}")


def unended():
    return [journal.parent for journal in state.glob("runtime/*/journal") if not (journal.parent / "ended").exists()]


def as_a_service():
    fill()
    log = open(SCRATCH / "service", "w+")
    process = subprocess.Popen([intake, "serve", "--root", machine], stdout=log, stderr=subprocess.STDOUT)
    shown = status_until(lambda status: "waiting for room" in (status.get("detail") or ""))
    check("the service waits for room with the reason on its screen", "No space left on device" in shown.get("detail", "") and shown["error"]["code"] == "ASL7020", shown)
    code, output = run(intake, "status")
    check("and a person can read it", "No space left on device" in output and "make room" in output, output)
    check("it lives", process.poll() is None)
    (state / "filler").unlink()
    shown = status_until(lambda status: status.get("journalSequence", 0) > 0)
    check("it goes on by itself when there is room", shown.get("state") == "Detecting" and shown.get("error") is None, shown)
    process.send_signal(signal.SIGTERM)
    check("and ends when it is asked to", process.wait(timeout=60) == 130, process.returncode)


def status_until(wanted):
    last = {}
    for _ in range(600):
        code, output = run(intake, "status", "--json")
        if code == 0:
            last = json.loads(output)
            if wanted(last):
                return last
        time.sleep(0.1)
    return last


state.mkdir(parents=True, exist_ok=True)
must("mount", "-t", "tmpfs", "-o", "size=8m", "none", state)
try:
    at_the_start()
    in_the_middle()
    as_a_service()
finally:
    run("umount", state)
print(f"full disk: {failed} failed")
sys.exit(failed > 0)
