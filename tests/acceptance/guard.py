#!/usr/bin/env python3
"""The guard with real parts: loop devices, bind mounts, an overlay, links, in a mount namespace of its own. Root is needed.

usage: guard.py PROGRAMS SCRATCH RULES     (PROGRAMS: a folder with asl-intake and asl-admin)
"""
import json
import os
import subprocess
import sys

PROGRAMS, SCRATCH, RULES = sys.argv[1], os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3])
failures, loops = [], []


def check(what, holds, found=""):
    print(("ok      " if holds else "FAILED  ") + what + ("" if holds else "\n" + found))
    if not holds:
        failures.append(what)


def at(*parts):
    return os.path.join(SCRATCH, *parts)


def sh(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def run(program, *arguments):
    return subprocess.run([os.path.join(PROGRAMS, program), *arguments], capture_output=True, text=True, env={**os.environ, "ASL_RULES": RULES})


def folder(*parts):
    os.makedirs(at(*parts), exist_ok=True)
    return at(*parts)


def disk(name):
    """An ext4 in a file, on a loop device, mounted."""
    sh("truncate", "--size=64M", at(name + ".img"))
    sh("mkfs.ext4", "-q", at(name + ".img"))
    device = sh("losetup", "--find", "--show", at(name + ".img"))
    loops.append(device)
    sh("mount", device, folder("mnt", name))
    with open(at("mnt", name, "file"), "w") as file:
        file.write(name)
    return device


def ingest(what, source, store, code, *words, root="root"):
    made = os.path.exists(store)
    done = run("asl-intake", "ingest", source, "--store", store, "--root", at(root))
    text = done.stdout + done.stderr
    check(f"{what}: exit code {code}", done.returncode == code, f"exit code {done.returncode}\n{text}")
    check(f"{what}: says why", all(word in text for word in words), text)
    if code != 0:
        check(f"{what}: no store is made", os.path.exists(store) == made)


def trees():
    folder("root")
    crashed = disk("crashed")
    sh("mount", "--options", "remount,ro", at("mnt", "crashed"))
    ingest("a tree that is mounted read-only", at("mnt/crashed"), at("store"), 0, "snapshot")
    ingest("a tree that holds the store", SCRATCH, at("store"), 7, "store")
    sh("mount", "--bind", SCRATCH, folder("other-name"))
    ingest("a bind mount of a tree that holds the store", at("other-name"), at("store"), 7, "(rule tree-holds)")
    ingest("the store by the name of a bind mount", at("other-name/store/blocks"), at("store"), 7, "(rule tree-holds)", "it lies in the store")
    sh("umount", at("other-name"))
    folder("collection/inner")
    sh("mount", "--bind", at("store"), at("collection/inner"))
    ingest("a tree with the store mounted below it", at("collection"), at("store"), 7, "(rule tree-holds)")
    sh("umount", at("collection/inner"))
    os.symlink(SCRATCH, at("link"))
    ingest("a link to a tree that holds the store", at("link"), at("store"), 7, "store")
    return crashed


def images(crashed):
    live = disk("live")
    ingest("an image that is mounted for writing", at("live.img"), at("store"), 7, "ASL3010", live, "(rule in-use)")
    sh("mount", "--options", "remount,ro", at("mnt/live"))
    ingest("the image when it is mounted read-only", at("live.img"), at("store"), 0, "snapshot")
    sh("mount", "--options", "remount,rw", at("mnt/crashed"))
    inner = at("mnt/crashed/inner.img")
    sh("truncate", "--size=16M", inner)
    sh("mkfs.ext4", "-q", inner)
    loops.insert(0, sh("losetup", "--find", "--show", inner))
    sh("mount", loops[0], folder("mnt/inner"))
    ingest("a tree with the store in a loop file inside it", at("mnt/crashed"), at("mnt/inner/store"), 7, "(rule tree-holds)")
    survey = json.loads(run("asl-admin", "sources", "--json", "--store", at("mnt/inner/store"), "--root", at("root")).stdout)
    verdicts = {device["path"]: device["source"] for device in survey["devices"]}
    check("the disk under the loop file that holds the store is no source", verdicts[crashed]["rule"] == "backend-disk", json.dumps(verdicts))
    chain = f"{crashed} → {at('mnt/crashed')} → {inner} → {loops[0]} → {at('mnt/inner')}"
    check("the way from that disk to the store is shown", chain in (verdicts[crashed]["why"] or ""), json.dumps(verdicts, ensure_ascii=False))
    check("a disk that holds nothing of it and is mounted read-only may be one", verdicts[live]["allowed"], json.dumps(verdicts))
    sh("umount", at("mnt/inner"))
    sh("losetup", "--detach", loops.pop(0))


def overlays():
    for part in ("lower", "upper", "work"):
        folder("layers", part)
    layers = f"lowerdir={at('layers/lower')},upperdir={at('layers/upper')},workdir={at('layers/work')}"
    sh("mount", "--types", "overlay", "--options", layers, "overlay", folder("merged"))
    folder("merged/store")
    ingest("the upper layer of the overlay that the store lies on", at("layers/upper"), at("merged/store"), 7, "(rule tree-holds)")
    sh("umount", at("merged"))


def state():
    source = folder("source")
    os.makedirs(at("linked/var/lib"))
    os.symlink(source, at("linked/var/lib/asl"))
    ingest("state that a link leads onto a source", source, at("store2"), 16, "ASL7021", source, root="linked")
    check("nothing was written there", os.listdir(source) == [])
    folder("bound/var/lib/asl"), folder("source/below")
    sh("mount", "--bind", at("source/below"), at("bound/var/lib/asl"))
    ingest("state that a bind mount leads onto a source", source, at("store2"), 16, "ASL7021", "(rule tree-holds)", root="bound")
    check("nothing was written there either", os.listdir(at("source/below")) == [])
    os.makedirs(at("run-linked/run"))
    os.symlink(at("source/below"), at("run-linked/run/asl"))
    done = run("asl-admin", "preflight", "--root", at("run-linked"))
    check("preflight refuses a /run/asl that is a link", done.returncode == 16 and "ASL7021" in done.stderr, done.stdout + done.stderr)
    check("preflight wrote nothing through it", os.listdir(at("source/below")) == [])
    sh("umount", at("bound/var/lib/asl"))


def restore():
    done = run("asl-admin", "restore", "latest", "--store", at("store"), "--to", at("store/back"), "--root", at("root"))
    check("restore into the store is refused", done.returncode == 8 and "ASL4010" in done.stderr, done.stdout + done.stderr)
    check("nothing was made there", not os.path.exists(at("store/back")))
    done = run("asl-admin", "restore", "latest", "--store", at("store"), "--to", at("back"), "--root", at("root"))
    check("restore elsewhere works", done.returncode == 0, done.stdout + done.stderr)


if os.geteuid() != 0:
    print("skipped: loop devices and mounts need root")
    sys.exit(1 if os.environ.get("CI") == "true" else 0)
if os.environ.get("GUARD_UNSHARED") != "1":
    os.environ["GUARD_UNSHARED"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])

os.makedirs(SCRATCH)
try:
    images(trees())
    overlays()
    state()
    restore()
finally:
    for name in ("inner", "live", "crashed"):
        subprocess.run(["umount", "--quiet", at("mnt", name)])
    for device in loops:
        subprocess.run(["losetup", "--detach", device])
print(f"{len(failures)} failed")
sys.exit(1 if failures else 0)
