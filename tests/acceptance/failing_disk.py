#!/usr/bin/env python3
"""A file system of a disk that fails: slow, and some areas cannot be read. Runs in the foreground until it is unmounted.

usage: failing_disk.py MOUNTPOINT FILES MEGABYTES_EACH MEGABYTES_PER_SECOND
"""
import errno
import os
import random
import stat
import sys
import time

import fuse

fuse.fuse_python_api = (0, 2)
MOUNT, FILES, EACH, SPEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) << 20, int(sys.argv[4]) << 20
SEED = random.Random(7).randbytes(1 << 20)
BAD = range(1 << 20, (1 << 20) + 65536)  # in the second file and in every fourth after it


class FailingDisk(fuse.Fuse):
    def getattr(self, path):
        entry = fuse.Stat()
        entry.st_nlink, entry.st_uid, entry.st_gid = 1, os.getuid(), os.getgid()
        entry.st_ino = entry.st_dev = entry.st_atime = entry.st_mtime = entry.st_ctime = 1
        entry.st_mode, entry.st_size = (stat.S_IFDIR | 0o755, 0) if path == "/" else (stat.S_IFREG | 0o644, EACH)
        return entry

    def readdir(self, path, offset):
        for name in [".", ".."] + [f"photo-{index:04}.raw" for index in range(FILES)]:
            yield fuse.Direntry(name)

    def read(self, path, length, offset):
        number = int(path[7:11])
        length = max(min(length, EACH - offset), 0)
        time.sleep(length / SPEED)
        if number % 4 == 1 and offset < BAD.stop and offset + length > BAD.start:
            return -errno.EIO
        start = (offset + number * 4099) % len(SEED)
        return (SEED[start:] + SEED * (length // len(SEED) + 1))[:length]

    def statfs(self):
        answer = fuse.StatVfs()
        answer.f_bsize = answer.f_frsize = 4096
        answer.f_blocks, answer.f_bfree = 2 * FILES * EACH // 4096, FILES * EACH // 4096
        return answer


disk = FailingDisk(dash_s_do="setsingle")
disk.parse(["-f", "-s", "-o", "ro,direct_io,fsname=failing-disk", MOUNT])
disk.main()
