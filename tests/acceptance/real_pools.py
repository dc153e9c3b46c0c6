#!/usr/bin/env python3
"""Preflight and real pools: made by ztest in files, put behind loop devices, found by lsblk, their labels read by zdb and by ourselves.

usage: real_pools.py PROGRAMS SCRATCH RULES     (PROGRAMS: a folder with asl-admin and asl-debug; RULES: the folder rules/)
Needs root, ztest, zdb, losetup, lsblk, setpriv and unshare. Without them it fails where CI=true, and is skipped elsewhere.

Preflight runs as in its unit: root without one capability. Each set of disks is judged twice, with zdb and with zdb hidden, and both must
come to the same. On each disk `asl-debug labels` must say what `zdb -l` and `zdb -lu` say, but where zdb takes a label whose checksum is
wrong, which ZFS does not.

ztest is killed as soon as its pool is complete, so each pool is one that a crash left behind. Exported and destroyed ones are made of
these by writing the state into all four labels, with their checksums.
"""
import concurrent.futures
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
import threading
import time

PROGRAMS, SCRATCH, RULES = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
LABEL, NVLIST, NVLIST_BYTES, EMBEDDED_CHECKSUM = 256 << 10, 16 << 10, 112 << 10, 40
RING, RING_BYTES, UBERBLOCK = 128 << 10, 128 << 10, 0x00BAB10C
MAGIC = 0x0210DA7AB10C7A11
WITHOUT_CAPABILITIES = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
WITHOUT_ZDB = ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount --bind /dev/null "$(command -v zdb)" && exec "$@"', "sh"]
loops = []


# --- pools

def make(name, mirrors=0, disks=0, ashift=9):
    """The files of a fresh pool, in the order of their names. What ztest does is chance: now and then it gives up, or has changed the pool already."""
    for attempt in range(5):
        folder = SCRATCH / name
        folder.mkdir(parents=True)
        try:
            return tried(name, folder, mirrors, disks, ashift)
        except RuntimeError:
            if attempt == 4:
                raise
            shutil.rmtree(folder)


def tried(name, folder, mirrors, disks, ashift):
    wanted = max(1, mirrors) * max(1, disks)
    with open(SCRATCH / f"{name}.log", "w") as log:
        ztest = subprocess.Popen(
            ["ztest", "-f", folder, "-T", "60", "-P", "30", "-k", "0", "-s", "64m", "-v", "1", "-m", str(mirrors), "-r", str(disks), "-R", "1",
             "-K", "raidz", "-a", str(ashift)], stdout=log, stderr=log, start_new_session=True)
        try:
            until = time.monotonic() + 90
            while True:
                if ztest.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"ztest made no pool, see {log.name}")
                os.killpg(ztest.pid, signal.SIGSTOP)  # Else it goes on with what was looked at.
                if is_complete(folder, wanted):
                    break
                os.killpg(ztest.pid, signal.SIGCONT)
                time.sleep(0.05)
        finally:
            if ztest.poll() is None:
                os.killpg(ztest.pid, signal.SIGKILL)
            ztest.wait()
    files = sorted(folder.glob("ztest.[0-9]*[a-z]"))[:wanted]
    for file in files:
        try:
            label = label_of(zdb(file))
            kinds = [kind for kind, _ in label["tree"]]
        except (IndexError, TypeError) as odd:
            raise RuntimeError(f"ztest has left {file} with a label that is none: {odd}") from odd
        if (label["state"], label["topLevels"], kinds.count("file")) != ("active", "1", wanted) or not set(kinds) <= {"file", "mirror", "raidz"}:
            raise RuntimeError(f"ztest has changed the pool {name} already: {label}")
    return files


def is_complete(folder, wanted):
    labels = [zdb(file) for file in sorted(folder.glob("ztest.[0-9]*[a-z]"))]
    return len(labels) >= wanted and all("labels = 0 1 2 3" in label and not re.search(r"^ {4}txg: 0$", label, re.M) for label in labels)


def zdb(file):
    return subprocess.run(["zdb", "-l", file], capture_output=True, text=True, check=False).stdout


def guid_of(file):
    return int(re.search(r"pool_guid: (\d+)", zdb(file))[1])


def copies_of(files, name):
    folder = SCRATCH / name
    folder.mkdir()
    return [pathlib.Path(shutil.copy(file, folder)) for file in files]


def places(file):
    """Where the four labels start."""
    size = os.path.getsize(file) // LABEL * LABEL
    return [0, LABEL, size - 2 * LABEL, size - LABEL]


def with_state(files, state, name):
    """Copies whose labels say exported (1) or destroyed (2)."""
    copies = copies_of(files, name)
    for copy in copies:
        for place in places(copy):
            write_number(copy, place + NVLIST, b"state", state)
    return copies


def write_number(file, offset, field, value, signed=True):
    """The nvlist is XDR: the name with its length, padded to four bytes, its type, the number of values, the value in eight bytes."""
    with open(file, "r+b") as device:
        device.seek(offset)
        data = bytearray(device.read(NVLIST_BYTES))
        name = struct.pack(">I", len(field)) + field + bytes(-len(field) % 4)
        place = data.index(name + struct.pack(">II", 8, 1)) + len(name) + 8
        struct.pack_into(">Q", data, place, value)
        if signed:
            sign(data, offset)
        device.seek(offset)
        device.write(data)


