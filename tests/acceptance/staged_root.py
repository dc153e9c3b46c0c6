#!/usr/bin/env python3
"""From facts to a sealed snapshot on this machine, below a staged root, with the real programs: decision, approval, retries, rules.

usage: staged_root.py PROGRAMS SCRATCH RULES     (PROGRAMS: a folder with the three names; RULES: the folder rules/)
"""
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

from systemcalls import calls, touched

PROGRAMS, SCRATCH, RULES = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
failures = []


def check(what, holds, detail=""):
    print(("ok      " if holds else "FAILED  ") + what)
    if not holds:
        failures.append(what)
        print("        " + str(detail)[-1500:])


def stage(name, conf, files=40):
    root = SCRATCH / name
    for folder in ("etc/asl/rules", "var/lib/asl", "run", "mnt/backend", "mnt/crashed/folder"):
        (root / folder).mkdir(parents=True)
    for rule in RULES.glob("*.toml"):
        shutil.copy(rule, root / "etc/asl/rules")
    (root / "etc/asl/asl.conf").write_text(conf)
    source = random.Random(7)
    for index in range(files):
        (root / "mnt/crashed/folder" / f"file-{index}").write_bytes(source.randbytes(source.randrange(400_000)))
        os.utime(root / "mnt/crashed/folder" / f"file-{index}", (index, index))
    for folder in ("mnt/crashed/folder", "mnt/crashed"):
        os.utime(root / folder, (1, 1))
    return root


def run(program, *arguments, root, before=()):
    return subprocess.run([*before, PROGRAMS / program, *arguments, "--root", root], capture_output=True, text=True, timeout=120)


