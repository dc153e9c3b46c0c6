"""Power cuts: the machine is killed at random moments, and what it had written but not flushed is lost in part.

Killing QEMU alone would be too kind: all that the guest wrote is in the host's memory then. So the pool's disk records each write and each
flush (QEMU's blklogwrites, the format of dm-log-writes), and after the kill its image is made anew: as it was before the boot, all writes
before the last flush, and of those after it every other one by chance, some of them torn.
"""
import json
import shutil
import struct
import threading

SECTOR, MAGIC = 512, 0x6A736677736872
FLUSH, FUA, DISCARD = 1, 2, 4


def cut_and_boot(bench, folder, boot, images, work):
    """Boots and cuts until all cuts are made, then boots a last time and lets the run end. The guest tells where it stands (power.sh)."""
    work.mkdir()
    pool, account, holds = boot["cut"], Account(bench.told), True
    for number in range(bench.cuts):
        share = bench.random.uniform(0, 1.15)
        print(f"--- cut {number + 1} of {bench.cuts}, at {share:.0%} of the source", flush=True)
        before, log = work / "before.img", work / "log"
        shutil.copy(images[pool], before)
        cut = Cut(share, account)
        logged = {**boot, "disks": [f"{disk},log={log}" if disk == pool else disk for disk in boot["disks"]]}
        account.begin()
        bench.boot(folder, logged, images, work / f"cut{number + 1}", cut.on_line)
        holds = account.end() and cut.is_made and holds
        lost, kept = replay(before, log, images[pool], bench.random)
        print(f"    note   {cut.where}; {kept} writes were flushed, {lost} others lost or torn", flush=True)
    print("--- no more cuts", flush=True)
    account.begin()
    holds = bench.boot(folder, boot, images, work / "last", account.on_line) and holds
    return account.end() and holds


class Account:
    """What a run said was safe, held against what later boots read of the disk."""

    SLACK = 24 << 20  # what probes read, and what had been read and was not yet safe in the block that was cut off

    def __init__(self, told):
        self.told = told
        self.run, self.durable, self.seals = None, 0, 0

    def begin(self):
        self.safe_of, self.safe, self.last, self.is_sealed = self.run, self.durable, None, False

    def on_line(self, line, _=None):
        if line.startswith("at {"):
            at = self.last = json.loads(line[3:])
            self.durable = max(at["durable"], self.durable if at["run"] == self.run else 0)
            self.run = at["run"]
        self.is_sealed |= line.startswith("sealed ")

    def end(self):
        """The run that was cut off goes on, with what was safe, and nothing of that is read again. One that had read all of it only has to be
        sealed: it reads nothing, and counts nothing as dealt with."""
        if not self.last or self.last["run"] != self.safe_of:
            return True
        read, most = self.last["sectors"] * SECTOR, self.last["size"] - self.safe + self.SLACK
        holds = (self.last["done"] >= self.safe or self.is_sealed) and read <= most
        return self.told(f"{self.safe} bytes were safe, {self.last['done']} are dealt with, {read} were read of the disk in this boot, which may be {most}", holds)


class Cut:
    """Kills the machine when so much of the source is dealt with; beyond all of it, some seconds later."""

    def __init__(self, share, account):
        self.share, self.account, self.is_made, self.where = share, account, False, "no cut: the run never came so far"

    def on_line(self, line, machine):
        self.account.on_line(line)
        if line.startswith("at {") and not self.is_made:
            at = self.account.last
            if at["done"] >= min(self.share, 1) * at["size"]:
                self.make(machine, max(0, self.share - 1) * 60, f"cut with {at['done']} of {at['size']} bytes done, {at['durable']} of them safe")
        if line.startswith("sealed"):
            self.make(machine, 0, "cut after the seal")

    def make(self, machine, later, where):
        self.is_made, self.where = True, where
        threading.Timer(later, machine.terminate).start()


def replay(before, log, image, chance):
    """Makes the image that the power cut left. Gives how many unflushed writes were lost, and how many writes were flushed."""
    entries = list(read_log(log))
    last = max((number for number, (_, _, flags, _) in enumerate(entries) if flags & FLUSH), default=-1)
    lost = kept = 0
    shutil.copy(before, image)
    with open(log, "rb") as source, open(image, "r+b") as disk:
        for number, (sector, count, flags, offset) in enumerate(entries):
            if flags & DISCARD or not count:
                continue
            is_safe = number < last or flags & FUA
            fate = "whole" if is_safe else chance.choice(("whole", "lost", "lost", "torn"))
            kept += bool(is_safe)
            lost += fate != "whole"
            take = {"whole": count, "lost": 0, "torn": count // 2}[fate]
            source.seek(offset)
            disk.seek(sector * SECTOR)
            disk.write(source.read(take * SECTOR))
    return lost, kept


def read_log(path):
    """The entries that are whole: first sector, number of sectors, flags, where the data stands in the log."""
    end = path.stat().st_size
    with open(path, "rb") as file:
        magic, _, _, sector = struct.unpack("<QQQI", file.read(28))
        if magic != MAGIC or sector != SECTOR:
            raise ValueError(f"{path} is no log of writes of {SECTOR} bytes")
        offset = SECTOR
        while offset + SECTOR <= end:
            file.seek(offset)
            first, count, flags, _ = struct.unpack("<QQQQ", file.read(32))
            data = 0 if flags & DISCARD else count * SECTOR
            if (count == 0 and flags == 0) or offset + SECTOR + data > end:
                return
            yield first, count, flags, offset + SECTOR
            offset += SECTOR + data
