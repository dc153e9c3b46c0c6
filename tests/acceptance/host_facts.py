#!/usr/bin/env python3
"""Whether a tree names the machine that made it: its ids, addresses, disks, user, folders and commit, in UTF-8 or UTF-16, which compiled programs use.

usage: host_facts.py TREE FOLDER…     (FOLDER: where the build lay)

What is shorter than 8 bytes could be anybody's word and is left out, as is a host that is called like a system. Ends with 1 and the files if there are any.
"""
import os
import pathlib
import subprocess
import sys

BYTES_MIN = 8
COMMON = {b"localhost", b"localhost.localdomain", b"sysrescue", b"runner", b"/root/"}


def read(path):
    try:
        return path.read_bytes().strip()
    except OSError:
        return b""


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, timeout=30).stdout
    except OSError:
        return b""


def facts(folders):
    repository = pathlib.Path(__file__).absolute().parents[2]
    found = {os.uname().nodename.encode(), os.fsencode(os.path.expanduser("~")) + b"/", *(os.fsencode(folder).rstrip(b"/") + b"/" for folder in folders)}
    found |= {read(pathlib.Path(name)) for name in ("/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/hostname", "/proc/sys/kernel/random/boot_id", "/sys/class/dmi/id/product_uuid")}
    found |= {read(path) for path in pathlib.Path("/sys/class/net").glob("*/address")} - {b"00:00:00:00:00:00"}
    found |= set(output("lsblk", "--noheadings", "--raw", "--output", "UUID,PTUUID,PARTUUID,SERIAL,WWN").split())
    found |= {output("git", "-C", repository, "rev-parse", "HEAD").strip(), output("git", "-C", repository, "config", "user.email").strip()}
    return sorted(fact for fact in found - COMMON if len(fact) >= BYTES_MIN)


def named(content, known):
    return [fact for fact in known if fact in content or fact.decode(errors="replace").encode("utf-16-le") in content]


def main():
    tree, known = pathlib.Path(sys.argv[1]), facts(sys.argv[2:])
    files = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    found = [(path, named(path.read_bytes(), known)) for path in files]
    for path, words in found:
        for word in words:
            print(f"{path} has {word.decode(errors='replace')}")
    # A search that finds nothing must be able to find something: each fact, in each form, in the largest file.
    largest = max(files, key=lambda path: path.stat().st_size).read_bytes()
    middle = len(largest) // 2
    for fact in known:
        for form in (fact, fact.decode(errors="replace").encode("utf-16-le")):
            if fact not in named(largest[:middle] + form + largest[middle:], known):
                sys.exit(f"host_facts: {fact!r} is not found where it is planted")
    if len(known) < 3:
        sys.exit(f"host_facts: only {len(known)} facts are known of this machine, too few to look for")
    hits = sum(len(words) for _, words in found)
    print(f"host_facts: {len(known)} facts of this machine and build looked for in {len(files)} files, {hits} found; each is found where it is planted")
    return 1 if hits else 0


sys.exit(main())