def serve(root, before=()):
    return subprocess.Popen([*before, PROGRAMS / "asl-intake", "serve", "--root", root], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def status(root):
    answer = run("asl-intake", "status", "--json", root=root)
    return json.loads(answer.stdout) if answer.returncode == 0 else {"state": "none"}


def wait_for(root, wanted, seconds=180):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        now = status(root)
        if wanted(now):
            return now
        time.sleep(0.1)
    return status(root)


def records(root):
    """The journals of this machine, as they lie in /var/lib/asl; each line's hash is checked here, by hand."""
    found = []
    for path in sorted((root / "var/lib/asl/runtime").glob("*/journal")):
        previous = "0" * 64
        for line in path.read_bytes().splitlines():
            if not line.startswith(b"{"):
                continue
            record = json.loads(line)
            head = line[: line.rindex(b',"hash":"')]
            assert hashlib.sha256(head).hexdigest() == record["hash"], f"{path}: record {record['sequence']} has a wrong hash"
            assert record["previous"] == previous or record["sequence"] == 1, f"{path}: the chain breaks at {record['sequence']}"
            previous = record["hash"]
            found.append(record)
    return found


def transitions(root):
    return [(r["clause"], r["from"], r["trigger"], r["to"]) for r in records(root) if r["kind"] == "transition"]


CONF = "mode = auto\nlocal.kind = directory\nlocal.mount = /mnt/backend\nintake.sources = [\"/mnt/crashed\"]\n"


def approval_over_the_socket():
    root = stage("approved", CONF)
    decided = run("asl-admin", "preflight", root=root)
    check("preflight decides local, with approval", (root / "run/asl/mode").read_text() == "local\n" and decided.returncode == 0, decided)
    service = serve(root)
    asked = wait_for(root, lambda now: now.get("request"))
    check("the service asks for exactly this directory and these sources",
          asked["state"] == "AwaitingApproval" and str(root / "mnt/backend") in asked["request"]["backend"]
          and asked["request"]["sources"] == [str(root / "mnt/crashed")], asked)
    wrong = run("asl-intake", "approve", "00000000", root=root)
    check("another id is refused and nothing happens", wrong.returncode != 0 and status(root)["state"] == "AwaitingApproval", wrong)
    yes = run("asl-intake", "approve", asked["request"]["id"][:8], root=root)
    output = service.communicate(timeout=180)[0]
    check("approved, it ingests and seals", yes.returncode == 0 and service.returncode == 0 and "sealed snapshot" in output, output)
    for clause, left, trigger, to in transitions(root):
        print(f"        {clause}  {left} --{trigger}--> {to}")
    check("the journal holds, and its transitions are those of the contract",
          [to for *_, to in transitions(root)] == ["AwaitingApproval", "AttachingLocal", "Ingesting", "Sealed"], transitions(root))
    verified = subprocess.run([PROGRAMS / "asl-admin", "verify", "--data", "--store", root / "mnt/backend"], capture_output=True, text=True)
    check("the backend verifies", verified.returncode == 0, verified)
    before = status(root)
    check("after the end nobody answers", before["state"] == "none", before)


def configured_approval():
    root = stage("configured", CONF + "local.approve-import = \"/mnt/backend\"\n")
    run("asl-admin", "preflight", root=root)
    output = serve(root).communicate(timeout=180)[0]
    check("with approval by configuration there is no keypress", "sealed snapshot" in output, output)


def remote_that_does_not_answer():
    root = stage("remote", "mode = remote\nremote.endpoint = \"https://127.0.0.1:9\"\nremote.approve = true\nintake.sources = [\"/mnt/crashed\"]\n"
                 "intake.retry.attempts = 3\nintake.retry.delay-min = \"50ms\"\nintake.retry.delay-max = \"200ms\"\n")
    run("asl-admin", "preflight", root=root)
    check("an endpoint that does not answer stays remote", (root / "run/asl/mode").read_text() == "remote\n", (root / "run/asl/mode").read_text())
    service = serve(root)
    waiting = wait_for(root, lambda now: now["state"] == "AwaitingApproval" and len([t for t in transitions(root) if t[3] == "Retrying"]) >= 3)
    retries = [t for t in transitions(root) if t[3] == "Retrying"]
    check(f"after {len(retries)} retries it waits for the operator and says why",
          len(retries) >= 3 and waiting["state"] == "AwaitingApproval" and "127.0.0.1" in json.dumps(waiting), waiting)
    service.send_signal(signal.SIGTERM)
    service.communicate(timeout=30)


def without_row(root, row):
    table = root / "etc/asl/rules/preflight.toml"
    text = table.read_text()
    table.write_text(re.sub(rf'\[\[mode\.row\]\]\nid = "{row}"\n.*?(?=\n\[\[|\Z)', "", text, flags=re.S))
    return text != table.read_text()


def rules_rule():
    root = stage("rules", CONF)
    programs = hashlib.sha256((PROGRAMS / "asl-intake").resolve().read_bytes()).hexdigest()
    check("a row can be taken out", without_row(root, "auto-local-ask"))
    proof = run("asl-admin", "rules", "check", root=root)
    check("rules check names the smallest counterexample", proof.returncode == 9 and "config.mode" in proof.stderr, proof)
    print("        " + proof.stderr.strip().replace("\n", "\n        ")[:900])
    run("asl-admin", "preflight", root=root)
    check("preflight writes wait", (root / "run/asl/mode").read_text() == "wait\n")
    service = serve(root)
    waiting = wait_for(root, lambda now: now["state"] == "Detecting")
    check("intake stays in Detecting with the reason", waiting["state"] == "Detecting" and "wait" in json.dumps(waiting), waiting)
    shutil.copy(RULES / "preflight.toml", root / "etc/asl/rules")
    run("asl-admin", "preflight", root=root)
    asked = wait_for(root, lambda now: now.get("request"))
    check("with the table put back, a new decision leads on", asked["state"] == "AwaitingApproval", asked)
    service.send_signal(signal.SIGTERM)
    service.communicate(timeout=30)

    # A table that decides otherwise: the same programs, another behaviour.
    other = stage("other-table", CONF)
    table = other / "etc/asl/rules/preflight.toml"
    text = table.read_text()
    table.write_text(re.sub(r'(id = "auto-local-ask"\n(?:.*\n)*?then = )"local"\napproval = "required"\n', r'\1"wait"\n', text, count=1))
    decided = run("asl-admin", "preflight", root=other)
    check("another table, another decision", text != table.read_text() and (other / "run/asl/mode").read_text() == "wait\n", decided.stdout + decided.stderr)
    check("the programs' bytes are unchanged", programs == hashlib.sha256((PROGRAMS / "asl-intake").resolve().read_bytes()).hexdigest())


def broken_contract():
    root = stage("contract", CONF + "local.approve-import = \"/mnt/backend\"\n")
    run("asl-admin", "preflight", root=root)
    contract = root / "etc/asl/rules/intake.toml"
    text = contract.read_text()
    contract.write_text(re.sub(r'\[\[clause\]\]\nid = "IN-12"\n.*?(?=\n\[\[|\Z)', "", text, flags=re.S))
    service = serve(root)
    output = service.communicate(timeout=180)[0]
    check("without a clause that it needs, the machine halts, journalled",
          text != contract.read_text() and service.returncode != 0 and any(to == "Halted" for *_, to in transitions(root)), output)
    check("and nothing was stored", not list((root / "mnt/backend").glob("snapshots/*")))


def system_calls():
    root = stage("traced", CONF + "local.approve-import = \"/mnt/backend\"\n")
    tracer = ["strace", "--follow-forks", "--decode-fds=path", "--string-limit=4096", "--quiet=all", "--trace=%file,%desc,init_module,finit_module,mount,umount2,bind", "--output"]
    run("asl-admin", "preflight", root=root, before=[*tracer, SCRATCH / "preflight.trace"])
    outside = {path for path in touched(SCRATCH / "preflight.trace")[0]
               if not path.startswith((str(root / "run/asl"), "/dev/null", "/dev/tty", "/proc/self", "/proc/"))}
    check("preflight writes below run/asl and nowhere else", not outside, outside)
    lines = list(calls(SCRATCH / "preflight.trace"))
    check("preflight opens no device for writing and loads no module",
          not [line for line in lines if re.search(r'openat.*"/dev/(?!null|tty)[^"]*".*(O_WRONLY|O_RDWR)', line) and " = -1 " not in line]
          and not [line for line in lines if re.search(r'execve\("[^"]*modprobe|init_module', line)])
    serve(root, before=[*tracer, SCRATCH / "intake.trace"]).communicate(timeout=120)
    allowed = (str(root / "run/asl"), str(root / "var/lib/asl"), str(root / "mnt/backend"), "/dev/null", "/dev/tty", "/proc/")
    outside = {path for path in touched(SCRATCH / "intake.trace")[0] if not path.startswith(allowed)}
    check("intake writes below run/asl, var/lib/asl and the backend, and nowhere else", not outside, outside)
    check("and it sealed", list((root / "mnt/backend/snapshots").glob("*")) != [])


def sealed(root):
    """A seal that was being written when its process was killed has a name of another kind."""
    return [path for path in root.glob("mnt/backend/logs/*/seals/*") if path.name.isdigit()]


def kill_and_restart(times):
    """kill -9 of the service at moments spread over its run, restarted until it has sealed: always the same root."""
    conf = CONF + "local.approve-import = \"/mnt/backend\"\n"
    roots, resumed = set(), 0
    for moment in range(times):
        root = stage(f"killed-{moment}", conf, files=60)
        run("asl-admin", "preflight", root=root)
        for attempt in range(4):
            service = serve(root)
            time.sleep(0.02 + 0.5 * moment / times)
            service.kill()
            service.communicate()
            if sealed(root):
                break
            resumed += 1
        output = serve(root).communicate(timeout=180)[0] if not sealed(root) else ""
        snapshots = json.loads(subprocess.run([PROGRAMS / "asl-admin", "snapshots", "--json", "--store", root / "mnt/backend"],
                                              capture_output=True, text=True, check=True).stdout)
        verified = subprocess.run([PROGRAMS / "asl-admin", "verify", "--data", "--store", root / "mnt/backend"], capture_output=True, text=True)
        records(root)
        # Each moment has a tree of its own, with other inodes: the blocks of the side table differ, the root must not.
        roots.add((len(snapshots), snapshots[0]["root"], verified.returncode))
        shutil.rmtree(root)
    check(f"{times} services killed and restarted ({resumed} restarts): one sealed snapshot each, always the same root", len(roots) == 1, roots)


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    for scenario in (approval_over_the_socket, configured_approval, remote_that_does_not_answer, rules_rule, broken_contract, system_calls):
        print(f"-- {scenario.__name__}")
        scenario()
    kill_and_restart(20)
    print("staged root: " + ("all as it should be" if not failures else f"{len(failures)} FAILED"))
    return 1 if failures else 0


sys.exit(main())
