#!/usr/bin/env python3
"""kill -9 at moments spread over an ingest, each followed by resume and verify --data: the end must equal the uninterrupted run.

usage: crash_loop.py PROGRAMS SCRATCH SOURCE MOMENTS     (SOURCE: at least 500 MB of real files)
The store holds a sealed snapshot of something else before each run: that must stay whole too.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

PROGRAMS, SCRATCH, SOURCE, MOMENTS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])


def program(name, *arguments, **options):
    return subprocess.run([os.path.join(PROGRAMS, name), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def names(store):
    snapshots = json.loads(program("asl-admin", "snapshots", "--json", "--store", store).stdout)
    last = snapshots[-1]
    return len(snapshots), last["root"], last["blocks"], last["segments"], last["counts"]["readBytes"]


def fresh(base, store):
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(base, store)
    return store


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    os.makedirs(SCRATCH + "/other")
    with open(SCRATCH + "/other/file", "wb") as file:
        file.write(random.Random(1).randbytes(3 << 20))
    base, store = SCRATCH + "/base", SCRATCH + "/store"
    program("asl-intake", "ingest", SCRATCH + "/other", "--store", base, check=True)

    fresh(base, store)
    start = time.monotonic()
    program("asl-intake", "ingest", SOURCE, "--store", store, check=True)
    duration = time.monotonic() - start
    expected = names(store)
    print(f"uninterrupted: {duration:.1f} s, {expected[4]} bytes read, {len(expected[2])} blocks, root {expected[1][:16]}")

    wrong, resumed, nothing, sealed, saved = 0, 0, 0, 0, 0
    moment = 0
    while moment < MOMENTS:
        fresh(base, store)
        ingest = subprocess.Popen([os.path.join(PROGRAMS, "asl-intake"), "ingest", SOURCE, "--store", store],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(duration * (moment + 0.5) / MOMENTS)
        ingest.send_signal(signal.SIGKILL)
        if ingest.wait() >= 0:
            # It was over before the kill: the machine is faster now than when it was timed. The moment is tried again.
            duration *= 0.97
            continue
        result = program("asl-intake", "resume", "--store", store)
        if "nothing to resume" in result.stderr and names(store)[0] == 1:
            nothing += 1
            result = program("asl-intake", "ingest", SOURCE, "--store", store)
        elif "nothing to resume" in result.stderr:
            sealed += 1
        else:
            resumed += 1
        verified = program("asl-admin", "verify", "--data", "--store", store)
        actual = names(store)
        if result.returncode != 0 or verified.returncode != 0 or actual[:4] != expected[:4]:
            wrong += 1
            print(f"moment {moment}: resume {result.returncode} {result.stderr[-300:]}, verify {verified.returncode} {verified.stderr[-300:]}, "
                  f"equal {[a == b for a, b in zip(actual, expected)]}")
        if actual[4] < expected[4]:
            saved += 1
        moment += 1
        if moment % 25 == 0:
            print(f"{moment} kills: {wrong} wrong", flush=True)
    print(f"{MOMENTS} kills: {resumed} resumed ({saved} without reading all again), {nothing} before the first record, {sealed} after the seal; "
          f"{wrong} ended differently from the uninterrupted run")
    return 1 if wrong else 0


sys.exit(main())
