#!/usr/bin/env python3
"""A store behind asl-backend, over TLS on loopback, with the real programs: same roots as a directory, kills on both sides, a fleet, two domains.

usage: remote.py PROGRAMS SERVER SCRATCH RULES     (SERVER: asl-backend, as it is published; RULES: the folder rules/)
The full disk below the server needs root and tmpfs: without root that part fails where CI=true, and is skipped elsewhere.
"""
import base64
import collections
import hashlib
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

from remoteparts import Machine, Running, Server, check, failures, make_source, objects, seals, set_up, signing_key
from treecompare import compare

PROGRAMS, SERVER, SCRATCH, RULES = (pathlib.Path(argument).absolute() for argument in sys.argv[1:5])
SEED = int(os.environ.get("ASL_SEED", random.SystemRandom().randrange(1 << 30)))
HASTY = 'intake.retry.attempts = 3\nintake.retry.delay-min = "50ms"\nintake.retry.delay-max = "200ms"\n'
SLOW = 'remote.bandwidth = "6MiB"\n'  # so that an upload takes long enough to be disturbed
chance = random.Random(SEED)
source = SCRATCH / "source"


class Undisturbed:
    """What a directory holds after an ingest that nothing happened to: what all the others must come to."""


def same_as_a_directory():
    by_hand = Machine("by-hand")
    there = by_hand.ingest(source, store=SCRATCH / "directory")
    check("a directory takes the source in", there.code == 0, there)
    Undisturbed.root, Undisturbed.objects = there.root, objects(SCRATCH / "directory")

    with Server("first") as server:
        first = Machine("first", server, "intake")
        here = first.ingest(source)
        check("the server takes it in: the same root", here.code == 0 and here.root == there.root, here)
        check(f"the same {len(Undisturbed.objects)} blocks and segments, by name and by content", objects(server.store) == Undisturbed.objects,
              Undisturbed.objects.keys() ^ objects(server.store).keys())

        reader = Machine("reader", server, "read")
        back = reader.admin("restore", "latest", "--to", SCRATCH / "back")
        check("another machine restores it with a token that only reads", back.code == 0, back)
        count, lines = compare(source, SCRATCH / "back")
        check(f"{count} entries compared: {len(lines)} differences", not lines and count > 500, "\n".join(lines[:20]))
        shutil.rmtree(SCRATCH / "back")
        verified(reader, "the reader verifies all data over the network")
        listed = reader.admin("ls", "latest", "/")
        check("and lists it", listed.code == 0 and "hard-0" in listed.output, listed)

        again = first.ingest(source, "--json")
        counts = again.json["counts"]
        check("taken in again unchanged: nothing is read, nothing added, the same root",
              again.code == 0 and again.json["root"] == there.root and counts["readBytes"] == counts["addedArtifacts"] == counts["addedStoredBytes"] == 0, again)
        check("its seal is the second", seals(server.store) == {"rescue-domain": [1, 2]}, seals(server.store))
        left = reader.admin("gc-check")
        check("nothing is left over", left.code == 0 and set(re.findall(r"  +(\d+)", left.output)) == {"0"}, left)
        check("the server ends when it is asked to", server.stop() == 0)


