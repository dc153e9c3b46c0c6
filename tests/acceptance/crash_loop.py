#!/usr/bin/env python3
"""kill -9 in chains: one run is killed again and again, in ingest, resume and seal, then brought to its end, which must be that of a run left alone.

usage: crash_loop.py PROGRAMS SCRATCH SOURCE KILLS     (SOURCE: at least 500 MB of real files)
The store holds a sealed snapshot of something else before each chain: that must stay whole too. The kills of a chain are spread over the whole
run by what is durable so far, and its last ones lie in the end, while blocks are closed, segments merged, the snapshot written and read back.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

PROGRAMS, SCRATCH, SOURCE, KILLS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
STORE, BASE, ROOT = SCRATCH + "/store", SCRATCH + "/base", SCRATCH + "/machine"
HERE = os.path.dirname(os.path.abspath(__file__))
CHAIN = max(10, KILLS // 25)  # kills of one run
AT_THE_END = 3  # of them after everything was read
chance = random.Random(9)


class Life:
    """One process, until it ends or is killed; what it read is known either way."""

    def __init__(self, *arguments, until=lambda age: False):
        start = time.monotonic()
        with open(SCRATCH + "/output", "w+") as output:
            process = subprocess.Popen([PROGRAMS + "/asl-intake", *arguments, "--root", ROOT], stdout=output, stderr=subprocess.STDOUT)
            self.read = 0
            while process.poll() is None:
                self.read = max(self.read, read_by(process.pid))
                if until(time.monotonic() - start):
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    break
                time.sleep(0.002)
            output.seek(0)
            self.output = output.read()
        self.seconds = time.monotonic() - start
        self.code = process.returncode

    @property
    def was_killed(self):
        return self.code == -signal.SIGKILL


def read_by(pid):
    """Bytes that a process has read by now, from the cache or not."""
    try:
        with open(f"/proc/{pid}/io") as file:
            return int(file.readline().split()[1])
    except (OSError, IndexError):
        return 0


def admin(*arguments):
    return subprocess.run([PROGRAMS + "/asl-admin", *arguments, "--root", ROOT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def state():
    """Of the unsealed run: how many records it has, how many checkpoints, and whether its seal has begun."""
    records = checkpoints = 0
    sealing = False
    for folder, _, files in os.walk(STORE + "/logs"):
        if "/runs/" in folder and folder not in FINISHED:
            records += sum(name.isdigit() for name in files)
            checkpoints += sum(name.startswith("checkpoint-") for name in files)
            sealing |= any(name.startswith("draft-") for name in files)
    return records, checkpoints, sealing


def newest():
    snapshots = json.loads(admin("snapshots", "--json", "--store", STORE).stdout)
    last = snapshots[-1]
    return len(snapshots), last["root"], last["blocks"], last["segments"]


def fresh():
    shutil.rmtree(STORE, ignore_errors=True)
    shutil.rmtree(ROOT + "/var", ignore_errors=True)
    shutil.copytree(BASE, STORE)


def next_life(until=lambda age: False):
    """Begins the run, or goes on with it."""
    isBegun = state()[0] > 0
    arguments = ["resume"] if isBegun else ["ingest", SOURCE]
    return isBegun, Life(*arguments, "--store", STORE, until=until)


class Tally:
    kills = chains = wrong = began = resumed = sealing = early = read = 0


def chain(number, kills, whole, expected, tally):
    fresh()
    read = 0
    for kill in range(kills):
        moment = kill / max(kills - AT_THE_END, 1)
        isBegun, life = next_life(kill_in_the_middle(moment, whole) if kill < kills - AT_THE_END else kill_at_the_end(whole))
        read += life.read
        if not life.was_killed:
            tally.early += 1
            break
        tally.kills += 1
        tally.resumed += isBegun
        tally.began += not isBegun
        tally.sealing += state()[2]
    _, last = next_life() if "sealed" not in life.output or life.was_killed else (True, life)
    if "nothing to resume" in last.output and newest()[0] == 1:
        last = Life("ingest", SOURCE, "--store", STORE)
    verified = admin("verify", "--data", "--store", STORE)
    actual = newest()
    tally.chains += 1
    tally.read += read + last.read
    if last.code or verified.returncode or actual != expected:
        tally.wrong += 1
        print(f"chain {number}: it ended with {last.code}: {last.output[-300:]}, verify {verified.returncode} {verified.stderr[-300:]}, "
              f"equal {[a == b for a, b in zip(actual, expected)]}", flush=True)


def kill_in_the_middle(moment, whole):
    """Once this share of the checkpoints is durable, and some chance later; early on, anywhere from the start of the program on."""
    wanted = moment * whole.checkpoints
    later = chance.uniform(0, 1.5 * whole.seconds / CHAIN)
    reached = []

    def until(age):
        if not reached and (wanted < 1 or age > whole.seconds or state()[1] >= wanted):
            reached.append(age)
        return bool(reached) and age >= reached[0] + later

    return until


def kill_at_the_end(whole):
    """Once the seal has begun or is near: right then, or some chance later."""
    later = chance.random() ** 2 * whole.sealing
    nearly = chance.random() < 0.3
    reached = []

    def until(age):
        if not reached:
            _, checkpoints, sealing = state()
            if sealing or (nearly and checkpoints >= whole.checkpoints - 1):
                reached.append(age)
        return bool(reached) and age >= reached[0] + later

    return until


class Whole:
    """The run that is left alone."""

    def __init__(self):
        fresh()
        self.began = None

        def watch(age):
            if self.began is None and state()[2]:
                self.began = age
            return False

        life = Life("ingest", SOURCE, "--store", STORE, until=watch)
        if life.code:
            sys.exit(f"the uninterrupted run ended with {life.code}: {life.output}")
        self.seconds, self.read, self.checkpoints = life.seconds, life.read, state()[1]
        self.sealing = max(life.seconds - (self.began or life.seconds), 0.05)


def main():
    global FINISHED
    shutil.rmtree(SCRATCH, ignore_errors=True)
    os.makedirs(SCRATCH + "/other")
    shutil.copytree(os.path.join(HERE, "../../rules"), ROOT + "/etc/asl/rules")
    with open(SCRATCH + "/other/file", "wb") as file:
        file.write(random.Random(1).randbytes(3 << 20))
    FINISHED = set()
    first = Life("ingest", SCRATCH + "/other", "--store", BASE)
    if first.code:
        sys.exit(f"the first ingest ended with {first.code}: {first.output}")
    FINISHED = {STORE + folder.removeprefix(BASE) for folder, _, _ in os.walk(BASE + "/logs") if "/runs/" in folder}
    whole = Whole()
    expected = newest()
    print(f"left alone: {whole.seconds:.1f} s, of which sealing {whole.sealing:.2f} s, {whole.checkpoints} checkpoints, {len(expected[2])} blocks, "
          f"root {expected[1][:16]}", flush=True)

    tally, start = Tally(), time.monotonic()
    while tally.kills < KILLS:
        chain(tally.chains, min(CHAIN, KILLS - tally.kills), whole, expected, tally)
        if tally.chains % 5 == 0:
            print(f"{tally.kills} kills in {tally.chains} chains, {time.monotonic() - start:.0f} s: {tally.wrong} wrong", flush=True)
    print(f"{tally.kills} kills in {tally.chains} chains: {tally.began} of a run that began, {tally.resumed} of one that was resumed, "
          f"{tally.sealing} of all after the seal had begun; {tally.early} processes had ended before their kill")
    print(f"read in all {tally.read / (whole.read * tally.chains):.2f} times what a run left alone reads; "
          f"{tally.wrong} of {tally.chains} chains ended otherwise than it")
    return 1 if tally.wrong else 0


sys.exit(main())
