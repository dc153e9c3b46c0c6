#!/usr/bin/env python3
"""The audit of what real programs left behind: killed and resumed, taken over after a power cut, retried, refused, off a damaged disk, cosigned by a server.

usage: audit.py PROGRAMS SERVER SCRATCH RULES [--page FILE]     (root; needs FUSE, loop devices, chromium; --page keeps the picture of the report)
"""
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

from remoteparts import Server, check, failures, places, seals, set_up, signing_key

HERE = pathlib.Path(__file__).parent
ENVIRONMENT = {**os.environ, "ASL_RULES": ""}


def program(name, *arguments, **options):
    return subprocess.run([places["programs"] / name, *map(str, arguments)], capture_output=True, text=True, timeout=300, env=ENVIRONMENT, **options)


def machine(name, conf):
    root = places["scratch"] / name / "machine"
    for folder in ("etc/asl/rules", "var/lib/asl", "run", "mnt/backend", "mnt/crashed"):
        (root / folder).mkdir(parents=True)
    for rule in places["rules"].glob("*.toml"):
        shutil.copy(rule, root / "etc/asl/rules")
    (root / "etc/asl/asl.conf").write_text(conf)
    return root


def fill(folder, seed, files=60):
    source = random.Random(seed)
    for index in range(files):
        (folder / f"file-{index}").write_bytes(source.randbytes(source.randrange(600_000)))


def serve(root):
    return subprocess.Popen([places["programs"] / "asl-intake", "serve", "--root", root], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)