def sign(data, offset):
    """The checksum at the end of a part, over the part with its own place there."""
    struct.pack_into("<QQQQQ", data, len(data) - EMBEDDED_CHECKSUM, MAGIC, offset, 0, 0, 0)
    digest = struct.unpack(">QQQQ", hashlib.sha256(data).digest())
    struct.pack_into("<QQQQ", data, len(data) - EMBEDDED_CHECKSUM + 8, *digest)


def wiped(files, name, labels):
    """Copies without some of their labels."""
    copies = copies_of(files, name)
    for copy in copies:
        with open(copy, "r+b") as device:
            for label in labels:
                device.seek(places(copy)[label])
                device.write(bytes(LABEL))
    return copies


def disagreeing(files, name, label, signed):
    """Copies of which one label says exported, and is newer; with a wrong checksum, it must not count."""
    copies = copies_of(files, name)
    for copy in copies:
        place = places(copy)[label] + NVLIST
        write_number(copy, place, b"txg", 1000, signed)
        write_number(copy, place, b"state", 1, signed)
    return copies


class Owner(threading.Thread):
    """Another system that has the pool imported: it writes an uberblock of the next transaction group, again and again."""

    def __init__(self, file, seconds):
        super().__init__(daemon=True)
        self.file, self.seconds, self.ended = file, seconds, threading.Event()

    def run(self):
        while not self.ended.wait(self.seconds):
            self.write()

    def write(self):
        with open(self.file, "r+b") as device:
            for place in places(self.file):
                device.seek(place + RING)
                ring = device.read(RING_BYTES)
                slots = [ring[at:at + 1024] for at in range(0, RING_BYTES, 1024)]
                newest = max((slot for slot in slots if struct.unpack_from("<Q", slot)[0] == UBERBLOCK), key=lambda slot: struct.unpack_from("<Q", slot, 16))
                data, txg = bytearray(newest), struct.unpack_from("<Q", newest, 16)[0] + 1
                struct.pack_into("<Q", data, 16, txg)
                at = place + RING + txg % 128 * 1024
                sign(data, at)
                device.seek(at)
                device.write(data)


def stale(files, name):
    """A copy that only looks like a member: the uberblocks are there, the labels are gone."""
    copy = copies_of(files[:1], name)[0]
    with open(copy, "r+b") as device:
        for place in places(copy):
            device.seek(place + NVLIST)
            device.write(bytes(NVLIST_BYTES))
    return [copy]


# --- zdb and our reader

def label_of(text):
    """What zdb prints of the newest label whose checksum is right."""
    blocks = [block for block in re.split(r"^-+\nLABEL ", text, flags=re.M)[1:] if "(Bad label cksum)" not in block.split("\n")[0]]
    number = lambda name, block: (re.search(rf"^ {{4}}{name}: '?(.*?)'?$", block, re.M) or [None, None])[1]
    if not blocks:
        return None
    newest = max(blocks, key=lambda block: int(number("txg", block) or 0))
    tree = re.search(r"^    vdev_tree:\n((?:^ {8}.*\n)*)", newest, re.M)[1]
    return {
        **{ours: number(theirs, newest) for ours, theirs in (("name", "name"), ("guid", "pool_guid"), ("txg", "txg"), ("hostId", "hostid"),
                                                            ("hostName", "hostname"), ("deviceGuid", "guid"), ("topLevels", "vdev_children"))},
        "state": ["active", "exported", "destroyed"][int(number("state", newest))],
        "tree": sorted(zip(re.findall(r"^ +type: '(.*)'$", tree, re.M), re.findall(r"^ +guid: (\d+)$", tree, re.M))),
        "paths": sorted(re.findall(r"^ +path: '(.*)'$", tree, re.M)),
        "ashift": re.search(r"ashift: (\d+)", tree)[1],
    }


def newest_of(text):
    found = re.findall(r"magic = 0000000000bab10c\n\tversion = \d+\n\ttxg = (\d+)\n\tguid_sum = (\d+)\n\ttimestamp = (\d+)", text)
    return max(((int(txg), int(time), guids) for txg, guids, time in found), default=None)


def parts(part):
    return [part] + [one for child in part["children"] for one in parts(child)]


def differences(device):
    """What our reader and zdb say differently of a device."""
    theirs = subprocess.run(["zdb", "-lu", device], capture_output=True, text=True, check=False).stdout
    plain = subprocess.run(["zdb", "-l", device], capture_output=True, text=True, check=False).stdout
    done = subprocess.run([*WITHOUT_CAPABILITIES, PROGRAMS / "asl-debug", "labels", device, "--json"], capture_output=True, text=True, check=False)
    ours = json.loads(done.stdout)
    label = ours["label"] and {
        **{key: str(ours["label"][key]) for key in ("name", "guid", "txg", "hostId", "hostName", "deviceGuid", "topLevels", "state", "ashift")},
        "tree": sorted((part["type"], part["guid"]) for part in parts(ours["label"]["tree"])),
        "paths": sorted(part["path"] for part in parts(ours["label"]["tree"]) if part["path"]),
    }
    uberblock = ours["uberblock"] and (ours["uberblock"]["txg"], ours["uberblock"]["timestamp"], ours["uberblock"]["guidSum"])
    pairs = [("label", label, label_of(plain)), ("newest uberblock", uberblock, newest_of(theirs) if label else uberblock), ("exit", done.returncode, 0 if label else 1)]
    return [f"{device}: the {what} is {own} by our reader, {other} by zdb" for what, own, other in pairs if own != other]


