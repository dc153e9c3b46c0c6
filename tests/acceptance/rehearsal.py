#!/usr/bin/env python3
"""The rehearsal with the real programs: every point of a plan, nothing lost; nothing of the machine touched, seen from outside; nothing left behind.

usage: rehearsal.py PROGRAMS SCRATCH RULES     (needs strace)
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from systemcalls import touched

PROGRAMS, SCRATCH, RULES = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
CONF = "mode = auto\nlocal.kind = directory\nlocal.mount = /mnt/backend\nintake.sources = [\"/mnt/crashed\"]\n"
BYTES_MAX = 48 << 20
failures = []

# A job in the background of a script is born deaf to SIGINT, and what it starts with it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def check(what, holds, detail=""):
    print(("ok      " if holds else "FAILED  ") + what, flush=True)
    if not holds:
        failures.append(what)
        print("        " + str(detail)[-2500:])


def stage(name, conf=CONF):
    root = SCRATCH / name
    for folder in ("etc/asl/rules", "var/lib/asl", "run", "mnt/backend", "mnt/crashed/folder"):
        (root / folder).mkdir(parents=True)
    for rule in RULES.glob("*.toml"):
        shutil.copy(rule, root / "etc/asl/rules")
    (root / "etc/asl/asl.conf").write_text(conf)
    (root / "mnt/crashed/folder/letter").write_text("dear")
    run("asl-admin", "preflight", root=root)
    return root


def run(program, *arguments, root, before=(), timeout=900):
    return subprocess.run([*before, PROGRAMS / program, *map(str, arguments), "--root", root], capture_output=True, text=True, timeout=timeout)


def everything(root):
    """Each name below a root, with its bytes, owner, mode and times."""
    found = {}
    for path in sorted(root.rglob("*")):
        facts = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""
        found[str(path)] = (facts.st_mode, facts.st_uid, facts.st_mtime_ns, content)
    return found


def scratch_of(process):
    """The folder that a rehearsal holds locked."""
    try:
        for descriptor in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
            target = os.readlink(descriptor)
            if re.search(r"/asl-rehearsal-[0-9a-f]+$", target):
                return pathlib.Path(target)
    except OSError:
        pass
    return None


def bytes_below(folder):
    total = 0
    for path, _, names in os.walk(os.fsencode(folder)):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
            except OSError:
                pass
    return total


def start(*arguments, root):
    return subprocess.Popen([PROGRAMS / "asl-intake", "rehearse", *arguments, "--root", root], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def every_point():
    root = stage("all")
    process = start("--all", "--json", root=root)
    peak, made = 0, None
    while process.poll() is None:
        made = made or scratch_of(process)
        peak = max(peak, bytes_below(made) if made else 0)
        time.sleep(0.2)
    table = json.loads(process.stdout.read())
    lost, rows = table["losses"], table["rows"]
    check(f"every point is tried: {table['tried']} of {table['points']} in {table['seconds']} s, none loses anything",
          process.returncode == 0 and not lost and table["tried"] >= 0.98 * table["points"] and table["points"] > 1000, lost or table)
    check("every kind of fault, in every part", len({row["fault"] for row in rows}) == 8 and len({row["where"] for row in rows}) == 8, rows)
    check(f"it takes {peak / 2**20:.0f} MiB at most", 0 < peak < BYTES_MAX, peak)
    check("and leaves nothing", made is not None and not made.exists(), made)


def remote_plan():
    root = stage("remote")
    table = json.loads(run("asl-intake", "rehearse", "--store", "https://127.0.0.1:9", "--seconds", 40, "--json", root=root).stdout)
    check(f"of a remote plan {table['tried']} points of {table['points']}, and nothing is lost, with no server there",
          not table["losses"] and len({row["fault"] for row in table["rows"]}) == 15, table)


def nothing_is_touched():
    root = stage("traced")
    service = subprocess.Popen([PROGRAMS / "asl-intake", "serve", "--root", root], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while "AwaitingApproval" not in run("asl-intake", "status", root=root).stdout:
        time.sleep(0.1)
    before = everything(root)
    trace = SCRATCH / "trace"
    shown = run("asl-intake", "rehearse", "--seconds", 5, root=root, before=[
        "strace", "--follow-forks", "--decode-fds=path", "--string-limit=4096", "--quiet=all",
        "--trace=%file,%desc,init_module,finit_module,mount,umount2,bind,connect,execve", "--output", trace])
    check("while the service waits, plan and table are shown", shown.returncode == 0 and "asl-intake approve" in shown.stdout and "must be 0" in shown.stdout, shown)
    print("        " + shown.stdout.strip().replace("\n", "\n        "))
    check("the machine is as it was, byte for byte and time for time", before == everything(root), set(everything(root).items()) ^ set(before.items()))
    paths, programs, addresses = touched(trace)
    outside = {path for path in paths if "/asl-rehearsal-" not in path and not path.startswith(("/proc/", "/dev/null", "/dev/tty"))}
    check(f"of {len(paths)} paths that it wrote to, none lies outside its scratch folder", len(paths) > 100 and not outside, outside)
    check(f"it ran nothing that changes anything: {', '.join(sorted(programs))}", programs <= {"asl-intake", "lsblk"}, programs)
    check("it spoke to nobody outside its scratch folder", not [line for line in addresses if "/asl-rehearsal-" not in line and "/proc/self/fd" not in line], addresses)
    status = json.loads(run("asl-intake", "status", "--json", root=root).stdout)
    check("the service still asks the same", status["state"] == "AwaitingApproval", status)
    yes = run("asl-intake", "approve", status["request"]["id"][:8], root=root)
    output = service.communicate(timeout=60)[0]
    check("approved then, it seals", yes.returncode == 0 and service.returncode == 0 and "sealed snapshot" in output, output)


def stopped():
    root = stage("stopped")
    for number in (signal.SIGINT, signal.SIGTERM):
        process = start("--all", root=root)
        while not (made := scratch_of(process)):
            time.sleep(0.01)
        time.sleep(1)
        process.send_signal(number)
        process.communicate(timeout=60)
        check(f"stopped by {number.name}, it leaves nothing behind", process.returncode == 130 and not made.exists(), (process.returncode, made))


def other_rules():
    """What the rules do not allow shows before anybody approves."""
    root = stage("unproved")
    contract = root / "etc/asl/rules/intake.toml"
    shipped = contract.read_text()
    contract.write_text(shipped.replace('"approval", ', "", 1))
    refused = run("asl-intake", "rehearse", root=root)
    check("a contract that is not proved is not rehearsed", contract.read_text() != shipped and refused.returncode == 9 and "ASL6006" in refused.stderr, refused)
    contract.write_text(without(shipped, "attached", "AttachingLocal"))
    refused = run("asl-intake", "rehearse", root=root)
    check("without a clause that every run needs, the plan halts, and it says so", refused.returncode == 14 and "ASL6005" in refused.stderr and "undisturbed" in refused.stderr, refused)
    contract.write_text(without(shipped, "retry-local", "Retrying"))
    halting = run("asl-intake", "rehearse", "--seconds", 20, "--json", root=root)
    halted = sum(row["halted"] for row in json.loads(halting.stdout)["rows"])
    check(f"without the clause by which it tries again, it halts at {halted} points, evidence whole", halting.returncode == 0 and halted > 0, halting)
    undecided = stage("undecided", "mode = remote\n")
    refused = run("asl-intake", "rehearse", root=undecided)
    check("where preflight says wait, there is nothing to rehearse", refused.returncode == 13 and "ASL6003" in refused.stderr, refused)


def without(contract, trigger, state):
    clauses = re.split(r"(?=\[\[clause\]\])", contract)
    kept = [clause for clause in clauses if not (f'trigger = "{trigger}"' in clause and f'from = "{state}"' in clause)]
    assert len(kept) == len(clauses) - 1, (trigger, state)
    return "".join(kept)


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    for part in (nothing_is_touched, other_rules, stopped, remote_plan, every_point):
        print(f"-- {part.__name__}", flush=True)
        part()
    print("rehearsal: " + ("all as it should be" if not failures else f"{len(failures)} FAILED"))
    return 1 if failures else 0


sys.exit(main())
