#!/usr/bin/env python3
"""What the service manager hears of a run, with the real program: a socket of ours stands in for systemd's.

usage: notify.py PROGRAMS SCRATCH RULES     (root, /dev/fuse and python3-fuse: a disk that stalls)

READY, STATUS from waiting to sealed, WATCHDOG only while the run lives, also while a disk keeps a read for longer than the watchdog's
period, STOPPING; and what the children of the program are told.
"""
import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

PROGRAMS, SCRATCH, RULES = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
HERE = pathlib.Path(__file__).parent
CONF = "mode = auto\nlocal.kind = directory\nlocal.mount = /mnt/backend\nintake.sources = [\"/mnt/crashed\"]\n"
PERIOD = 12.0
failures = []


def check(what, holds, detail=""):
    print(("ok      " if holds else "FAILED  ") + what, flush=True)
    if not holds:
        failures.append(what)
        print("        " + str(detail)[-1500:])


class Manager:
    """Listens as PID 1 does, and keeps what it hears with the time."""

    def __init__(self, address):
        self.address, self.heard = address, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.heard.append((time.monotonic(), self.socket.recv(8192).decode()))

    def messages(self, start=0.0):
        return [message for at, message in list(self.heard) if at >= start]

    def signs(self, start, end):
        return [at for at, message in list(self.heard) if message == "WATCHDOG=1" and start <= at <= end]

    def wait(self, pattern, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in self.messages():
                if re.search(pattern, message):
                    return message
            time.sleep(0.05)
        return None


def stage(name, conf):
    root = SCRATCH / name
    for folder in ("etc/asl/rules", "var/lib/asl", "run", "mnt/backend", "mnt/crashed"):
        (root / folder).mkdir(parents=True)
    for rule in RULES.glob("*.toml"):
        shutil.copy(rule, root / "etc/asl/rules")
    (root / "etc/asl/asl.conf").write_text(conf)
    subprocess.run([PROGRAMS / "asl-admin", "preflight", "--root", root], check=True, capture_output=True)
    return root


def serve(root, manager):
    environment = {**os.environ, "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": str(int(PERIOD * 1e6))}
    environment.pop("WATCHDOG_PID", None)
    log = open(root / "serve.log", "w")
    return subprocess.Popen([PROGRAMS / "asl-intake", "serve", "--root", root], env=environment, stdout=log, stderr=log)


def fail_disk(root):
    mount = root / "mnt/crashed"
    disk = subprocess.Popen(["/usr/bin/python3", HERE / "failing_disk.py", mount, "6", "8", "3"])
    deadline = time.monotonic() + 20
    while not os.path.ismount(mount):
        if time.monotonic() > deadline or disk.poll() is not None:
            raise SystemExit("notify: the failing disk cannot be mounted: are python3-fuse and /dev/fuse there?")
        time.sleep(0.05)
    return disk


def idle(seconds):
    """Sleeps, and gives by how much the machine let a sleeper wait at most: whoever shares it may be late by as much without a fault of its own."""
    end, late = time.monotonic() + seconds, 0.0
    while (now := time.monotonic()) < end:
        time.sleep(0.1)
        late = max(late, time.monotonic() - now - 0.1)
    return late


def largest_gap(times, start, end):
    points = [start, *times, end]
    return max(later - earlier for earlier, later in zip(points, points[1:]))


def from_waiting_to_sealed():
    root = stage("run", CONF)
    disk = fail_disk(root)
    manager = Manager("@asl-notify-" + str(os.getpid()))
    service = serve(root, manager)
    try:
        asked = manager.wait("^STATUS=AwaitingApproval")
        check("READY comes first, over an abstract socket", manager.messages()[:1] == ["READY=1"], manager.messages())
        request = re.search(r"asl-intake approve (?:--root \S+ )?([0-9a-f]{8})", asked or "")
        check("the status says what is asked and what to type", request and "directory" in asked, asked)
        start = time.monotonic()
        late = idle(2 * PERIOD)
        signs = manager.signs(start, time.monotonic())
        check(f"while it waits for the operator it shows life: {len(signs)} signs, at most {largest_gap(signs, start, time.monotonic()):.1f} s apart",
              largest_gap(signs, start, time.monotonic()) - late < PERIOD, manager.messages())
        subprocess.run([PROGRAMS / "asl-intake", "approve", request.group(1), "--root", root], check=True, capture_output=True)
        reading = manager.wait(r"^STATUS=Ingesting: .*\(\d+ %\).*/s")
        check("while it reads, the status has bytes, share, rate and what is bad", reading and re.search(r"\d MB of about .*bad area", reading), reading)

        # The disk stops answering, as a dying one does, for three times as long as the watchdog would bear silence.
        disk.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        late = idle(3 * PERIOD + 6)
        end = time.monotonic()
        signs = manager.signs(start, end)
        check(f"a read that the disk keeps is waited for: {len(signs)} signs in {end - start:.0f} s, at most {largest_gap(signs, start, end):.1f} s apart",
              largest_gap(signs, start, end) - late < PERIOD and service.poll() is None, manager.messages(start))
        check("and the status says so", any("waits for a disk, nothing has moved for" in message for message in manager.messages(start)), manager.messages(start))
        disk.send_signal(signal.SIGCONT)
        service.wait(timeout=120)
    finally:
        disk.send_signal(signal.SIGCONT)
        subprocess.run(["fusermount", "-u", "-z", root / "mnt/crashed"], capture_output=True)
        service.kill()
    manager.wait("^STOPPING=1")
    time.sleep(0.3)  # Nothing may follow
    messages = manager.messages()
    states = [state for state, _ in itertools.groupby(re.findall(r"^STATUS=(\w+)", "\n".join(messages), re.M))]
    check("the states follow each other to the end: " + ", ".join(states),
          states[-3:] == ["AttachingLocal", "Ingesting", "Sealed"] and "AwaitingApproval" in states, messages)
    check("the last word is that it stops", messages[-1] == "STOPPING=1" and messages.count("STOPPING=1") == 1, messages[-5:])
    check("it ended as a run with unreadable parts does", service.returncode == 3, (root / "serve.log").read_text())


def asked_to_stop():
    root = stage("stopped", CONF)
    path = str(SCRATCH / "notify.sock")
    manager = Manager(path)
    service = serve(root, manager)
    check("a path serves as well as a name", manager.wait("^STATUS=AwaitingApproval") and manager.messages()[0] == "READY=1", manager.messages())
    environment = pathlib.Path(f"/proc/{service.pid}/environ").read_bytes()
    check("the test's own setup is as systemd's", b"NOTIFY_SOCKET=" + path.encode() in environment)
    service.send_signal(signal.SIGTERM)
    service.wait(timeout=120)
    manager.wait("^STOPPING=1")
    time.sleep(0.3)  # Nothing may follow
    check("asked to end, it says that it stops, once", manager.messages()[-1] == "STOPPING=1" and manager.messages().count("STOPPING=1") == 1, manager.messages())


def nobody_listens():
    root = stage("unheard", CONF + "local.approve-import = \"/mnt/backend\"\n")
    (root / "mnt/crashed/file").write_text("some bytes")
    environment = {**os.environ, "NOTIFY_SOCKET": "/nowhere/notify", "WATCHDOG_USEC": "1000000"}
    ended = subprocess.run([PROGRAMS / "asl-intake", "serve", "--root", root], env=environment, capture_output=True, text=True, timeout=180)
    check("a manager that is gone harms no run", ended.returncode == 0 and "sealed snapshot" in ended.stdout, ended)


def a_program_that_hangs():
    """Stopped as a whole it stands for one whose threads all wait for each other: then there must be silence."""
    root = stage("hung", CONF)
    manager = Manager("@asl-notify-hung-" + str(os.getpid()))
    service = serve(root, manager)
    manager.wait("^WATCHDOG=1")
    service.send_signal(signal.SIGSTOP)
    time.sleep(0.5)
    start = time.monotonic()
    time.sleep(PERIOD * 1.5)
    check("a program that hangs is silent", not manager.messages(start), manager.messages(start))
    service.kill()
    service.wait()


def main():
    if os.getuid() != 0 or not os.path.exists("/dev/fuse"):
        print("skipped: needs root and /dev/fuse")
        return 1 if os.environ.get("CI") == "true" else 0
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    for scenario in (from_waiting_to_sealed, asked_to_stop, nobody_listens, a_program_that_hangs):
        print(f"-- {scenario.__name__}", flush=True)
        scenario()
    print("notify: " + ("passed" if not failures else f"{len(failures)} FAILED: {', '.join(failures)}"))
    return 1 if failures else 0


sys.exit(main())