# --- one case

def attach(files):
    for file in files:
        loops.append(subprocess.run(
            ["losetup", "--find", "--show", "--read-only", file], check=True, capture_output=True, text=True).stdout.strip())


def detach():
    while loops:
        subprocess.run(["losetup", "--detach", loops.pop()], check=True)


def preflight(number, conf, kind):
    root = SCRATCH / f"root-{number}-{kind}"
    for place in ("etc/asl", "var/lib/asl", "mnt/asl/local"):
        (root / place).mkdir(parents=True)
    (root / "etc/asl/asl.conf").write_text(conf)
    began = time.monotonic()
    done = subprocess.run(
        [*(WITHOUT_ZDB if kind == "own" else []), *WITHOUT_CAPABILITIES, PROGRAMS / "asl-admin", "preflight", "--report", "--json", "--root", root,
         "--rules", RULES / "preflight.toml"], capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout), time.monotonic() - began


def judge(number, name, files, conf, expected, owner=None, is_zdb_fooled=False, **pool):
    attach(files)
    paths = set(loops)
    writer = Owner(owner, 0.4) if owner else None
    try:
        # zdb reads through the kernel's cache, so it is asked before anybody writes.
        problems = [] if writer or is_zdb_fooled else [difference for device in sorted(paths) for difference in differences(device)]
        if writer:
            writer.start()
        with concurrent.futures.ThreadPoolExecutor() as pool_of_two:
            runs = list(pool_of_two.map(lambda kind: (kind, *preflight(number, conf, kind)), ("zdb", "own")))
    finally:
        if writer:
            writer.ended.set()
            writer.join()
        detach()
    took = max(run[2] for run in runs)
    for kind, record, _ in runs:
        problems += [f"with {'zdb' if kind == 'zdb' else 'our reader'}: {problem}" for problem in problems_of(record, kind, paths, expected, pool)]
    if took > 30:
        problems.append(f"took {took:.1f} s")
    print(f"{'FAILED ' if problems else 'ok     '} {took:5.1f} s  {name}" + "".join(f"\n        {problem}" for problem in problems), flush=True)
    return not problems


def problems_of(record, kind, paths, expected, pool):
    facts = {fact["id"]: fact for fact in record["facts"]}
    looked = [(evidence["looked"], evidence.get("cause")) for evidence in facts["pool.candidate"]["evidence"]]
    problems = [f"{fact} is {facts[fact]['value']}, not {value}: {facts[fact]['says']}"
                for fact, value in expected.items() if facts[fact]["value"] != value]
    seen = [one for one in record["pools"] if paths & set(one["devices"])]
    problems += [f"{key} of the pool is {one.get(key)}, not {value}" for one in seen for key, value in pool.items()
                 if (not one.get(key) if value is True else str(one.get(key)) != str(value))]
    if pool and not seen:
        problems.append("no pool was seen on these devices")
    zdb = None if kind == "zdb" else "zdb is not installed"
    if any((f"read the labels of {path}", None) not in looked or (f"ran zdb -l {path}", zdb) not in looked for path in paths):
        problems.append(f"the labels were not read as they were to be: {looked}")
    return problems


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
    for ashift in (12, 13):
        large = make(f"ashift-{ashift}", ashift=ashift)
        yield f"sectors of {1 << ashift} bytes", large, named(large), facts("named", "foreign", "complete"), dict(foreign, missingDevices=0)
    for labels in ((0, 1), (2, 3), (0, 2, 3)):
        yield f"without labels {labels}", wiped(exported, f"wiped-{labels}", labels), "", facts("only", "exported", "complete"), dict(state="exported")
    for label in (0, 3):
        yield f"label {label} is newer, and exported", disagreeing(single, f"newer-{label}", label, True), "", facts("only", "exported", "complete"), dict(state="exported")
        yield f"label {label} seems newer, with a wrong checksum", disagreeing(single, f"wrong-{label}", label, False), "", facts("only", "foreign", "complete"), dict(foreign, is_zdb_fooled=True)
    live = copies_of(mirror, "live")
    yield ("a pool that another system uses", live, named(live, f'local.approve-import = "{guid_of(live[0])}@{owner}"\n'),
           {**facts("none", "none", "none"), "approval.local": "none"}, dict(foreign, inUse=True, owner=live[1]))
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
    tools = [tool for tool in ("ztest", "zdb", "losetup", "lsblk", "setpriv", "unshare") if shutil.which(tool) is None]
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
