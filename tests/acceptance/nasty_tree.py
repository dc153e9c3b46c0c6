#!/usr/bin/env python3
"""A tree of nasty cases through ingest and restore, compared by system calls of its own. Root is needed: devices, owners, capabilities.

usage: nasty_tree.py PROGRAMS SCRATCH     (PROGRAMS: a folder with asl-intake and asl-admin)
"""
import json
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time

from treecompare import compare

PROGRAMS, SCRATCH = sys.argv[1], os.fsencode(sys.argv[2])
TREE, STORE, BACK, ROOT = (os.path.join(SCRATCH, part) for part in (b"tree", b"store", b"back", b"root"))
failures = []


def check(what, holds):
    print(("ok      " if holds else "FAILED  ") + what)
    if not holds:
        failures.append(what)


def run(program, *arguments, **options):
    return subprocess.run([os.path.join(PROGRAMS, program), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def write(path, data=b"", **options):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, **options)
    os.write(fd, data)
    os.close(fd)


def make_names():
    os.mkdir(TREE + b"/names")
    every_byte = [bytes([value]) * 3 for value in range(1, 256) if value not in b"/."]
    for name in every_byte + [b"\xff\xfe\xfd", b"new\nline", b"-rf", b" ", b"tab\t", b"a" * 255, "é".encode() * 127, b"...", b"\\x41"]:
        write(TREE + b"/names/" + name, name)
    for index in range(1, 256):
        if bytes([index]) not in b"/.":
            os.symlink(bytes([index]) + b"\xff target", TREE + b"/names/link-" + bytes([index]))
    os.symlink(b"x" * 4000, TREE + b"/long-link")


def make_deep():
    """Folders of 200 bytes, 60 deep: a path of 12,000 bytes, three times PATH_MAX; and 1,500 short ones."""
    for top, name, depth in ((b"deep", b"d" * 200, 60), (b"deeper", b"e", 1500)):
        os.mkdir(os.path.join(TREE, top))
        folder = os.open(os.path.join(TREE, top), os.O_RDONLY)
        for _ in range(depth):
            os.mkdir(name, dir_fd=folder)
            below = os.open(name, os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = below
        write(b"at the bottom", b"bottom\n", dir_fd=folder)
        os.symlink(b"at the bottom", b"link", dir_fd=folder)
        os.close(folder)


def make_links():
    os.makedirs(TREE + b"/links/a/b")
    os.makedirs(TREE + b"/links/z")
    write(TREE + b"/links/a/b/first", b"one inode, four names" * 1000)
    for other in (b"/links/a/second", b"/links/z/third", b"/zzz-fourth"):
        os.link(TREE + b"/links/a/b/first", TREE + other)
    os.symlink(b"nowhere", TREE + b"/links/a/symlink")
    os.link(TREE + b"/links/a/symlink", TREE + b"/links/z/symlink-too", follow_symlinks=False)
    os.mkfifo(TREE + b"/links/a/fifo")
    os.link(TREE + b"/links/a/fifo", TREE + b"/links/z/fifo-too")


def make_nodes():
    os.mkdir(TREE + b"/nodes")
    os.mkfifo(TREE + b"/nodes/fifo", 0o640)
    here = os.getcwd()
    os.chdir(TREE + b"/nodes")
    socket.socket(socket.AF_UNIX).bind("socket")
    os.chdir(here)
    os.mknod(TREE + b"/nodes/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    os.mknod(TREE + b"/nodes/block", 0o660 | stat.S_IFBLK, os.makedev(259, 70000))


def make_metadata():
    os.mkdir(TREE + b"/meta")
    for name, mode in ((b"suid", 0o4755), (b"sgid", 0o2755), (b"none", 0), (b"all", 0o7777)):
        write(TREE + b"/meta/" + name, name)
        os.chown(TREE + b"/meta/" + name, 12345, 54321)
        os.chmod(TREE + b"/meta/" + name, mode)
    os.mkdir(TREE + b"/meta/sticky")
    os.chmod(TREE + b"/meta/sticky", 0o1777)
    write(TREE + b"/meta/capable", b"#!/bin/true\n")
    subprocess.run(["setcap", "cap_net_raw+ep", TREE + b"/meta/capable"], check=True)
    write(TREE + b"/meta/acl", b"acl")
    subprocess.run(["setfacl", "--modify", "user:12:rwx,group:34:r", TREE + b"/meta/acl"], check=True)
    subprocess.run(["setfacl", "--default", "--modify", "user:12:rx", TREE + b"/meta/sticky"], check=True)
    for name, value in ((b"user.plain", b"value"), (b"user.\xff\x01 odd=\n", bytes(range(256))), (b"user.empty", b""), (b"trusted.mine", b"t"), (b"user.large", b"v" * 2000)):
        os.setxattr(TREE + b"/meta/acl", name, value)
        os.setxattr(TREE + b"/meta", name, value)
    os.symlink(b"acl", TREE + b"/meta/link-with-xattr")
    os.setxattr(TREE + b"/meta/link-with-xattr", b"trusted.on-a-link", b"\0\xff", follow_symlinks=False)
    os.setxattr(TREE + b"/nodes/fifo", b"trusted.on-a-fifo", b"yes")


def make_times():
    os.mkdir(TREE + b"/times")
    seconds = {b"1960": -315619199, b"1901": -2147483000, b"2400": 13569465600, b"epoch": 0, b"last-ns-before-epoch": -1}
    for name, second in seconds.items():
        write(TREE + b"/times/" + name, name)
        os.symlink(name, TREE + b"/times/link-" + name)
        os.mkdir(TREE + b"/times/folder-" + name)
        for path in (name, b"link-" + name, b"folder-" + name):
            os.utime(TREE + b"/times/" + path, ns=(1, second * 10**9 + 999999999), follow_symlinks=False)


def make_sparse():
    os.mkdir(TREE + b"/sparse")
    with open(TREE + b"/sparse/100GiB", "wb") as file:
        file.truncate(100 << 30)
        for offset in (0, 50 << 30, (100 << 30) - 4096):
            file.seek(offset)
            file.write(random.Random(offset).randbytes(4096))
    with open(TREE + b"/sparse/only-a-hole", "wb") as file:
        file.truncate(5 << 20)
    with open(TREE + b"/sparse/comb", "wb") as file:
        for index in range(2000):
            file.seek(index * 16384)
            file.write(bytes([index % 251 + 1]) * 4096)
        file.truncate(2000 * 16384)
    with open(TREE + b"/sparse/zeros-not-holes", "wb") as file:
        file.write(bytes(3 << 20))


def make_busy():
    """Read first in its folder and long enough that the others can be changed meanwhile."""
    os.mkdir(TREE + b"/busy")
    with open(TREE + b"/busy/a-long-one", "wb") as file:
        for seed in range(600):
            file.write(random.Random(seed).randbytes(1 << 20))
    write(TREE + b"/busy/z-vanishes", b"gone before it is read")
    write(TREE + b"/busy/y-stays", b"stays")


def ingest_while_busy():
    process = subprocess.Popen([os.path.join(PROGRAMS, "asl-intake"), "ingest", TREE, "--store", STORE, "--json", "--root", ROOT],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    target, deadline = TREE + b"/busy/a-long-one", time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            folder = b"/proc/%d/fd" % process.pid
            if target in {os.readlink(folder + b"/" + fd) for fd in os.listdir(folder)}:
                process.send_signal(signal.SIGSTOP)
                break
        except FileNotFoundError:
            continue
    os.unlink(TREE + b"/busy/z-vanishes")
    with open(target, "ab") as file:
        file.write(b"written while it is read")
    process.send_signal(signal.SIGCONT)
    output, errors = process.communicate()
    return process.returncode, json.loads(output), errors


def main():
    os.umask(0o022)
    os.makedirs(TREE)
    os.mkdir(ROOT)
    for make in (make_names, make_deep, make_links, make_nodes, make_metadata, make_times, make_sparse, make_busy):
        make()
    os.utime(TREE, ns=(1, 1234567890123456789))
    code, result, errors = ingest_while_busy()
    check(f"ingest ends with exit code 3: {code}", code == 3)
    check("the file that changed is named: " + repr(errors[-400:]), b"busy/a-long-one" in errors and b"written to while it was read" in errors)
    check("the file that vanished is named", b"busy/z-vanishes" in errors)
    check(f"nothing else is a problem: {result['problems']}", result["problems"] == 2)
    check("100 GiB of holes cost nothing", result["counts"]["readBytes"] < 1 << 30 and result["counts"]["sourceBytes"] > 100 << 30)
    verified = run("asl-admin", "verify", "--data", "--store", STORE)
    check("verify --data finds no damage: " + verified.stdout.decode().strip().replace("\n", "; "), verified.returncode == 0)
    restored = run("asl-admin", "restore", "latest", "--store", STORE, "--to", BACK)
    check("restore ends with exit code 3 and names both", restored.returncode == 3 and restored.stderr.count(b"problem: ") == 2
          and b"busy/a-long-one" in restored.stderr and b"busy/z-vanishes" in restored.stderr)
    count, lines = compare(TREE, BACK, but_not=(b"busy/a-long-one", b"busy", b"busy/z-vanishes"))
    check(f"{count} entries compared: {len(lines)} differences", not lines)
    for line in lines[:20]:
        print("    " + line)

    again = run("asl-intake", "ingest", TREE, "--store", STORE, "--json", "--root", ROOT)
    check(f"a second ingest, with nothing changing, is complete: {again.returncode} {again.stderr[-300:]!r}", again.returncode == 0)

    locked = os.path.join(SCRATCH, b"locked")
    os.makedirs(locked + b"/tree/folder")
    write(locked + b"/tree/secret", b"s")
    os.chmod(locked + b"/tree/secret", 0)
    os.chmod(locked + b"/tree/folder", 0)
    write(locked + b"/tree/open", b"readable")
    for folder in (b"/store", b"/store-state"):
        os.mkdir(locked + folder)
        os.chown(locked + folder, 65534, 65534)
    for folder in (SCRATCH, locked, locked + b"/tree"):
        os.chmod(folder, 0o755)
    unreadable = run("asl-intake", "ingest", locked + b"/tree", "--store", locked + b"/store", user=65534, group=65534, extra_groups=[],
                     env={**os.environ, "XDG_STATE_HOME": os.fsdecode(locked + b"/store-state"), "XDG_RUNTIME_DIR": os.fsdecode(locked + b"/store-state")})
    check("an unreadable file and folder are named, exit code 3: " + repr(unreadable.stderr[-300:]),
          unreadable.returncode == 3 and b"secret: " in unreadable.stderr and b"folder: " in unreadable.stderr)
    part = run("asl-admin", "restore", "latest", "--store", locked + b"/store", "--to", locked + b"/back")
    check("what could be read is restored, the rest is named", part.returncode == 3 and b"secret" in part.stderr
          and open(locked + b"/back/open", "rb").read() == b"readable" and not os.path.exists(locked + b"/back/secret"))
    print(f"{'nasty tree:'} {'all as it should be' if not failures else str(len(failures)) + ' FAILED'}")
    return 1 if failures else 0


sys.exit(main())
