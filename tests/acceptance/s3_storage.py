#!/usr/bin/env python3
"""The storage in a bucket, over a real engine (Ceph: a monitor, three OSDs, a gateway, on loopback): the contract, the probe, and what crashes leave.

usage: s3_storage.py SCRATCH [TEST-PROGRAM]     (TEST-PROGRAM: AslRescue.Backend.Tests as `dotnet build` leaves it)
Installs the engine where it is missing, which needs root; without root it fails where CI=true, and is skipped elsewhere.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from s3engine import Engine, install

HERE = pathlib.Path(__file__).absolute().parents[2]
SCRATCH = pathlib.Path(sys.argv[1]).absolute()
TESTS = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else HERE / "artifacts/bin/AslRescue.Backend.Tests/debug/AslRescue.Backend.Tests").absolute()
CRASH_SECONDS = 900  # At most: the rounds take a minute, and a slow disk lets the engine start slowly.
failed = 0


def check(what, good, detail=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'FAILED'}: {what}{'' if good else f' ({detail})'}", flush=True)


def tests(*arguments, **more):
    """Starts the test program; its output goes where `output` says."""
    return subprocess.Popen([str(TESTS), *arguments], stdout=more.pop("output"), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                            env={**os.environ, **engine.settings, "ASL_S3": "1", **more})


def counts(text):
    return {word: int(number) for word, number in re.findall(r"^\s+(total|failed|succeeded|skipped): (\d+)", re.sub(r"\x1b\[[0-9;]*m", "", text), re.MULTILINE)}  # in colours where CI=true


install("s3 storage")
shutil.rmtree(SCRATCH, ignore_errors=True)
SCRATCH.mkdir(parents=True)
with Engine(SCRATCH / "engine") as engine:
    log = SCRATCH / "contract.log"
    with log.open("w") as output:
        code = tests("--filter-class", "*S3*", output=output).wait(timeout=600)
    found = counts(log.read_text())
    check("the contract and the probe hold over a real engine", code == 0 and found.get("failed") == 0 and found.get("succeeded", 0) > 50, log.read_text()[-3000:])
    check("no test of it was skipped", found.get("skipped") == 0, found)

    log, report = SCRATCH / "crash.log", SCRATCH / "crash.report"
    osds = ("osd.0", "osd.1", "osd.2")
    with log.open("w") as output:
        begin = time.monotonic()
        client = tests("--filter-class", "*EngineCrashTests", output=output, ASL_S3_CRASH_SECONDS=str(CRASH_SECONDS), ASL_S3_CRASH_REPORT=str(report))
        crashes = 0
        for names, pause in ((osds[:1], 4), (("rgw",), 1), (osds, 4), (("rgw",), 8), (("rgw", *osds[1:]), 2), (("mon.a", *osds), 3), (("rgw",), 0), (("rgw",), 0)):
            time.sleep(4)
            if client.poll() is not None:
                break
            crashes += engine.crash(*names)
            time.sleep(pause)
            engine.revive(*names)
            print(f"  {time.monotonic() - begin:4.0f} s: {' '.join(names)} killed, back after {pause} s", flush=True)
        in_time = client.poll() is None
        report.touch()  # Writing stops.
        code = client.wait(timeout=600)
    done = report.read_text().strip() if report.exists() else ""
    print(f"  {crashes} processes killed while objects were created: {done}", flush=True)
    check("what was acknowledged is there after crashes, and what failed is whole or absent", code == 0 and counts(log.read_text()).get("succeeded") == 1, log.read_text()[-3000:])
    check("all of that happened while objects were created", in_time and crashes >= 14, f"{crashes} crashes, {time.monotonic() - begin:.0f} s")
    check("enough objects were created", int((re.match(r"\d+", done) or ["0"])[0]) >= 100, done)
if failed == 0:
    shutil.rmtree(SCRATCH, ignore_errors=True)
sys.exit(1 if failed else 0)
