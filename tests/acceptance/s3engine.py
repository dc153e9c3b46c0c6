"""A real S3 engine for the acceptance tests: Ceph on loopback, by tests/s3/s3-engine.sh; and the few requests that a test makes itself."""
import datetime
import hashlib
import hmac
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import xml.etree.ElementTree

SCRIPT = pathlib.Path(__file__).absolute().parents[1] / "s3/s3-engine.sh"


def _script(*arguments, timeout=600, must=True):
    done = subprocess.run(["bash", str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL)
    if must and done.returncode != 0:
        sys.exit(f"s3-engine.sh {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _is_free(port):
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def install(what):
    """Installs the engine where it is missing, which needs root. Without root the whole test ends: failed where CI=true, skipped elsewhere."""
    if any(shutil.which(program) is None for program in ("ceph-mon", "ceph-osd", "radosgw", "ceph")):
        if os.geteuid() != 0:
            print(f"{what}: the engine is not installed, and installing it needs root")
            sys.exit(1 if os.environ.get("CI") == "true" else 0)
        _script("install", timeout=900)


class Engine:
    """Runs from `with` on; its daemons can be killed and revived: osd.0 to osd.2, mon.a, rgw."""

    def __init__(self, folder):
        self.folder, self.settings = folder, {}
        self.port = next(port for port in random.sample(range(20000, 30000, 100), 100) if _is_free(port) and _is_free(port + 1))

    def __enter__(self):
        begin = time.monotonic()
        try:
            _script("start", self.folder, self.port)
            self.settings = dict(line.split("=", 1) for line in _script("env", self.folder).split())
        except BaseException:
            self.__exit__()
            raise
        print(f"the engine runs on port {self.port} after {time.monotonic() - begin:.0f} s", flush=True)
        return self

    def __exit__(self, *_):
        if (self.folder / "pid").exists():
            _script("stop", self.folder, must=False)

    def crash(self, *names):
        """Kills them; says how many of them lived."""
        return sum("killed" in _script("crash", self.folder, name) for name in names)

    def revive(self, *names):
        # A gateway that finds no storage gives up after a while, and a part whose predecessor still holds its lock ends at once: whoever runs them has them started again.
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            started = [name for name in (*names, "rgw") if "started" in _script("revive", self.folder, name)]
            if not started and self._answers():
                return
            time.sleep(1)
        sys.exit("the gateway does not come back")

    def make_bucket(self, name):
        self._request("PUT", "/" + name)

    def keys(self, bucket):
        """Every key in a bucket."""
        found, more = [], {}
        while True:
            answer = xml.etree.ElementTree.fromstring(self._request("GET", "/" + bucket, {"list-type": "2", **more}))
            space = {"s3": answer.tag[1:answer.tag.index("}")]}
            found += [key.text for key in answer.iterfind("s3:Contents/s3:Key", space)]
            token = answer.find("s3:NextContinuationToken", space)
            if token is None:
                return found
            more = {"continuation-token": token.text}

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def _request(self, method, path, query=None):
        """Signed as AWS Signature Version 4 has it; without a body."""
        moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        region, host, empty = self.settings["S3_REGION"], f"127.0.0.1:{self.port}", hashlib.sha256(b"").hexdigest()
        asked = "&".join(f"{key}={urllib.parse.quote(value, safe='')}" for key, value in sorted((query or {}).items()))
        headers = {"host": host, "x-amz-content-sha256": empty, "x-amz-date": moment}
        names, scope = ";".join(headers), f"{moment[:8]}/{region}/s3/aws4_request"
        canonical = "\n".join([method, path, asked, *(f"{key}:{value}" for key, value in headers.items()), "", names, empty])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.settings["S3_SECRET_KEY"]).encode()
        for part in (*scope.split("/"), to_sign):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={self.settings['S3_ACCESS_KEY']}/{scope},SignedHeaders={names},Signature={key.hex()}"
        request = urllib.request.Request(f"http://{host}{path}{'?' + asked if asked else ''}", method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()