def who_is_refused():
    with Server("refusing") as server:
        bad = SCRATCH / "bad-token"
        bad.write_text("0" * 48 + "\n")
        bad.chmod(0o600)
        loose = SCRATCH / "loose-token"
        loose.write_text(server.token("intake").read_text())
        loose.chmod(0o644)
        small = SCRATCH / "small"
        small.mkdir()
        (small / "file").write_text("one\n")
        wrong = server.pin.translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
        before = sorted(path for path in server.store.rglob("*"))
        ours, reads = server.token("intake"), server.token("read")
        cases = (
            ("no token", ["--pin", server.pin], "ASL8002", "neither a token nor a certificate"),
            ("a wrong token", ["--pin", server.pin, "--token-file", bad], "ASL8002", "the token is of no client"),
            ("a token that others may read", ["--pin", server.pin, "--token-file", loose], "ASL8002", "others may read it"),
            ("no pin", ["--token-file", ours], "ASL8006", "signed by itself"),
            ("a wrong pin", ["--pin", wrong, "--token-file", ours], "ASL8006", "remote.pin names another"),
            ("a token that only reads", ["--pin", server.pin, "--token-file", reads], "ASL8003", "with the role read"),
        )
        for index, (name, options, code, reason) in enumerate(cases):
            machine = Machine(f"refused-{index}")
            programs = [("asl-intake", "ingest", small), ("asl-admin", "snapshots"), ("asl-admin", "verify", "--data")][:1 if code == "ASL8003" else None]
            for program in programs:
                start = time.monotonic()
                refused = machine.run(*program, "--store", server.url, *options)
                check(f"{name}: {program[1]} ends at once with 6, {code} and the reason",
                      refused.code == 6 and f"error {code}" in refused.output and reason in refused.output and time.monotonic() - start < 10, refused)
        check("nothing was stored", sorted(path for path in server.store.rglob("*")) == before, sorted(server.store.rglob("*")))
        check("the server's log has the refusals", server.log().count(" 401 ") >= 4, server.log())


def by_decision():
    with Server("decided") as server:
        crashed, token = (SCRATCH / "machines/decided" / name for name in ("mnt/crashed", "etc/asl/token"))
        machine = Machine("decided", conf=f'mode = "remote"\nremote.endpoint = "{server.url}"\nremote.pin = "{server.pin}"\n'
                          f'remote.token = "/etc/asl/token"\nremote.approve = true\nintake.sources = ["/mnt/crashed"]\n' + HASTY)
        shutil.copy(server.token("intake"), token)  # copies its mode too
        make_source(crashed, 6_000_000, copied=2_000_000)
        decided = machine.run("asl-admin", "preflight")
        check("preflight decides: remote", decided.code == 0 and (machine.root / "run/asl/mode").read_text() == "remote\n", decided)
        done = machine.begin_service().end(timeout=180)
        check("approved by configuration, the service ingests and seals without a keypress", done.code == 0 and "sealed snapshot" in done.output, done)
        reader = Machine("decided-reader", server, "read")
        back = reader.admin("restore", "latest", "--to", SCRATCH / "back")
        count, lines = compare(crashed, SCRATCH / "back")
        check(f"another machine restores it: {count} entries compared, {len(lines)} differences", back.code == 0 and not lines, f"{back} {lines[:20]}")
        shutil.rmtree(SCRATCH / "back")


