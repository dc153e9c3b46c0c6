"""Compares two trees by system calls of its own: nothing here is shared with the program under test.

Walks by open folders (so no path is too long), raw names. Compares type, mode, owner, times in ns, size, content, extents of
sparse files, link targets, devices, extended attributes (ACLs and capabilities are such), and groups of hard links.
"""
import hashlib
import os
import stat


def xattrs(path):
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)}


def raw_xattrs(folder, name):
    """os.listxattr decodes names with surrogateescape, so raw ones survive."""
    return xattrs(b"/proc/self/fd/%d/%s" % (folder, name))


def extents(fd, size):
    found, position = [], 0
    while position < size:
        try:
            data = os.lseek(fd, position, os.SEEK_DATA)
        except OSError:
            break
        hole = os.lseek(fd, data, os.SEEK_HOLE)
        found.append((data, hole))
        position = hole
    return found


def content(fd, size):
    digest = hashlib.sha256()
    for start, end in extents(fd, size):
        digest.update(b"%d:%d;" % (start, end))
        position = start
        while position < end:
            piece = os.pread(fd, min(1 << 20, end - position), position)
            if not piece:
                break
            digest.update(piece)
            position += len(piece)
    return digest.hexdigest()


def describe(folder, name):
    status = os.lstat(name, dir_fd=folder)
    kind = stat.S_IFMT(status.st_mode)
    entry = {
        "kind": kind, "mode": stat.S_IMODE(status.st_mode), "owner": (status.st_uid, status.st_gid),
        "mtime": status.st_mtime_ns, "xattrs": raw_xattrs(folder, name),
    }
    if kind == stat.S_IFLNK:
        entry["target"] = os.readlink(name, dir_fd=folder)
    elif kind in (stat.S_IFBLK, stat.S_IFCHR):
        entry["device"] = status.st_rdev
    elif kind == stat.S_IFREG:
        entry["size"] = status.st_size
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        entry["extents"] = extents(fd, status.st_size)
        entry["sha256"] = content(fd, status.st_size)
        os.close(fd)
    return entry, status


def scan(root):
    """path (bytes) -> description; hard links as the sorted list of paths of one inode."""
    entries, inodes = {}, {}
    stack = [(os.open(root, os.O_RDONLY | os.O_DIRECTORY), b"", None)]
    while stack:
        folder, path, names = stack.pop()
        if names is None:
            names = sorted((os.fsencode(name) for name in os.listdir(folder)), reverse=True)
        if not names:
            os.close(folder)
            continue
        name = names.pop()
        stack.append((folder, path, names))
        below = path + b"/" + name if path else name
        entry, status = describe(folder, name)
        entries[below] = entry
        if entry["kind"] == stat.S_IFDIR:
            stack.append((os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder), below, None))
        elif status.st_nlink > 1:
            inodes.setdefault((status.st_dev, status.st_ino), []).append(below)
    for paths in inodes.values():
        for path in paths:
            entries[path]["links"] = sorted(paths)
    return entries


def compare(left, right, but_not=()):
    """The differences as lines; `but_not` names paths that are expected to differ."""
    before, after = scan(left), scan(right)
    lines = []
    for path in sorted(before.keys() | after.keys()):
        if path in but_not:
            continue
        if path not in after or path not in before:
            lines.append(f"{'missing' if path not in after else 'extra'}: {path!r}")
            continue
        for key in sorted(before[path].keys() | after[path].keys()):
            if before[path].get(key) != after[path].get(key):
                lines.append(f"{path[-60:]!r}: {key}: {before[path].get(key)!r} became {after[path].get(key)!r}"[:400])
    return len(before), lines
