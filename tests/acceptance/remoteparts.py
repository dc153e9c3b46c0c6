"""Servers and machines for the acceptance tests of the remote backend: each with a folder of its own, nothing of the machine that runs them."""
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

failures = []
places = {}


def set_up(programs, server, scratch, rules):
    places.update(programs=programs, server=server, scratch=scratch, rules=rules)


def check(what, holds, detail=""):
    print(("ok      " if holds else "FAILED  ") + what, flush=True)
    if not holds:
        failures.append(what)
        print("        " + str(detail)[-2500:], flush=True)


def signing_key(path):
    """Makes a domain's key, readable by its owner alone; gives the 32 bytes of its public half."""
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True)
    path.chmod(0o600)
    return subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout[-32:]


def free_port():
    """Below the range that outgoing connections take theirs from, so that a server that is started again finds it free."""
    for port in random.SystemRandom().sample(range(20000, 30000), 200):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no port is free")


class Server:
    """An asl-backend, which can be killed and started again at the same place. Clients and tokens are those of `peer` if one is given."""

    def __init__(self, name, store=None, domain="rescue-domain", environment=None, peer=None, options=()):
        folder = places["scratch"] / "servers" / name
        folder.mkdir(parents=True)
        self.store = store or folder / "store"
        self.state = peer.state if peer else folder / "state"
        self.domain, self.port, self.environment, self.options = domain, free_port(), environment or {}, options
        self.url, self.output, self.process = f"https://127.0.0.1:{self.port}", folder / "log", None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process:
            self.kill()

    def start(self):
        length = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as output:
            self.process = subprocess.Popen([places["server"], "--store", self.store, "--state", self.state, "--listen", f"127.0.0.1:{self.port}", "--domain", self.domain, *self.options],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **self.environment})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r"^fingerprint +([0-9a-f]{64}).*^witness +[^\n]+\n", self.output.read_bytes()[length:].decode(), re.M | re.S)  # What it says at its start comes in pieces
            if found:
                self.pin = found.group(1)
                return
            time.sleep(0.02)
        sys.exit(f"the server does not start: {self.log()[-2000:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return "it had to be killed"

    def log(self):
        return self.output.read_text()

    def token(self, name):
        return self.state / "tokens" / name

    def add_client(self, name, role, domain):
        """The server knows it when it is started again."""
        token = subprocess.run([places["server"], "client", name, "--role", role, "--domain", domain, "--state", self.state], capture_output=True, text=True, check=True).stdout
        with open(os.open(self.token(name), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(token)


class Done:
    """What a program ended with."""

    def __init__(self, code, output, errors=""):
        self.code, self.output, self.text = code, output + errors, output

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def root(self):
        return self._found(r"^root +([0-9a-f]{64})")

    @property
    def snapshot(self):
        return self._found(r"^snapshot +([0-9a-f]{64})")

    def _found(self, pattern):
        found = re.search(pattern, self.output, re.M)
        return found and found.group(1)

    def __repr__(self):
        return f"exit {self.code}: {self.output}"


class Running:
    """A program that runs beside us."""

    def __init__(self, command, log):
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)

    def poll(self):
        return self.process.poll()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self, timeout=240):
        try:
            code = self.process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            code = "it did not end"
        return Done(code, self.log.read_text())


class Machine:
    """A machine of its own: root folder, configuration, journal, locks. Speaks to `server` with the token called `token`."""

    def __init__(self, name, server=None, token=None, conf=""):
        self.root, self.server, self.token = places["scratch"] / "machines" / name, server, token
        (self.root / "etc/asl/rules").mkdir(parents=True, exist_ok=True)
        for folder in ("var/lib/asl", "run"):
            (self.root / folder).mkdir(parents=True)
        for rule in places["rules"].glob("*.toml"):
            shutil.copy(rule, self.root / "etc/asl/rules")
        (self.root / "etc/asl/asl.conf").write_text(conf)

    def access(self, store=None):
        return ["--store", store] if store else ["--store", self.server.url, "--pin", self.server.pin, "--token-file", self.server.token(self.token)]

    def run(self, program, *arguments, timeout=300):
        done = subprocess.run([places["programs"] / program, *arguments, "--root", self.root], capture_output=True, text=True, errors="replace", timeout=timeout, stdin=subprocess.DEVNULL)
        return Done(done.returncode, done.stdout, done.stderr)

    def admin(self, verb, *arguments):
        return self.run("asl-admin", verb, *arguments, *self.access())

    def ingest(self, source, *options, store=None):
        return self.run("asl-intake", "ingest", source, *options, *self.access(store))

    def resume(self):
        return self.run("asl-intake", "resume", *self.access())

    def begin(self, source, *options):
        return self._begin("ingest", source, *options)

    def begin_resume(self):
        return self._begin("resume")

    def begin_service(self):
        """What it speaks to, its configuration says."""
        return Running([places["programs"] / "asl-intake", "serve", "--root", self.root], self.root / "output")

    def wait_until_begun(self, run):
        """A command that cannot reach its endpoint at the start ends; once its run has begun, it goes on."""
        while run.poll() is None and not any(journal.stat().st_size for journal in self.root.glob("var/lib/asl/runtime/*/journal")):
            time.sleep(0.01)

    def _begin(self, *arguments):
        return Running([places["programs"] / "asl-intake", *arguments, *self.access(), "--root", self.root], self.root / "output")


def objects(store):
    """Blocks and segments of a directory: name -> SHA-256 of the content."""
    return {str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest()
            for kind in ("blocks", "segments") for path in (store / kind).rglob("*") if path.is_file()}


def seals(store):
    """domain -> the numbers of its seals; one that was being written when a process was killed has another name."""
    return {path.parent.name: sorted(numbers) for path in store.glob("logs/*/seals") if (numbers := [int(seal.name) for seal in path.iterdir() if seal.name.isdigit()])}


def make_source(target, length, copied):
    """Real files of this machine, random bytes, and what else a file system can hold: holes, hard links, odd names, deep folders, old times."""
    (target / "copied/share").mkdir(parents=True)
    total = 0
    for top in ("/usr/share/doc", "/usr/share", "/usr/lib/python3", "/usr/lib"):
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                path = pathlib.Path(folder, name)
                copy = target / "copied" / path.relative_to("/usr")
                if total >= copied or path.is_symlink() or not path.is_file() or path.stat().st_size > 4_000_000 or copy.exists():
                    continue
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)
                total += copy.stat().st_size
    seeded = random.Random(3)
    for index in range(5):
        (target / f"random-{index}").write_bytes(seeded.randbytes((length - copied) // 5))
    with open(target / "sparse", "wb") as file:
        for offset in (0, 1 << 30, 8 << 30):
            file.seek(offset)
            file.write(seeded.randbytes(4096))
        file.truncate(9 << 30)
    os.mkdir(target / "odd")
    folder = os.fsencode(target / "odd")
    for name in (b"\xff\xfe\xfd", b"new\nline", b"-rf", b" ", b"tab\t", b"a" * 255, "é".encode() * 127, b"...", b"\\x41", *(bytes([value]) * 3 for value in range(1, 256) if value not in b"/.")):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(name)
        os.symlink(name + b"\xff target", os.path.join(folder, b"link-" + name[:100]))
    deep = target / "deep"
    for level in range(12):
        deep = deep / ("d" * 200)
    os.makedirs(deep)
    (deep / "at the bottom").write_text("bottom\n")
    (target / "hard-0").write_bytes(b"one inode, four names" * 5000)
    for index in range(1, 4):
        os.link(target / "hard-0", target / ("odd" if index % 2 else "copied") / f"hard-{index}")
    os.mkfifo(target / "fifo", 0o640)
    (target / "empty").write_bytes(b"")
    (target / "empty-folder").mkdir(mode=0o1777)
    os.utime(target / "empty", ns=(1, -315619199 * 10**9 + 999999999))
    for folder, _, names in os.walk(target, topdown=False):
        os.utime(folder, ns=(1, 1_234_567_890_123_456_789))