def server_is_killed(times=8):
    with Server("killed") as server:
        machine = Machine("kills", server, "intake", conf=SLOW)
        run = machine.begin(source)
        kills = 0
        machine.wait_until_begun(run)
        while kills < times:
            time.sleep(chance.uniform(0.1, 0.9))
            if run.poll() is not None:
                break
            server.kill()
            kills += 1
            time.sleep(chance.uniform(0, 0.6))
            server.start()
        done = run.end()
        check(f"the server was killed {kills} times, the ingest ended by itself, sealed", kills >= times // 2 and done.code == 0 and done.root == Undisturbed.root, done)
        check("its blocks and segments are those of the undisturbed run", objects(server.store) == Undisturbed.objects, Undisturbed.objects.keys() ^ objects(server.store).keys())
        check("there is one seal and one snapshot", seals(server.store) == {"rescue-domain": [1]} and len(list(server.store.glob("snapshots/*"))) == 1, seals(server.store))
        verified(Machine("killed-reader", server, "read"), "all data verifies")


def client_is_killed():
    with Server("abandoned") as server:
        machine = Machine("abandons", server, "intake", conf=SLOW)
        for moment in range(3):
            run = machine.begin(source) if moment == 0 else machine.begin_resume()
            machine.wait_until_begun(run)
            time.sleep(chance.uniform(0.5, 1.5))
            run.kill()
        check("a client was killed three times, and nothing is sealed", seals(server.store) == {}, seals(server.store))
        start = time.monotonic()
        (machine.root / "etc/asl/asl.conf").unlink()  # the bound on its bandwidth
        done = machine.resume()
        seconds = time.monotonic() - start
        check(f"resume goes on at once ({seconds:.1f} s; a lease lasts 120) and seals the same root", done.code == 0 and done.root == Undisturbed.root and seconds < 60, done)
        check("its blocks and segments are those of the undisturbed run", objects(server.store) == Undisturbed.objects, Undisturbed.objects.keys() ^ objects(server.store).keys())
        verified(Machine("abandoned-reader", server, "read"), "all data verifies")


def a_fleet(clients=8):
    folders = [SCRATCH / f"fleet-{index}" for index in range(clients)]
    common = [random.Random(900 + part).randbytes(3_000_000) for part in range(4)]
    for index, folder in enumerate(folders):
        folder.mkdir()
        for part, content in enumerate(common):
            if part != index % len(common):
                (folder / f"common-{part}").write_bytes(content)
        (folder / "own").write_bytes(random.Random(1000 + index).randbytes(2_000_000))
        shutil.copytree(source / "copied/share", folder / "share", symlinks=True)
    with Server("fleet") as server:
        machines = [Machine(f"fleet-{index}", server, "intake") for index in range(clients)]
        runs = [machine.begin(folder) for machine, folder in zip(machines, folders)]
        ends = [run.end() for run in runs]
        check(f"{clients} clients at once: all seal", all(end.code == 0 and end.root for end in ends), [end for end in ends if end.code])
        check("the seals have no gap", seals(server.store) == {"rescue-domain": list(range(1, clients + 1))}, seals(server.store))
        names = collections.Counter(path.name for kind in ("blocks", "segments") for path in (server.store / kind).rglob("*") if path.is_file())
        misplaced = [path for path in server.store.glob("blocks/*/*") if path.parent.name != path.name[:2]]
        check(f"{len(names)} blocks and segments, none of them twice", max(names.values()) == 1 and not misplaced, misplaced)
        reader = Machine("fleet-reader", server, "read")
        verified(reader, "all data verifies")
        for index in chance.sample(range(clients), 2):
            back = reader.admin("restore", ends[index].snapshot, "--to", SCRATCH / "back")
            count, lines = compare(folders[index], SCRATCH / "back")
            check(f"the snapshot of client {index} restores: {count} entries compared, {len(lines)} differences", back.code == 0 and not lines, f"{back} {lines[:20]}")
            shutil.rmtree(SCRATCH / "back")
    for folder in folders:
        shutil.rmtree(folder)


def two_domains():
    image = SCRATCH / "disk.img"
    image.write_bytes(random.Random(77).randbytes(12_000_000) + bytes(4_000_000))
    with Server("domains", domain="site-a") as server:
        server.add_client("b-intake", "intake", "site-b")
        server.add_client("b-read", "read", "site-b")
        server.stop()
        server.start()
        takers = {site: Machine(site, server, token, conf=f'domain.id = "{site}"\n{HASTY}') for site, token in (("site-a", "intake"), ("site-b", "b-intake"))}
        ends = {site: machine.ingest(image, "--image") for site, machine in takers.items()}
        check("one image, two domains: both seal, the same root", all(end.code == 0 for end in ends.values()) and ends["site-a"].root == ends["site-b"].root, ends)
        check("their seals are disjoint", seals(server.store) == {"site-a": [1], "site-b": [1]} and ends["site-a"].snapshot != ends["site-b"].snapshot, seals(server.store))
        for own, other, token in (("site-a", "site-b", "read"), ("site-b", "site-a", "b-read")):
            reader = Machine(f"reads-{own}", server, token)
            listed = reader.admin("snapshots", "--json")
            check(f"who reads {own} sees its snapshot alone", listed.code == 0 and [item["snapshot"] for item in listed.json] == [ends[own].snapshot], listed)
            foreign = ends[other].snapshot
            asked = {"show": [], "ls": ["/"], "restore": ["--to", SCRATCH / "never"], "export": ["--raw"]}
            for verb, more in asked.items():
                refused = reader.admin(verb, foreign, *more)
                check(f"{verb} of a snapshot of {other} is refused", refused.code == 6 and "ASL8003" in refused.output and not (SCRATCH / "never").exists(), refused)
            deadline = time.monotonic() + 30
            while server.log().count(f"403 GET /v1/objects/snapshots/{foreign}") < len(asked) and time.monotonic() < deadline:
                time.sleep(0.1)  # A line is written behind its answer.
            check("the server's log has each refusal", server.log().count(f"403 GET /v1/objects/snapshots/{foreign}") >= len(asked), server.log())
            verified(reader, f"who reads {own} verifies all of it")
        crossed = Machine("crossed", server, "b-intake", conf=f'domain.id = "site-a"\n{HASTY}').ingest(image, "--image")
        check("who stores for site-b cannot store for site-a", crossed.code == 6 and "ASL8003" in crossed.output and "domain.id is site-a" in crossed.output, crossed)
        check("and there is no further seal", seals(server.store) == {"site-a": [1], "site-b": [1]}, seals(server.store))


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True, check=True).stdout


