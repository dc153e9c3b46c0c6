#!/usr/bin/env python3
"""Disks that fail: a FUSE file system whose only file gives EIO wherever it is told to, and a loop device over it.

usage: damaged_disk.py PROGRAMS SCRATCH     (root; badfuse.c is compiled with gcc and libfuse3; GNU ddrescue is the witness)
"""
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

PROGRAMS, SCRATCH = (os.path.abspath(path) for path in sys.argv[1:3])
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = SCRATCH + "/machine"  # another intake of this machine is none of our business
SIZE = 96 << 20
COPIED = 56 << 20  # what does not compress of it, less a little
failures = []


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def program(name, *arguments):
    return run(os.path.join(PROGRAMS, name), *arguments, "--root", ROOT)


def check(what, holds, detail=""):
    print(f"{'ok    ' if holds else 'FAILED'} {what}{'' if holds else ': ' + str(detail)}", flush=True)
    if not holds:
        failures.append(what)


def shown(store):
    return json.loads(program("asl-admin", "show", "latest", "--json", "--store", store).stdout)


class Disk:
    """A block device over a file over FUSE. Which bytes it refuses can change while it is there."""

    def __init__(self, name, content):
        self.folder = os.path.join(SCRATCH, name)
        os.makedirs(self.folder + "/mount")
        self.data, self.ranges = self.folder + "/data", self.folder + "/ranges"
        with open(self.data, "wb") as file:
            file.write(content)
        self.refuse([])
        must(SCRATCH + "/badfuse", self.folder + "/mount", self.data, self.ranges)
        self.file = self.folder + "/mount/disk"
        self.device = must("losetup", "--find", "--show", "--read-only", "--direct-io=on", self.file).strip()

    def refuse(self, ranges):
        with open(self.ranges + ".new", "w") as file:
            file.writelines(f"{start} {length}\n" for start, length in ranges)
        os.replace(self.ranges + ".new", self.ranges)

    def reads(self):
        """All reads so far: offset, length, whether it was good."""
        with open(self.ranges + ".log") as file:
            whole, _, _ = file.read().rpartition("\n")  # the last line may be half written
        lines = [line.split() for line in whole.splitlines()]
        return [(int(offset), int(length), int(result) >= 0) for offset, length, result in lines]

    def close(self):
        run("losetup", "--detach", self.device)
        run("umount", "--lazy", self.folder + "/mount")


def content(seed):
    """Data that does not compress, text, and zeros."""
    source = random.Random(seed)
    text = b"".join(b"%08d the quick brown fox\n" % source.randrange(10**6) for _ in range(1 << 18))
    whole = source.randbytes(40 << 20) + text + bytes(30 << 20)
    return whole + source.randbytes(SIZE - len(whole))


