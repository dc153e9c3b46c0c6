#!/usr/bin/env python3
"""asl-backend over a real engine's bucket (Ceph on loopback), with the real programs: the roots of a directory, two servers, daemons killed.

usage: remote_s3.py PROGRAMS SERVER SCRATCH RULES     (SERVER: asl-backend, as it is published; RULES: the folder rules/)
Installs the engine where it is missing, which needs root; without root it fails where CI=true, and is skipped elsewhere.
"""
import os
import pathlib
import random
import shutil
import sys
import time

from remoteparts import Machine, Server, check, failures, make_source, objects, set_up
from s3engine import Engine, install
from treecompare import compare

PROGRAMS, SERVER, SCRATCH, RULES = (pathlib.Path(argument).absolute() for argument in sys.argv[1:5])
SEED = int(os.environ.get("ASL_SEED", random.SystemRandom().randrange(1 << 30)))
BUCKET = "asl-remote"
chance = random.Random(SEED)
source = SCRATCH / "source"


def in_bucket(engine, prefix):
    """Names of all objects below a prefix, and of blocks and segments among them."""
    names = [key[len(prefix) + 1:] for key in engine.keys(BUCKET) if key.startswith(prefix + "/")]
    return names, {name for name in names if name.split("/")[0] in ("blocks", "segments")}


def seals(names):
    return sorted(int(name.rsplit("/", 1)[1]) for name in names if name.startswith("logs/rescue-domain/seals/"))


def verified(machine, what):
    found = machine.admin("verify", "--data")
    check(what, found.code == 0 and "no damage" in found.output, found)


def restored(machine, snapshot, expected, what):
    back = machine.admin("restore", snapshot, "--to", SCRATCH / "back")
    count, lines = compare(expected, SCRATCH / "back") if back.code == 0 else (0, [])
    check(f"{what}: {count} entries compared, {len(lines)} differences", back.code == 0 and not lines, f"{back} {lines[:20]}")
    shutil.rmtree(SCRATCH / "back", ignore_errors=True)


def same_roots(engine):
    directory = Machine("by-hand").ingest(source, store=SCRATCH / "directory")
    with Server("over-directory") as server:
        over_directory = Machine("over-directory", server, "intake").ingest(source)
        same = objects(server.store) == objects(SCRATCH / "directory")
    with Server("over-bucket", store=f"s3://{BUCKET}/plain", environment=engine.settings) as server:
        over_bucket = Machine("over-bucket", server, "intake").ingest(source)
        ends = (directory, over_directory, over_bucket)
        check("a directory, a server over a directory, a server over a bucket: the same root", all(end.code == 0 for end in ends) and len({end.root for end in ends}) == 1, ends)
        names, stored = in_bucket(engine, "plain")
        check(f"and the same {len(stored)} blocks and segments", same and stored == objects(SCRATCH / "directory").keys(), stored ^ objects(SCRATCH / "directory").keys())
        check("one snapshot, one seal", seals(names) == [1] and sum(name.startswith("snapshots/") for name in names) == 1, names)
        reader = Machine("bucket-reader", server, "read")
        verified(reader, "all data verifies, from the bucket through the server")
        restored(reader, "latest", source, "another machine restores it")
    return directory.root, stored


def two_servers(engine):
    """Behind one bucket, each with a client; certificate and clients are the same."""
    folders = [SCRATCH / f"part-{index}" for index in range(2)]
    for index, folder in enumerate(folders):
        shutil.copytree(source / "copied", folder / "copied", symlinks=True)
        (folder / "own").write_bytes(random.Random(50 + index).randbytes(6_000_000))
    with Server("left", store=f"s3://{BUCKET}/shared", environment=engine.settings) as left, \
         Server("right", store=f"s3://{BUCKET}/shared", environment=engine.settings, peer=left) as right:
        runs = [Machine(f"client-{index}", server, "intake").begin(folder) for index, (server, folder) in enumerate(zip((left, right), folders))]
        ends = [run.end() for run in runs]
        check("two servers over one bucket serve a client each at once: both seal", all(end.code == 0 and end.root for end in ends), ends)
        names, stored = in_bucket(engine, "shared")
        check("the seals have no gap, and no name is there twice", seals(names) == [1, 2] and len(names) == len(set(names)), names)
        readers = [Machine(f"reader-{index}", server, "read") for index, server in enumerate((left, right))]
        for index in range(2):
            restored(readers[1 - index], ends[index].snapshot, folders[index], f"what client {index} stored through one server, the other gives back")
        verified(readers[0], "all data verifies")


def daemons_are_killed(engine, root, expected):
    with Server("shaken", store=f"s3://{BUCKET}/shaken", environment=engine.settings) as server:
        machine = Machine("shaken", server, "intake", conf='remote.bandwidth = "1MiB"\n')
        run = machine.begin(source)
        machine.wait_until_begun(run)
        begin, crashes = time.monotonic(), 0
        osds = ("osd.0", "osd.1", "osd.2")
        for names, pause in ((("osd.0",), 2), (("rgw",), 1), (osds, 2), (("rgw", "osd.1"), 2)):
            time.sleep(chance.uniform(0.5, 2.5))
            if run.poll() is not None:
                break
            crashes += engine.crash(*names)
            time.sleep(pause)
            engine.revive(*names)
            print(f"  {time.monotonic() - begin:4.0f} s: {' '.join(names)} killed, back after {pause} s", flush=True)
        done = run.end()
        check(f"{crashes} processes of the engine were killed during an ingest: it sealed by itself, the same root", crashes >= 5 and done.code == 0 and done.root == root, done)
        names, stored = in_bucket(engine, "shaken")
        check("its blocks and segments are those of the undisturbed run; one seal, one snapshot",
              stored == expected and seals(names) == [1] and sum(name.startswith("snapshots/") for name in names) == 1, stored ^ expected)
        reader = Machine("shaken-reader", server, "read")
        verified(reader, "nothing that was acknowledged is lost: all data verifies")
        restored(reader, "latest", source, "and is restored")


def main():
    print(f"seed {SEED}")
    install("remote over S3")
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    set_up(PROGRAMS, SERVER, SCRATCH, RULES)
    make_source(source, 50_000_000, copied=20_000_000)
    with Engine(SCRATCH / "engine") as engine:
        engine.make_bucket(BUCKET)
        root, stored = same_roots(engine)
        two_servers(engine)
        daemons_are_killed(engine, root, stored)
    if not failures:
        shutil.rmtree(SCRATCH, ignore_errors=True)
    print("remote over S3: " + ("all as it should be" if not failures else f"{len(failures)} FAILED"))
    return 1 if failures else 0


sys.exit(main())