def peer(server, key, token):
    """How federation.conf lists it."""
    return f'[[peers]]\nid = "paris"\nendpoint = "{server.url}"\npin = "{server.pin}"\ntoken = "{token}"\nrole = "read"\ntrust = true\nkeys = ["{base64.b64encode(key).decode()}"]\n'


def federation():
    """Two domains, each with its server: what one sealed and signed is copied to the other, by the words of federation.conf."""
    small = SCRATCH / "small-tree"
    small.mkdir()
    seeded = random.Random(55)
    for number in range(150):
        (small / f"file-{number}").write_bytes(seeded.randbytes(seeded.randrange(1, 10_000)))
    listed = SCRATCH / "federation.conf"
    with Server("paris", domain="paris") as paris:
        taker = Machine("paris", paris, "intake", conf='domain.id = "paris"\ndomain.key = "/etc/asl/domain.pem"\n')
        key = signing_key(taker.root / "etc/asl/domain.pem")
        ends = [taker.ingest(small)]
        (small / "later").write_bytes(seeded.randbytes(10_000_000))
        ends.append(taker.ingest(small))
        check("a domain with a key seals two snapshots, and both are signed",
              all(end.code == 0 for end in ends) and sorted(path.name for path in paris.store.glob("signatures/*")) == sorted(end.snapshot for end in ends), ends)

        listed.write_text(peer(paris, key, "/none"))
        with Server("berlin", domain="berlin", options=["--federation", listed]) as berlin:
            admin = Machine("berlin", berlin, "admin", conf='domain.id = "berlin"\n')
            token = admin.root / "etc/asl/paris.token"
            token.write_text(paris.token("read").read_text())
            token.chmod(0o600)
            (admin.root / "etc/asl/federation.conf").write_text(peer(paris, key, "/etc/asl/paris.token"))
            slow = Machine("berlin-slow", conf='domain.id = "berlin"\nremote.bandwidth = "256KiB"\n')
            for name in ("paris.token", "federation.conf"):
                shutil.copy(admin.root / "etc/asl" / name, slow.root / "etc/asl")
            seen = admin.admin("peers")
            check("peers: reachable, trusted, two behind", seen.code == 0 and "trusted, 1 key" in seen.output and "2 of 2 seals behind" in seen.output, seen)

            access = ["--pin", berlin.pin, "--token-file", berlin.token("admin")]
            copying = Running([PROGRAMS / "asl-admin", "replicate", "--from", "paris", "--to", berlin.url, *access, "--root", slow.root], slow.root / "output")
            while copying.poll() is None and not seals(berlin.store):
                time.sleep(0.01)
            is_killed = copying.poll() is None  # Of the second snapshot there are 10 MB to come, at 256 KiB/s.
            copying.kill()
            check("a copy that is killed in the middle has sealed what it had copied whole", is_killed and seals(berlin.store) == {"paris": [1]}, (is_killed, seals(berlin.store)))
            copied = admin.run("asl-admin", "replicate", "--from", "paris", "--to", berlin.url, *access)
            check("the same command goes on with the other", copied.code == 0 and "paris: 1 snapshot," in copied.output, copied)
            check("blocks and segments are the same on both sides", objects(berlin.store) == objects(paris.store), objects(berlin.store).keys() ^ objects(paris.store).keys())
            again = admin.run("asl-admin", "replicate", "--from", "paris", "--to", berlin.url, "--json", *access)
            check("once more copies nothing", again.code == 0 and again.json[0]["objects"] == 0, again)
            seen = admin.admin("peers", "--json")
            check("peers: none behind", seen.code == 0 and (seen.json[0]["theirs"], seen.json[0]["ours"], seen.json[0]["reachable"]) == (2, 2, True), seen)
            verified(admin, "all of it verifies at the other")
            back = admin.admin("restore", ends[1].snapshot, "--to", SCRATCH / "back")
            count, lines = compare(small, SCRATCH / "back")
            check(f"and restores: {count} entries compared, {len(lines)} differences", back.code == 0 and not lines and count > 100, f"{back} {lines[:20]}")
            shutil.rmtree(SCRATCH / "back")

            careless = Machine("careless", paris, "intake", conf='domain.id = "paris"\n')
            (small / "unsigned").write_text("unsigned\n")
            unsigned = careless.ingest(small)
            refused = admin.run("asl-admin", "replicate", "--from", "paris", "--to", berlin.url, *access)
            check("a snapshot that nobody signed is refused with the reason", unsigned.code == 0 and refused.code == 6 and "ASL8007" in refused.output and unsigned.snapshot[:8] in refused.output, refused)
            check("and the seals are those of before", seals(berlin.store) == {"paris": [1, 2]}, seals(berlin.store))

        other = signing_key(SCRATCH / "other.pem")
        doubter = Machine("doubter", conf='domain.id = "rome"\n')
        shutil.copy(token, doubter.root / "etc/asl/paris.token")
        (doubter.root / "etc/asl/federation.conf").write_text(peer(paris, other, "/etc/asl/paris.token"))
        doubter.run("asl-admin", "init", "--store", SCRATCH / "rome")
        refused = doubter.run("asl-admin", "replicate", "--from", "paris", "--to", SCRATCH / "rome")
        check("a signature of a key that is not listed is refused with the reason", refused.code == 6 and "ASL8007" in refused.output and seals(SCRATCH / "rome") == {}, refused)
        paris.stop()
        seen = admin.run("asl-admin", "peers")
        check("peers: one that is down is told, exit code 3", seen.code == 3 and "refused" in seen.output, seen)
    shutil.rmtree(small)


