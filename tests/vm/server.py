"""asl-backend on this host, for guests that reach it as 10.0.2.2; and its other client, a script on the host."""
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time


class Server:
    """Listens on loopback only. It can be stopped and started again at the same port, with the same certificate, clients and store."""

    def __init__(self, program, folder):
        folder.mkdir()
        self.program, self.store, self.state, self.output = program, folder / "store", folder / "state", folder / "log"
        self.port, self.process, self.pin = free_port(), None, None
        self.key = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, text=True, check=True).stdout

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        if self.process:
            return
        begin = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as output:
            command = [self.program, "--store", self.store, "--state", self.state, "--listen", f"127.0.0.1:{self.port}"]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := re.search(r"^fingerprint +([0-9a-f]{64})", self.output.read_bytes()[begin:].decode(), re.M):
                self.pin = found.group(1)
                return
            time.sleep(0.05)
        sys.exit(f"{self.program} does not start: {self.output.read_text()[-2000:]}")

    def stop(self, how=signal.SIGTERM):
        """How it ended; None when it did not run."""
        process, self.process = self.process, None
        if not process:
            return None
        process.send_signal(how)
        try:
            return process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def obey(self, line):
        """A guest script says `host server stop`, `kill` or `start`."""
        match line.split():
            case ["host", "server", "start"]:
                self.start()
            case ["host", "server", "stop"]:
                self.stop()
            case ["host", "server", "kill"]:
                self.stop(signal.SIGKILL)
                blocks = [path for path in self.store.glob("blocks/*/*") if path.is_file()]
                print(f"    note   asl-backend is killed; {len(blocks)} blocks are in its store", flush=True)

    def fill(self, text):
        """What a guest must know of it, in a file of a layer."""
        token = (self.state / "tokens/intake").read_text().strip()
        return text.replace("{key}", self.key).replace("{port}", str(self.port)).replace("{pin}", self.pin).replace("{token}", token)

    def environment(self, images, programs, work):
        """What the script on the host finds: the server, the disks by name, the programs of the overlay, a folder for itself."""
        disks = {f"disk_{name.replace('-', '_')}": str(path) for name, path in images.items()}
        return {**os.environ, **disks, "PATH": f"{programs}:{os.environ['PATH']}", "url": f"https://127.0.0.1:{self.port}", "pin": self.pin,
                "tokens": str(self.state / "tokens"), "store": str(self.store), "server_log": str(self.output), "work": str(work)}


def free_port():
    """Below the range that outgoing connections take theirs from, so that it is free again when the server is started again."""
    for port in random.SystemRandom().sample(range(20000, 30000), 200):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    sys.exit("no port is free")
