#!/usr/bin/env python3
"""A store on a disk that fills up: retries, then a waiting operator; with room made, the same run goes on and seals the same root.

usage: full_disk.py PROGRAMS SCRATCH     (PROGRAMS: a folder with asl-intake and its links, as they are published)
Needs root, loop devices, mkfs.ext4 and resize2fs. Without root it fails where CI=true, and is skipped elsewhere.
"""
import os
import pathlib
import random
import re
import subprocess
import sys

PROGRAMS, SCRATCH = (pathlib.Path(argument).absolute() for argument in sys.argv[1:3])
failed = 0


def check(what, good, detail=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'FAILED'}: {what}{'' if good else f' ({detail})'}", flush=True)


def run(*command, timeout=240):
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
os.environ["XDG_STATE_HOME"] = str(SCRATCH / "state")
for folder in (source, mount):
    folder.mkdir(parents=True)
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
    must("truncate", "--size=300M", image)
    must("e2fsck", "-f", "-p", image)
    must("resize2fs", image)
    must("mount", "-o", "loop", image, mount)
    code, output = run(intake, "resume", "--store", store)
    check("with room made, the run goes on and is sealed", code == 0 and "sealed" in output, f"exit {code}: {output}")
    check("its root is that of the undisturbed run", root_of(output) == expected, output)
    code, output = run(admin, "verify", "--data", "--store", store)
    check("and everything verifies", code == 0 and "no damage" in output, output)
finally:
    run("umount", mount)
print(f"full disk: {failed} failed")
sys.exit(failed > 0)