def client_certificates():
    """Known by a certificate, and by no token."""
    small, folder = SCRATCH / "small-tree", SCRATCH / "certificates"
    small.mkdir()
    folder.mkdir()
    (small / "file").write_bytes(random.Random(56).randbytes(100_000))
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for authority in ("ca", "other-ca"):
        openssl("req", "-x509", *curve, "-days", "30", "-subj", f"/CN={authority}", "-keyout", folder / f"{authority}.key", "-out", folder / f"{authority}.pem")
    for name, authority in (("known", "ca"), ("foreign", "other-ca")):
        openssl("req", *curve, "-subj", "/CN=intake", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{authority}.pem", "-CAkey", folder / f"{authority}.key", "-CAcreateserial", "-days", "20",
                "-out", folder / f"{name}.pem")
    with Server("mutual", options=["--client-ca", folder / "ca.pem"]) as server:
        for name, keys, code, reason in (("known", True, 0, "sealed"), ("foreign", True, 6, "ASL8002"), ("known", False, 6, "a certificate needs its key")):
            machine = Machine(f"mutual-{name}-{keys}", server, conf='remote.certificate = "/etc/asl/client.pem"\n' + ('remote.key = "/etc/asl/client.key"\n' if keys else "") + HASTY)
            shutil.copy(folder / f"{name}.pem", machine.root / "etc/asl/client.pem")
            shutil.copy(folder / f"{name}.key", machine.root / "etc/asl/client.key")
            (machine.root / "etc/asl/client.key").chmod(0o600)
            done = machine.run("asl-intake", "ingest", small, "--store", server.url, "--pin", server.pin)
            check(f"a certificate that is {name}, {'with' if keys else 'without'} its key: {reason}", done.code == code and reason in done.output, done)
        check("one run is sealed, of the client that the certificate names", seals(server.store) == {"rescue-domain": [1]} and "seals/0000000001 from intake," in server.log(), server.log())
    shutil.rmtree(small)