def layout(seed):
    """Bad ranges in whole sectors: single ones, pairs with a good one between, a large one, the first and the last of the disk."""
    source = random.Random(seed)
    ranges = [(0, 512), (SIZE - 512, 512), (20 << 20, 4096), (41 << 20, 192 << 10), (60 << 20, 65536 + 512)]
    for _ in range(12):
        start = source.randrange(SIZE // 512 - 8) * 512
        ranges += [(start, 512), (start + 1024, 512 * source.randrange(1, 4))]
    return sorted(ranges)


def same_map(ours, theirs):
    done = run("ddrescuelog", "--compare-mapfile=" + ours, theirs)
    return done.returncode == 0, done.stderr.decode()


def readable(ranges, data):
    """What must be in the image: the bytes, with zeros for those that are refused."""
    image = bytearray(data)
    for start, length in ranges:
        image[start:start + length] = bytes(length)
    return bytes(image)


def whole_disk():
    data, ranges = content(1), layout(1)
    disk, store, folder = Disk("whole", data), SCRATCH + "/whole/store", SCRATCH + "/whole"
    disk.refuse(ranges)
    done = program("asl-intake", "ingest", disk.device, "--store", store, "--retries", "1")
    check("a damaged disk is sealed with exit code 3", done.returncode == 3, done.stderr.decode())
    first = shown(store)
    check("it was opened for reading only and nobody wrote to it", first["sources"][0]["image"]["wasWritten"] is False)
    done = program("asl-admin", "export", "latest", "--mapfile", folder + "/ours", "--store", store)
    check("its mapfile is exported, exit code 3", done.returncode == 3, done.stderr.decode())
    must("ddrescue", "--idirect", "--quiet", "--retry-passes=1", disk.device, folder + "/rescued", folder + "/theirs")
    check("its good and bad areas are those of ddrescue --idirect", *same_map(folder + "/ours", folder + "/theirs"))
    check("ddrescuelog takes our mapfile", run("ddrescuelog", "--show-status", folder + "/ours").returncode == 0)
    done = program("asl-admin", "restore", "latest", "--to", folder + "/restored", "--store", store)
    check("restore ends with 3", done.returncode == 3, done.stderr.decode())
    check("restore names every bad range", all(f"bytes {start} to" in done.stderr.decode() or merged(ranges, start) for start, _ in ranges))
    restored = os.path.join(folder, "restored", os.path.basename(disk.device))
    with open(restored, "rb") as file:
        check("every readable byte is in the image, and no other", file.read() == readable(ranges, data))
    check("a stream without --fill-bad is refused", program("asl-admin", "export", "latest", "--raw", "--store", store).returncode == 2)
    done = program("asl-admin", "export", "latest", "--raw", "--fill-bad", "zero", "--store", store)
    check("a stream with --fill-bad has all bytes and ends with 3", done.returncode == 3 and done.stdout == readable(ranges, data), done.stderr.decode())
    again(disk, store, folder, data, ranges, first)
    disk.close()


def merged(ranges, start):
    """Whether a range begins within or right behind another: then it is listed with that one."""
    return any(other < start <= other + length for other, length in ranges)


def again(disk, store, folder, data, ranges, first):
    """Half of it heals; then all of it."""
    healed = ranges[1::2]
    disk.refuse(left := ranges[0::2])
    before = len(disk.reads())
    done = program("asl-intake", "ingest", disk.device, "--store", store)
    second = shown(store)
    image = second["sources"][0]
    check("the second run is incremental to the first, exit code 3", done.returncode == 3 and image["parent"] == first["snapshot"], done.stderr.decode())
    gained = sum(item["length"] for item in image["image"]["gained"])
    lost = set().union(*(range(start // 512, (start + length) // 512) for start, length in ranges))
    still = set().union(*(range(start // 512, (start + length) // 512) for start, length in left))
    check("it says which sectors it gained", gained == 512 * len(lost - still), f"{gained} of {512 * len(lost - still)}")
    read = sum(length for _, length, good in disk.reads()[before:] if good)
    check("it read little but what was missing", read < gained + (6 << 20), f"{read} bytes read for {gained}")
    done = program("asl-admin", "export", "latest", "--raw", "--fill-bad", "zero", "--store", store)
    check("it is a superset of the first", done.stdout == readable(left, data))
    disk.refuse([])
    done = program("asl-intake", "ingest", disk.device, "--store", store)
    check("once all is healed the third is complete, exit code 0", done.returncode == 0, done.stderr.decode())
    third = shown(store)
    must("ddrescue", "--idirect", "--quiet", "--force", disk.device, folder + "/all", folder + "/all.map")
    with open(folder + "/all", "rb") as file:
        check("ddrescue agrees", file.read() == data)
    digest = must("sha256sum", disk.data).split()[0]
    check("its SHA-256 is that of the disk", third["sources"][0]["image"]["sha256"] == digest, third["sources"][0]["image"])
    fresh = folder + "/fresh"
    program("asl-intake", "ingest", disk.device, "--store", fresh)
    check("its root is that of a disk that never failed", shown(fresh)["root"] == third["root"])
    check("so is the SHA-256, computed while reading", shown(fresh)["sources"][0]["image"]["sha256"] == digest)
    done = program("asl-admin", "verify", "--data", "--store", store)
    check("verify finds no damage", done.returncode == 0, done.stderr.decode())
    done = program("asl-admin", "gc-check", "--json", "--store", store)
    check("gc-check finds nothing left over", done.returncode == 0 and json.loads(done.stdout)["unsealedRuns"] == [], done.stdout)
    done = program("asl-admin", "diff", first["snapshot"], third["snapshot"], "--json", "--store", store)
    check("diff says that the content changed", json.loads(done.stdout)[0]["what"] == ["content", "problems"], done.stdout)
    check("ls lists it", json.loads(program("asl-admin", "ls", "latest", "--json", "--store", store).stdout)[0]["kind"] == "Image")


def killed():
    """kill -9 at several moments, then resume: what was read before and is durable is not read again, and the root is the same."""
    data, ranges = content(2), layout(2)
    disk, folder = Disk("killed", data), SCRATCH + "/killed"
    disk.refuse(ranges)
    program("asl-intake", "ingest", disk.device, "--store", folder + "/truth")
    truth, reads = shown(folder + "/truth"), len(disk.reads())
    for moment, share in enumerate((0.2, 0.6, 0.9)):
        store = f"{folder}/store{moment}"
        start = len(disk.reads())
        process = subprocess.Popen([PROGRAMS + "/asl-intake", "ingest", disk.device, "--store", store, "--root", ROOT], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Past the copying, only trouble is read; when the machine is slow, blocks are still being written then.
        while process.poll() is None and (len(disk.reads()) - start < reads * share or (share > 0.5 and stored(store) < COPIED)):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        middle = len(disk.reads())
        done = program("asl-intake", "resume", "--store", store)
        if b"ASL2009" in done.stderr or b"nothing to resume" in done.stderr:
            done = program("asl-intake", "ingest", disk.device, "--store", store)
        first, second = disk.reads()[start:middle], disk.reads()[middle:]
        twice = overlap(first, second)
        check(f"killed at {share:.0%} and resumed: exit code 3 and the same root", done.returncode == 3 and shown(store)["root"] == truth["root"], done.stderr.decode())
        print(f"       {len(first)} + {len(second)} reads, {twice >> 10} KiB of good bytes read twice", flush=True)
        # While copying, a block of 32 MiB may be open, one on its way, and what was read ahead. Once copying is over, all of that is durable.
        # Whoever goes on compares samples with the disk: 64 chunks of 64 KiB, and the first eight.
        limit = (72 << 20 if share < 0.5 else 4 << 20) + (64 + 8) * (64 << 10)
        check("and at most what was not yet durable is read twice", twice <= limit, twice)
    disk.close()


def stored(store):
    """Bytes of the blocks that the journals of a store call sealed."""
    blocks = set()
    for path in glob.glob(store + "/logs/*/runs/*/[0-9]*[0-9]"):
        with open(path) as file:
            blocks.update(name for line in file for name in json.loads(line).get("blocks", []))
    return sum(os.path.getsize(f"{store}/blocks/{name[:2]}/{name}") for name in blocks)


def overlap(first, second):
    seen = set()
    for offset, length, good in first:
        seen.update(range(offset // 4096, (offset + length) // 4096) if good else ())
    again = set()
    for offset, length, good in second:
        again.update(block for block in range(offset // 4096, (offset + length) // 4096) if good and block in seen)
    return 4096 * len(again)


def rescued_elsewhere():
    """A rescue that GNU ddrescue began: its image with its mapfile, and the disk with its mapfile."""
    data, ranges = content(3), layout(3)
    disk, folder = Disk("elsewhere", data), SCRATCH + "/elsewhere"
    disk.refuse(ranges)
    must("ddrescue", "--idirect", "--quiet", "--size=50003968", disk.device, folder + "/rescued", folder + "/map")
    store = folder + "/store"
    with open(folder + "/rescued", "ab") as file:
        file.truncate(SIZE)
    done = program("asl-intake", "ingest", folder + "/rescued", "--image", "--mapfile", folder + "/map", "--store", store)
    check("an image of ddrescue with its mapfile: exit code 3", done.returncode == 3, done.stderr.decode())
    program("asl-admin", "export", "latest", "--mapfile", folder + "/ours", "--store", store)
    check("what its map does not call good is no data", *same_map(folder + "/ours", folder + "/map"))
    done = program("asl-intake", "ingest", disk.device, "--mapfile", folder + "/map", "--store", folder + "/store2")
    check("the disk with ddrescue's mapfile: exit code 3", done.returncode == 3, done.stderr.decode())
    program("asl-admin", "export", "latest", "--mapfile", folder + "/ours2", "--store", folder + "/store2")
    must("ddrescue", "--idirect", "--quiet", disk.device, folder + "/rescued", folder + "/map")
    left = same_map(folder + "/ours2", folder + "/map")
    check("its good and bad areas are those of ddrescue that went on", *left)
    with open(folder + "/wrong", "w") as file:
        file.write("0x0 ?\n0x200 0x200 +\n0x0 0x200 -\n")
    check("a mapfile that is none is refused with 7", program("asl-intake", "ingest", disk.device, "--mapfile", folder + "/wrong", "--store", store).returncode == 7)
    disk.close()


def larger_sectors():
    """A disk that comes back with sectors of 4096 bytes, behind another bridge: what it lacks begins and ends within them."""
    data = content(5)
    disk, folder = Disk("sectors", data), SCRATCH + "/sectors"
    ranges = [(512, 512), ((20 << 20) + 1536, 1024), ((60 << 20) + 3584, 8192), (SIZE - 512, 512)]
    disk.refuse(ranges)
    store = folder + "/store"
    done = program("asl-intake", "ingest", disk.device, "--store", store)
    check("with sectors of 512 bytes: exit code 3", done.returncode == 3, done.stderr.decode())
    first = shown(store)
    must("losetup", "--detach", disk.device)
    for _ in range(100):  # Whoever has it open, as udev does for a moment, keeps it.
        if not os.path.exists(f"/sys/block/{os.path.basename(disk.device)}/loop"):
            break
        time.sleep(0.1)
    must("losetup", "--read-only", "--direct-io=on", "--sector-size", "4096", disk.device, disk.file)
    check("it has sectors of 4096 bytes now", must("blockdev", "--getss", disk.device).strip() == "4096")
    disk.refuse(ranges[:1])
    before = len(disk.reads())
    done = program("asl-intake", "ingest", disk.device, "--store", store)
    second = shown(store)["sources"][0]
    check("it is read on, exit code 3", done.returncode == 3 and second["parent"] == first["snapshot"], done.stderr.decode())
    check("all that can be read now is gained", sum(item["length"] for item in second["image"]["gained"]) == sum(length for _, length in ranges[1:]), second["image"]["gained"])
    read = sum(length for _, length, good in disk.reads()[before:] if good)
    check("and little else is read", read < 6 << 20, read)
    done = program("asl-admin", "export", "latest", "--raw", "--fill-bad", "zero", "--store", store)
    check("every readable byte is there", done.stdout == readable(ranges[:1], data))
    disk.refuse([])
    done = program("asl-intake", "ingest", disk.device, "--store", store)
    check("once all is healed it is complete", done.returncode == 0 and shown(store)["sources"][0]["image"]["sha256"] == must("sha256sum", disk.data).split()[0], done.stderr.decode())
    disk.close()


def in_a_tree():
    """A damaged file between two good ones (notes of what other programs lose), and limits of a reading."""
    source = random.Random(4)
    data = source.randbytes(64 << 20)
    disk, folder = Disk("tree", data), SCRATCH + "/tree"
    ranges = [(20971520, 4096), (50003968, 4096)]
    disk.refuse(ranges)
    beside_good_ones(disk, source, data, ranges)
    done = program("asl-intake", "ingest", folder + "/mount", "--store", folder + "/store")
    check("a damaged file in a tree: exit code 3", done.returncode == 3, done.stderr.decode())
    program("asl-admin", "restore", "latest", "--to", folder + "/restored", "--store", folder + "/store")
    with open(folder + "/restored/disk", "rb") as file:
        check("67,100,672 of its 67,100,672 readable bytes are there", file.read() == readable(ranges, data))
    program("asl-admin", "export", "latest", "--path", "disk", "--mapfile", folder + "/ours", "--store", folder + "/store")
    must("ddrescue", "--quiet", folder + "/mount/disk", folder + "/rescued", folder + "/theirs")
    check("and its map is ddrescue's", *same_map(folder + "/ours", folder + "/theirs"))
    done = program("asl-intake", "ingest", disk.file, "--image", "--store", folder + "/image")
    program("asl-admin", "export", "latest", "--mapfile", folder + "/ours2", "--store", folder + "/image")
    check("so is that of the same file as an image", *same_map(folder + "/ours2", folder + "/theirs"))
    done = program("asl-intake", "ingest", disk.device, "--no-scrape", "--retries", "0", "--time-budget", "1ms", "--store", folder + "/budget")
    check("a time budget that is over seals what there is, exit code 3", done.returncode == 3, done.stderr.decode())
    disk.close()


def single_sectors():
    """Of a page of a damaged file that the cache cannot fill, all but the bad sectors."""
    data, folder = random.Random(6).randbytes(4 << 20), SCRATCH + "/single"
    disk = Disk("single", data)
    ranges = [(512 * 3, 512), (1 << 20, 512), ((1 << 20) + 1024, 1024), ((2 << 20) + 4096 - 512, 1024), ((4 << 20) - 512, 512)]
    disk.refuse(ranges)
    done = program("asl-intake", "ingest", folder + "/mount", "--store", folder + "/store")
    check("single bad sectors of a file in a tree: exit code 3", done.returncode == 3, done.stderr.decode())
    done = program("asl-admin", "restore", "latest", "--to", folder + "/restored", "--store", folder + "/store")
    with open(folder + "/restored/disk", "rb") as file:
        found = file.read()
    lost = sum(1 for start in range(0, len(data), 512) if found[start:start + 512] != data[start:start + 512])
    check(f"they cost 7 sectors: {lost}", found == readable(ranges, data) and lost == 7)
    text = done.stderr.decode()
    check("and are told by the byte", done.returncode == 3 and all(f"bytes {start} to {start + length - 1}" in text for start, length in ranges), text)
    disk.close()


def beside_good_ones(disk, source, data, ranges):
    """The case at which others drop the file, or what comes after it, or say nothing: one damaged file between two good ones."""
    folder, tree = SCRATCH + "/tree", SCRATCH + "/tree/tree"
    os.makedirs(tree + "/b")
    good = {"a": source.randbytes(3 << 20), "c": source.randbytes(70_000)}
    for name, bytes_ in good.items():
        with open(f"{tree}/{name}", "wb") as file:
            file.write(bytes_)
    must("mount", "--bind", folder + "/mount", tree + "/b")
    try:
        done = program("asl-intake", "ingest", tree, "--store", folder + "/beside")
    finally:
        must("umount", tree + "/b")
    check("a damaged file beside two good ones: exit code 3, and it is named", done.returncode == 3 and b"b/disk" in done.stderr, done.stderr.decode())
    done = program("asl-admin", "restore", "latest", "--to", folder + "/back", "--store", folder + "/beside")
    text = done.stderr.decode()
    check("restore ends with 3 and names file and ranges", done.returncode == 3 and all(f"bytes {start} to {start + length - 1} " in text for start, length in ranges) and "b/disk" in text, text)
    kept = {}
    for name in ("a", "c", "b/disk"):
        with open(f"{folder}/back/{name}", "rb") as file:
            kept[name] = file.read()
    check("the good files are whole", all(kept[name] == bytes_ for name, bytes_ in good.items()))
    check("of the damaged one all 67,100,672 readable bytes are there", kept["b/disk"] == readable(ranges, data))


def written_meanwhile():
    """A disk that is written to while it is read has an exit code of its own."""
    folder = SCRATCH + "/written"
    os.makedirs(folder)
    with open(folder + "/data", "wb") as file:
        file.write(random.Random(5).randbytes(SIZE * 2))
        file.flush()
        os.fsync(file.fileno())  # Else the writer's first fsync below waits for all of it, maybe longer than the reading takes
    device = must("losetup", "--find", "--show", folder + "/data").strip()
    process = subprocess.Popen([PROGRAMS + "/asl-intake", "ingest", device, "--store", folder + "/store", "--root", ROOT], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    number = 0
    while process.poll() is None:
        number += 1
        with open(device, "r+b") as file:
            file.seek(SIZE)
            file.write(b"%08d" % number)
            file.flush()
            os.fsync(file.fileno())
        time.sleep(0.01)
    check("a disk that is written to meanwhile: exit code 15", process.returncode == 15, process.stderr.read())
    check("and the snapshot says so", shown(folder + "/store")["sources"][0]["image"]["wasWritten"] is True)
    must("losetup", "--detach", device)


def long_names():
    """Names of a disk that another system wrote, longer than this one's own file systems take: kept, told, and none in the way of the others."""
    folder = SCRATCH + "/names"
    os.makedirs(folder + "/mount")
    must(HERE + "/longnames.py", folder + "/mount")
    done = program("asl-intake", "ingest", folder + "/mount", "--store", folder + "/store")
    check("names of 765 bytes are taken in without a problem", done.returncode == 0 and max(len(os.fsencode(name)) for name in os.listdir(folder + "/mount")) == 765, done.stderr.decode())
    must("fusermount3", "-u", folder + "/mount")
    check("and all data verifies", program("asl-admin", "verify", "--data", "--store", folder + "/store").returncode == 0)
    listed = program("asl-admin", "ls", "latest", "--recursive", "--store", folder + "/store").stdout.decode()
    check("and are listed", listed.count("漢" * 255) == 2 and listed.count("字" * 255) == 1, listed)
    done = program("asl-admin", "restore", "latest", "--to", folder + "/restored", "--store", folder + "/store")
    check("a file system that takes 255 gets the others, exit code 3", done.returncode == 3 and sorted(os.listdir(folder + "/restored")) == ["folder", "short"], done.stderr.decode())
    check("and each that is left out is told", done.stderr.decode().count("File name too long") == 3, done.stderr.decode())


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    shutil.copytree(os.path.join(HERE, "../../rules"), ROOT + "/etc/asl/rules")
    flags = must("pkg-config", "fuse3", "--cflags", "--libs").split()
    must("gcc", "-O2", "-Wall", "-o", SCRATCH + "/badfuse", HERE + "/badfuse.c", *flags)
    for part in (whole_disk, killed, rescued_elsewhere, larger_sectors, in_a_tree, single_sectors, written_meanwhile, long_names):
        start = time.monotonic()
        part()
        print(f"       {part.__name__}: {time.monotonic() - start:.1f} s", flush=True)
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
