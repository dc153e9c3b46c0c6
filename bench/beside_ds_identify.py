#!/usr/bin/env python3
"""Preflight beside cloud-init's ds-identify: which also looks at a machine early in every boot. Wall and CPU time, interleaved, medians.

usage: beside_ds_identify.py PROGRAMS RULES [RUNS]     (PROGRAMS: a folder with asl-admin, as it is published)
Needs root and the package cloud-init. Without them it fails where CI=true, and is skipped elsewhere.

All of preflight's probes run; no endpoint is configured, as waiting for a network is not what is compared. ds-identify is forced to
search. Both write to memory. CPU time is that of the program and all that it ran. Fails when preflight is slower in either.
"""
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAMS, RULES = (pathlib.Path(argument).absolute() for argument in sys.argv[1:3])
SCRATCH = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm"))  # at boot /run is in memory, for both
RUNS = int(sys.argv[3]) if len(sys.argv) > 3 else 21
NOISE = 1.0
DS_IDENTIFY = "/usr/lib/cloud-init/ds-identify"


def measure(command, environment, accepted):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in accepted:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return wall * 1000, (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def preflight():
    root = SCRATCH / "root"
    shutil.rmtree(root, ignore_errors=True)  # as at boot: no earlier record to keep
    for place in ("etc/asl", "var/lib/asl", "mnt/asl/local"):
        (root / place).mkdir(parents=True, exist_ok=True)
    return measure(
        [PROGRAMS / "asl-admin", "preflight", "--root", root, "--rules", RULES / "preflight.toml"], dict(os.environ), accepted=(0,))


def ds_identify():
    shutil.rmtree(SCRATCH / "run-ci", ignore_errors=True)
    (SCRATCH / "run-ci").mkdir(parents=True)
    # 1: nothing was found, which on a machine outside of any cloud is the right answer.
    return measure([DS_IDENTIFY, "--force"], {**os.environ, "PATH_RUN_CI": str(SCRATCH / "run-ci")}, accepted=(0, 1))


def main():
    reason = "cloud-init is not installed" if not os.path.exists(DS_IDENTIFY) else "needs root" if os.geteuid() != 0 else None
    if reason:
        print(f"skipped: {reason}")
        return 1 if os.environ.get("CI") == "true" else 0
    preflight(), ds_identify()  # once for the page cache
    pairs = [(preflight(), ds_identify()) for _ in range(RUNS)]
    slower = []
    for index, name in enumerate(("wall", "CPU")):
        ours, theirs = (statistics.median(pair[side][index] for pair in pairs) for side in (0, 1))
        print(f"{name:4}  preflight {ours:6.1f} ms   ds-identify {theirs:6.1f} ms   ratio {ours / theirs:.2f}   ({RUNS} pairs, medians)")
        slower += [name] if ours > theirs * NOISE else []
    print("preflight is not slower" if not slower else f"FAILED  preflight is slower: {', '.join(slower)}")
    return 1 if slower else 0


try:
    sys.exit(main())
finally:
    shutil.rmtree(SCRATCH, ignore_errors=True)