def graceful_end():
    with Server("stopped") as server:
        machine = Machine("stops", server, "intake", conf='remote.bandwidth = "3MiB"\n')
        run = machine.begin(source)
        stops = []
        machine.wait_until_begun(run)
        for _ in range(3):
            time.sleep(chance.uniform(0.2, 1.0))
            if run.poll() is not None:
                break
            start = time.monotonic()
            code = server.stop()
            stops.append((code, round(time.monotonic() - start, 1), digests(server.store)))
            time.sleep(chance.uniform(0, 0.5))
            server.start()
        done = run.end()
        check(f"asked to end during an upload, the server ends with 0, within {max((stop[1] for stop in stops), default=0)} s", stops and all(stop[0] == 0 for stop in stops), [stop[:2] for stop in stops])
        after = digests(server.store)
        check("what was there is there, byte for byte", all(after.get(name) == digest for stop in stops for name, digest in stop[2].items()))
        check("the client went on by itself: sealed, the same root, the same objects", done.code == 0 and done.root == Undisturbed.root and objects(server.store) == Undisturbed.objects, done)
        verified(Machine("stopped-reader", server, "read"), "all data verifies")


def full_disk():
    if os.geteuid() != 0:
        check("a full disk below the server needs root: skipped", os.environ.get("CI") != "true")
        return
    mount = SCRATCH / "small-disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", mount], check=True)
    try:
        with Server("full", store=mount / "store") as server:
            machine = Machine("fills", server, "intake", conf=HASTY)
            start = time.monotonic()
            full = machine.ingest(source)
            check(f"a disk that is full below the server leads to an operator who is waited for ({time.monotonic() - start:.0f} s)", full.code == 13, full)
            check("the reason and the command that goes on are said", "No space left on device" in full.output and "asl-intake resume" in full.output, full)
            reader = Machine("full-reader", server, "admin")
            looked = reader.admin("verify", "--data")
            check("nothing is damaged, nothing half stored, nothing sealed", looked.code == 0 and "no damage" in looked.output and seals(server.store) == {}, looked)
            subprocess.run(["mount", "-o", "remount,size=400m", mount], check=True)
            done = machine.resume()
            check("with room made, resume seals the same root", done.code == 0 and done.root == Undisturbed.root, done)
            verified(reader, "all data verifies")
    finally:
        subprocess.run(["umount", mount], check=True)


def digests(store):
    return {str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in store.rglob("*") if path.is_file() and path.relative_to(store).parts[0] in ("blocks", "segments", "snapshots", "logs")}


def verified(machine, what):
    found = machine.admin("verify", "--data")
    check(what, found.code == 0 and "no damage" in found.output, found)


def main():
    print(f"seed {SEED}")
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    set_up(PROGRAMS, SERVER, SCRATCH, RULES)
    make_source(source, 60_000_000, copied=35_000_000)
    time.sleep(3)  # What was written just before it is read is not believed to be unchanged later.
    for scenario in (same_as_a_directory, who_is_refused, by_decision, server_is_killed, client_is_killed, a_fleet, two_domains, federation, client_certificates, graceful_end, full_disk):
        start = time.monotonic()
        print(f"-- {scenario.__name__}", flush=True)
        scenario()
        print(f"   {time.monotonic() - start:.0f} s", flush=True)
    if not failures:
        shutil.rmtree(SCRATCH, ignore_errors=True)
    print("remote: " + ("all as it should be" if not failures else f"{len(failures)} FAILED"))
    return 1 if failures else 0


sys.exit(main())
