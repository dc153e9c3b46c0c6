#!/usr/bin/env python3
"""Preflight and real pools: made by ztest in files, put behind loop devices, found by lsblk, and their labels read by zdb.

usage: real_pools.py PROGRAMS SCRATCH RULES     (PROGRAMS: a folder with asl-admin; RULES: the folder rules/)
Needs root, ztest, zdb, losetup and lsblk. Without them it fails where CI=true, and is skipped elsewhere.

ztest is killed as soon as its pool is complete, so each pool is one that a crash left behind. Exported and destroyed ones are made of
these by writing the state into all four labels, with their checksums.
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

PROGRAMS, SCRATCH, RULES = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
LABEL, NVLIST, NVLIST_BYTES, EMBEDDED_CHECKSUM = 256 << 10, 16 << 10, 112 << 10, 40
MAGIC = 0x0210DA7AB10C7A11
loops = []


# --- pools

def make(name, mirrors=0, disks=0):
    """The files of a fresh pool, in the order of their names."""
    folder = SCRATCH / name
    folder.mkdir(parents=True)
    wanted = max(1, mirrors) * max(1, disks)
    with open(SCRATCH / f"{name}.log", "w") as log:
        ztest = subprocess.Popen(
            ["ztest", "-f", folder, "-T", "60", "-P", "30", "-k", "0", "-s", "64m", "-v", "1", "-m", str(mirrors), "-r", str(disks), "-R", "1",
             "-K", "raidz"], stdout=log, stderr=log, start_new_session=True)
        try:
            until = time.monotonic() + 30
            while not is_complete(folder, wanted):
                if ztest.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"ztest made no pool, see {log.name}")
                time.sleep(0.05)
        finally:
            if ztest.poll() is None:
                os.killpg(ztest.pid, signal.SIGKILL)
            ztest.wait()
    return sorted(folder.glob("ztest.[0-9]*[a-z]"))[:wanted]


def is_complete(folder, wanted):
    labels = [zdb(file) for file in sorted(folder.glob("ztest.[0-9]*[a-z]"))]
    return len(labels) >= wanted and all("labels = 0 1 2 3" in label and not re.search(r"^ {4}txg: 0$", label, re.M) for label in labels)


def zdb(file):
    return subprocess.run(["zdb", "-l", file], capture_output=True, text=True, check=False).stdout


def guid_of(file):
    return int(re.search(r"pool_guid: (\d+)", zdb(file))[1])


def with_state(files, state, name):
    """Copies whose labels say exported (1) or destroyed (2)."""
    folder = SCRATCH / name
    folder.mkdir()
    copies = [pathlib.Path(shutil.copy(file, folder)) for file in files]
    for copy in copies:
        with open(copy, "r+b") as device:
            size = copy.stat().st_size // LABEL * LABEL
            for start in (0, LABEL, size - 2 * LABEL, size - LABEL):
                write_state(device, start + NVLIST, state)
    return copies


def write_state(device, offset, state):
    """The nvlist is XDR: the name, padded to four bytes, its type, the number of values, the value in eight bytes."""
    device.seek(offset)
    data = bytearray(device.read(NVLIST_BYTES))
    place = data.index(b"\0\0\0\5state\0\0\0") + 12
    if struct.unpack_from(">II", data, place) != (8, 1):
        raise RuntimeError("the label does not hold its state where it is expected")
    struct.pack_into(">Q", data, place + 8, state)
    struct.pack_into("<QQQQQ", data, NVLIST_BYTES - EMBEDDED_CHECKSUM, MAGIC, offset, 0, 0, 0)
    digest = struct.unpack(">QQQQ", hashlib.sha256(data).digest())
    struct.pack_into("<QQQQ", data, NVLIST_BYTES - EMBEDDED_CHECKSUM + 8, *digest)
    device.seek(offset)
    device.write(data)


def stale(files, name):
    """A copy that only looks like a member: the uberblocks are there, the labels are gone."""
    folder = SCRATCH / name
    folder.mkdir()
    copy = pathlib.Path(shutil.copy(files[0], folder))
    with open(copy, "r+b") as device:
        size = copy.stat().st_size // LABEL * LABEL
        for start in (0, LABEL, size - 2 * LABEL, size - LABEL):
            device.seek(start + NVLIST)
            device.write(bytes(NVLIST_BYTES))
    return [copy]


# --- one case

def attach(files):
    for file in files:
        loops.append(subprocess.run(
            ["losetup", "--find", "--show", "--read-only", file], check=True, capture_output=True, text=True).stdout.strip())


def detach():
    while loops:
        subprocess.run(["losetup", "--detach", loops.pop()], check=True)


def preflight(number, conf):
    root = SCRATCH / f"root-{number}"
    for place in ("etc/asl", "var/lib/asl", "mnt/asl/local"):
        (root / place).mkdir(parents=True)
    (root / "etc/asl/asl.conf").write_text(conf)
    done = subprocess.run(
        [PROGRAMS / "asl-admin", "preflight", "--report", "--json", "--root", root, "--rules", RULES / "preflight.toml"],
        capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout)


def judge(number, name, files, conf, expected, **pool):
    attach(files)
    paths = set(loops)
    try:
        began = time.monotonic()
        record = preflight(number, conf)
        took = time.monotonic() - began
    finally:
        detach()
    facts = {fact["id"]: fact for fact in record["facts"]}
    problems = [f"{fact} is {facts[fact]['value']}, not {value}: {facts[fact]['says']}"
                for fact, value in expected.items() if facts[fact]["value"] != value]
    seen = [one for one in record["pools"] if paths & set(one["devices"])]
    problems += [f"{key} of the pool is {one.get(key)}, not {value}" for one in seen for key, value in pool.items() if str(one.get(key)) != str(value)]
    if pool and not seen:
        problems.append("no pool was seen on these devices")
    if took > 30:
        problems.append(f"took {took:.1f} s")
    print(f"{'FAILED ' if problems else 'ok     '} {took:5.1f} s  {name}" + "".join(f"\n        {problem}" for problem in problems))
    return not problems


def cases():
    owner = os.uname().nodename
    single, mirror, raidz = make("single"), make("mirror", mirrors=2), make("raidz", disks=4)
    hostid = int(re.search(r"hostid: (\d+)", zdb(single[0]))[1])
    exported = with_state(single, 1, "exported")
    named = lambda files, extra="": f'local.pool = "{guid_of(files[0])}"\n{extra}'
    facts = lambda candidate, state, health: {"pool.candidate": candidate, "pool.state": state, "pool.health": health}
    foreign = dict(ownerHostName=owner, ownerHostId=hostid, state="foreign")
    yield "a pool that a crash left behind", single, named(single), facts("named", "foreign", "complete"), dict(foreign, missingDevices=0, guid=guid_of(single[0]))
    yield "both halves of a mirror", mirror, named(mirror), facts("named", "foreign", "complete"), dict(foreign, missingDevices=0)
    yield "half of a mirror", mirror[1:], named(mirror), facts("named", "foreign", "degraded"), dict(missingDevices=1)
    yield "all of a raidz", raidz, named(raidz), facts("named", "foreign", "complete"), dict(missingDevices=0)
    yield "a raidz without one disk", raidz[1:], named(raidz), facts("named", "foreign", "degraded"), dict(missingDevices=1)
    yield "a raidz without two disks", raidz[2:], named(raidz), facts("named", "foreign", "incomplete"), dict(missingDevices=2)
    yield "an exported pool", exported, named(exported), facts("named", "exported", "complete"), dict(state="exported")
    yield "an exported pool, not named", exported, "", facts("only", "exported", "complete"), dict(state="exported")
    yield "an exported raidz without one disk", with_state(raidz, 1, "exported-raidz")[1:], named(raidz), facts("named", "exported", "degraded"), {}
    yield "two exported pools", exported + with_state(mirror, 1, "exported-mirror"), "", facts("several", "none", "none"), dict(state="exported")
    yield "a destroyed pool", with_state(single, 2, "destroyed"), named(single), facts("none", "none", "none"), dict(state="destroyed")
    yield "a stale label", stale(single, "stale"), "", facts("none", "none", "none"), {}
    yield "no pool", [], "", facts("none", "none", "none"), {}


def bystander():
    """Another device of this machine whose label cannot be read, if any: then every answer is rightly in doubt."""
    listed = json.loads(subprocess.run(["lsblk", "--json", "--bytes", "--output", "PATH,SIZE,FSTYPE,MOUNTPOINTS"], capture_output=True, check=True).stdout)
    for device in listed["blockdevices"]:
        if device["size"] and not device["fstype"] and device["mountpoints"] in ([], [None]):
            done = subprocess.run(["zdb", "-l", device["path"]], capture_output=True, text=True, check=False)
            if "failed to read label" in done.stdout + done.stderr:
                return device["path"]
    return None


def missing():
    tools = [tool for tool in ("ztest", "zdb", "losetup", "lsblk") if shutil.which(tool) is None]
    return f"not installed: {', '.join(tools)}" if tools else "needs root" if os.geteuid() != 0 else None


def main():
    if reason := missing():
        print(f"skipped: {reason}")
        return 1 if os.environ.get("CI") == "true" else 0
    until = time.monotonic() + 30
    while other := bystander():
        if time.monotonic() > until:
            print(f"skipped: the labels of {other}, which is not ours, cannot be read, so nothing can be told for sure")
            return 1 if os.environ.get("CI") == "true" else 0
        time.sleep(2)
    results = [judge(number, name, files, conf, expected, **pool) for number, (name, files, conf, expected, pool) in enumerate(cases())]
    print(f"{sum(results)} of {len(results)} sets of disks are judged right")
    return 0 if all(results) else 1


sys.exit(main())
