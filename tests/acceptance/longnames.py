#!/usr/bin/python3
"""A FUSE file system with names as vfat and NTFS have them: 255 units of UTF-16, which are 765 bytes of UTF-8.

usage: longnames.py MOUNT     (python3-fuse; it goes into the background; fusermount3 -u MOUNT ends it)
"""
import errno
import stat

import fuse

fuse.fuse_python_api = (0, 2)
LONG = "漢" * 255
FILES = {f"/{LONG}": b"long", "/short": b"short", f"/folder/{LONG}": b"below"}
FOLDERS = {"/": (LONG, "short", "folder", "字" * 255), "/folder": (LONG,), "/" + "字" * 255: ()}


class Names(fuse.Fuse):
    def getattr(self, path):
        found = fuse.Stat(st_nlink=1, st_size=len(FILES.get(path, b"")), st_mode=stat.S_IFDIR | 0o755 if path in FOLDERS else stat.S_IFREG | 0o644)
        found.st_atime = found.st_mtime = found.st_ctime = 1_700_000_000
        return found if path in FOLDERS or path in FILES else -errno.ENOENT

    def readdir(self, path, offset):
        yield from map(fuse.Direntry, (".", "..", *FOLDERS[path]))

    def open(self, path, flags):
        return 0

    def read(self, path, size, offset):
        return FILES[path][offset:offset + size]


server = Names()
server.parse(errex=1)
server.main()
