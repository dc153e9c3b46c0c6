"""The disks that scenarios begin with: pools from the guest's own OpenZFS, a crashed ext4, empty ones."""
import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
POOLS = {"rescue": 512, "second": 128, "mirror-a": 256, "mirror-b": 256, "tank": 128, "full": 128, "readonly": 128, "encrypted": 256, "foreign": 256}


def prepare(bench):
    """A folder of images, kept in the cache until the script that makes them, the base or the sizes change."""
    script = (HERE / "pools.sh").read_text()
    key = hashlib.sha256((script + str(POOLS) + (bench.cache / "manifest").read_text()).encode()).hexdigest()[:16]
    folder = bench.cache / f"pools-{key}"
    if folder.exists():
        return folder
    print("making the pools", flush=True)
    making = bench.cache / "pools-new"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    (making / "script").write_text(script)
    command = [HERE / "boot", "--cache", bench.cache, "--accel", bench.accel, "--run", making / "script", "--timeout", "600", "--no-zfs-autoload"]
    for name, megabytes in POOLS.items():
        blank(making / f"{name}.img", megabytes << 20)
        command += ["--disk", f"{making / name}.img,serial={name}"]
    bench.boots += 1
    if subprocess.run(command, check=False).returncode:
        sys.exit("the pools could not be made")
    for old in bench.cache.glob("pools-*"):
        if old != making:
            shutil.rmtree(old)
    making.rename(folder)
    return folder


def make(disk, work, prepared):
    """The image of one disk of a scenario, from what `from` says."""
    path, kind = work / f"{disk['name']}.img", disk["from"]
    if kind == "blank":
        blank(path, disk["megabytes"] << 20)
    elif kind == "ext4":
        ext4(path, disk["megabytes"], disk.get("data", disk["megabytes"] // 2), disk.get("files", 8), disk.get("label", "crashedroot"), work / "files")
    else:
        subprocess.run(["cp", "--sparse=always", prepared / f"{kind}.img", path], check=True)
    return path


def blank(path, size):
    with open(path, "wb") as file:
        file.truncate(size)


def ext4(path, megabytes, data, files, label, folder):
    """A disk with `data` megabytes in files: one in two does not compress. Filled without being mounted; the files are always the same for the same numbers, their inodes bear the time they were made."""
    folder.mkdir()
    source = random.Random(megabytes * 1000 + files)
    for number in range(files):
        size = (data << 20) // files
        text = b"%08d the quick brown fox\n" % source.randrange(10**6)
        (folder / f"file{number}").write_bytes(source.randbytes(size) if number % 2 else (text * (size // len(text) + 1))[:size])
    for entry in [folder, *folder.iterdir()]:
        os.utime(entry, (1_700_000_000, 1_700_000_000))
    environment = {**os.environ, "E2FSPROGS_FAKE_TIME": "1700000000"}
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-b", "4096", "-L", label, "-U", "c4a54ed0-0000-4000-8000-000000000001",
                    "-E", "hash_seed=c4a54ed0-0000-4000-8000-000000000002", "-d", folder, path, f"{megabytes}M"], check=True, env=environment)
    shutil.rmtree(folder)