def wait_for(root, wanted, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = program("asl-intake", "status", "--json", "--root", root)
        if answer.returncode == 0 and wanted(now := json.loads(answer.stdout)):
            return now
        time.sleep(0.05)
    sys.exit("the service does not get there")


def audited(*arguments):
    answer = program("asl-admin", "audit", "replay", "--json", *arguments)
    return answer.returncode, json.loads(answer.stdout) if answer.stdout.startswith("{") else answer.stderr


def killed_and_resumed():
    """No kill may make an honest journal look forged."""
    root = machine("killed", "local.kind = directory\nlocal.mount = /mnt/backend\nintake.sources = [\"/mnt/crashed\"]\nlocal.approve-import = \"/mnt/backend\"\n")
    fill(root / "mnt/crashed", 1, files=120)
    program("asl-admin", "preflight", "--root", root)
    source, kills = random.Random(2), 0
    while not seals(root / "mnt/backend") and kills < 40:
        service = serve(root)
        time.sleep(0.05 + source.random() * 0.4)
        service.send_signal(signal.SIGKILL if kills % 3 else signal.SIGTERM)
        service.communicate(timeout=180)
        kills += 1
    serve(root).communicate(timeout=180) if not seals(root / "mnt/backend") else None
    code, result = audited(root / "mnt/backend", root / "var/lib/asl/runtime")
    wrong = result["findings"] + [finding for run in result["runs"] for finding in run["findings"]]
    check(f"after {kills} kills and restarts: not one finding", code in (0, 18) and not wrong, wrong)


def boot(root, number):
    """What lies in memory is empty, and the kernel has another boot id."""
    for folder in ("var/lib/asl", "run"):
        shutil.rmtree(root / folder)
        (root / folder).mkdir()
    (root / "proc/sys/kernel/random").mkdir(parents=True, exist_ok=True)
    (root / "proc/sys/kernel/random/boot_id").write_text(f"00000000-0000-4000-8000-00000000000{number}\n")
    decided = program("asl-admin", "preflight", "--root", root)
    if decided.returncode or (root / "run/asl/mode").read_text() != "local\n":
        sys.exit(f"preflight does not decide local: {decided}")


def taken_over():
    """/var/lib/asl was in memory: the next boot finds the run in the store, under an approval that it carries."""
    conf = "local.kind = directory\nlocal.mount = /mnt/backend\nintake.sources = [\"/mnt/crashed\"]\nlocal.approve-import = \"/mnt/backend\"\n"
    for attempt in range(5):  # From the first block to the seal is a quarter of a second, which this process may sleep through.
        root = machine(f"power-{attempt}", conf)
        fill(root / "mnt/crashed", 3, files=300)
        boot(root, 1)
        service = serve(root)
        deadline = time.monotonic() + 60
        # Not earlier: a run whose journal does not tell yet what it reads is nobody's to go on with.
        while not list((root / "mnt/backend").glob("blocks/*/*")) and time.monotonic() < deadline:
            time.sleep(0.002)
        service.kill()
        service.communicate()
        interrupted = not seals(root / "mnt/backend")
        if interrupted:
            break
    boot(root, 2)
    output = serve(root).communicate(timeout=120)[0]
    code, result = audited(root / "mnt/backend")
    check("a run that another boot went on with holds", code == 0 and interrupted and result["runs"][0]["state"] == "Sealed", (code, interrupted, result, output))


class DamagedDisk:
    """A loop device over a file over FUSE that refuses some ranges."""

    def __init__(self, folder, bytes_all, ranges):
        (folder / "mount").mkdir(parents=True)
        (folder / "data").write_bytes(random.Random(4).randbytes(bytes_all))
        (folder / "ranges").write_text("".join(f"{start} {length}\n" for start, length in ranges))
        flags = subprocess.run(["pkg-config", "fuse3", "--cflags", "--libs"], capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["gcc", "-O2", "-o", folder / "badfuse", HERE / "badfuse.c", *flags], check=True)
        subprocess.run([folder / "badfuse", folder / "mount", folder / "data", folder / "ranges"], check=True)
        self.folder = folder
        self.device = subprocess.run(["losetup", "--find", "--show", "--read-only", "--direct-io=on", folder / "mount/disk"], capture_output=True, text=True, check=True).stdout.strip()

    def close(self):
        subprocess.run(["losetup", "--detach", self.device], check=False)
        subprocess.run(["umount", "--lazy", self.folder / "mount"], check=False)


def a_damaged_disk(page):
    """All that a report can show: a decision, a wrong approval, a backend that comes late, bad ranges, a signature."""
    scratch = places["scratch"] / "damaged"
    disk = DamagedDisk(scratch / "disk", 24 << 20, [(0, 512), (3 << 20, 4096), (9 << 20, 300 << 10), (17 << 20, 65536), ((24 << 20) - 1024, 1024)])
    try:
        root = machine("damaged", "")
        (root / "etc/asl/asl.conf").write_text("local.kind = directory\nlocal.mount = /mnt/backend\ndomain.key = /etc/domain.pem\nintake.retry.attempts = 20\n")
        public = signing_key(root / "etc/domain.pem").hex()
        program("asl-admin", "preflight", "--root", root)
        service = serve(root)
        wait_for(root, lambda now: now["state"] in ("Detecting", "AwaitingApproval"))
        program("asl-intake", "add", disk.device, "--root", root)
        asked = wait_for(root, lambda now: now.get("request") and disk.device in now["request"]["sources"])
        program("asl-intake", "approve", "0123456789ab", "--root", root)
        (root / "mnt/backend").rmdir()
        program("asl-intake", "approve", asked["request"]["id"][:12], "--root", root)
        wait_for(root, lambda now: now["state"] == "Retrying")
        (root / "mnt/backend").mkdir()
        output = service.communicate(timeout=120)[0]
        check("a damaged disk is sealed with its bad ranges", service.returncode == 3, output)
        code, result = audited(root / "mnt/backend", "--key", public, "--rules", places["rules"])
        check("its journal holds, the checkpoint signed by the domain's key", code == 0 and any(anchor["trusted"] for anchor in result["runs"][0]["anchors"]), result)
        check("all that happened stands in it", [one["trigger"] for one in result["runs"][0]["transitions"]].count("failed") >= 1, result)
        report(root, scratch, public, page)
    finally:
        disk.close()


def report(root, scratch, public, page):
    html = scratch / "report.html"
    answer = program("asl-admin", "audit", "report", root / "mnt/backend", "--key", public, "--html", html)
    check("the report is written", answer.returncode == 0, answer)
    text = html.read_text()
    check("the map of what could not be read is drawn", text.count('class="bad"') == 5, text.count('class="bad"'))
    seal = re.search(r"# prints ([0-9a-f]{64})", text).group(1)
    lines = re.search(r"<pre>(.*?)</pre>", text, re.S).group(1).replace("&quot;", '"').replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    by_hand = subprocess.run(["bash", "-c", lines.replace("cd STORE", f"cd {root / 'mnt/backend'}")], capture_output=True, text=True)
    said = [line.split()[0] for line in by_hand.stdout.splitlines()]
    check("what it says to type by hand gives what it says", len(said) == 2 and said[1] == seal and f"snapshots/{said[0]}" in by_hand.stdout, by_hand)
    picture = pathlib.Path(page) if page else scratch / "report.png"
    browser = shutil.which("chromium") or sys.exit("chromium is missing: install the Debian package chromium")
    drawn = headless(browser, scratch, "--hide-scrollbars", "--window-size=1040,3600", f"--screenshot={picture}", html.as_uri())
    check("a browser draws it", picture.exists() and picture.stat().st_size > 50_000, drawn.stderr)
    printed = headless(browser, scratch, f"--print-to-pdf={scratch}/report.pdf", html.as_uri())
    check("and prints it", (scratch / "report.pdf").exists() and (scratch / "report.pdf").read_bytes()[:5] == b"%PDF-", printed.stderr)


def headless(browser, scratch, *arguments):
    """Now and then a browser without a screen hangs as it starts."""
    for attempt in range(3):
        try:
            return subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={scratch}/browser-{attempt}", *arguments], capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired as late:
            print(f"        the browser hangs: {late.stderr}")
    sys.exit("the browser hangs each time that it is started")


def cosigned():
    """A server vouches for the journals that it holds, and for no others."""
    scratch = places["scratch"] / "remote"
    root = machine("remote", "")
    fill(root / "mnt/crashed", 5)
    public = signing_key(root / "etc/domain.pem").hex()
    with Server("cosigning") as server:
        (root / "etc/asl/asl.conf").write_text("domain.key = /etc/domain.pem\n")
        witness = re.search(r"^witness +(\S+)", server.log(), re.M).group(1)
        there = ["--store", server.url, "--pin", server.pin, "--token-file"]
        answer = program("asl-intake", "ingest", root / "mnt/crashed", *there, server.state / "tokens/intake", "--root", root)
        check("an ingest into a server", answer.returncode == 0, answer.stderr)
        code, result = audited(*there, server.state / "tokens/read", "--key", witness)
        signed = [anchor["says"] for anchor in result["runs"][0]["anchors"] if anchor["trusted"]]
        check("the server's witness has signed its journal, as is seen through the server", code == 0 and "as a witness at" in signed[0], result)
        copy = scratch / "copy"
        shutil.copytree(server.store, copy)
        check("and from copied files alone, also under the domain's own key", audited(copy, "--key", witness)[0] == 0 and audited(copy, "--key", public)[0] == 0)
        check("a key that signed nothing does not do", audited(copy, "--key", "ab" * 32)[0] == 18)
        run = next((copy / "logs/rescue-domain/runs").iterdir())
        last = sorted(path for path in run.iterdir() if path.name.isdigit())[-1]
        last.unlink()
        check("a copy without its last record is found out", audited(copy, "--key", witness)[0] == 17)
        body = "aslrescue/rescue-domain/" + run.name + "\n9999\n" + "A" * 43 + "=\n"
        refused = subprocess.run(["curl", "--silent", "--insecure", "--write-out", "%{http_code}", "--output", "/dev/null", "--header", f"Authorization: Bearer {(server.state / 'tokens/intake').read_text().strip()}",
                                  "--header", "Content-Type: application/json", "--data", json.dumps({"checkpoint": body}), f"{server.url}/v1/cosign/rescue-domain/{run.name}"], capture_output=True, text=True)
        check("the server vouches for no records that it does not hold", refused.stdout == "422", refused)


def main():
    arguments = sys.argv[1:]
    page = arguments.pop(arguments.index("--page") + 1) if "--page" in arguments else None
    programs, server, scratch, rules = (pathlib.Path(argument).absolute() for argument in arguments[:4])
    set_up(programs, server, scratch, rules)
    shutil.rmtree(scratch, ignore_errors=True)
    for part, more in ((killed_and_resumed, ()), (taken_over, ()), (a_damaged_disk, (page,)), (cosigned, ())):
        print(f"-- {part.__name__}", flush=True)
        part(*more)
    print("audit: " + ("all as it should be" if not failures else f"{len(failures)} FAILED"))
    sys.exit(1 if failures else 0)


main()
