#!/usr/bin/env python3
"""Preflight in network namespaces: every layer of the network broken for real, and a TLS server with every kind of bad certificate.

usage: real_network.py PROGRAMS SCRATCH RULES     (PROGRAMS: a folder with asl-admin; RULES: the folder rules/)
Needs root, ip and openssl. Without them it fails where CI=true, and is skipped elsewhere.
"""
import concurrent.futures
import datetime
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

PROGRAMS, SCRATCH, RULES = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
SERVER = pathlib.Path(__file__).with_name("endpoint_server.py")
NAME, HERE, THERE = "asl.example", "192.0.2.2", "192.0.2.1"
PAGE = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Please log in</html>"
LATE = "it took"


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


# --- certificates, by openssl

def certificates(folder):
    folder.mkdir(parents=True)
    for authority in ("authority", "stranger"):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={authority}",
            "-keyout", f"{authority}.key", "-out", f"{authority}.pem", cwd=folder)
    day = datetime.datetime.now(datetime.timezone.utc)
    at = lambda days: (day + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")
    issue(folder, "good", NAME, "authority", at(-2), at(20))
    issue(folder, "expired", NAME, "authority", at(-20), at(-1))
    issue(folder, "early", NAME, "authority", at(2), at(20))
    issue(folder, "elsewhere", "elsewhere.example", "authority", at(-2), at(20))
    issue(folder, "stranger-signed", NAME, "stranger", at(-2), at(20))
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "20", "-subj", f"/CN={NAME}",
        "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", "self.key", "-out", "self.pem", cwd=folder)
    (folder / "self-chain.pem").write_text((folder / "self.key").read_text() + (folder / "self.pem").read_text())
    return run("openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", folder / "good.pem").strip().split("=")[1]


def issue(folder, name, host, authority, start, end):
    (folder / f"{name}.cnf").write_text(
        f"[ca]\ndefault_ca = d\n[d]\ndatabase = {name}.index\nnew_certs_dir = .\ncertificate = {authority}.pem\nprivate_key = {authority}.key\n"
        f"default_md = sha256\npolicy = p\nx509_extensions = x\nunique_subject = no\nrand_serial = yes\n[p]\ncommonName = supplied\n"
        f"[x]\nsubjectAltName = DNS:{host}\nbasicConstraints = CA:false\n")
    (folder / f"{name}.index").touch()
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}",
        "-keyout", f"{name}.key", "-out", f"{name}.csr", cwd=folder)
    run("openssl", "ca", "-batch", "-notext", "-config", f"{name}.cnf", "-in", f"{name}.csr", "-out", f"{name}.pem",
        "-startdate", start, "-enddate", end, cwd=folder)
    (folder / f"{name}-chain.pem").write_text((folder / f"{name}.key").read_text() + (folder / f"{name}.pem").read_text())


# --- cases: what the network is like, what preflight must say, in how many seconds at most

def cases(folder, fingerprint):
    dns = {"dns": THERE}
    tls = lambda chain, **more: {**dns, "chain": str(folder / f"{chain}-chain.pem"), "answer": "HTTP/1.1 404 Not Found\r\n\r\n", **more}
    bad = lambda chain, value, says, conf="": dict(
        server=tls(chain), conf=conf, facts={"net.tcp": "yes", "net.tls": value, "remote.answer": "bad-tls", "mode": "wait"}, says=("net.tls", says))
    http = lambda answer, value: dict(server=tls("good", answer=answer), facts={"net.tls": "valid", "net.http": value, "remote.answer": "wrong-answer"})
    silent = {**dns, "chain": str(folder / "good-chain.pem")}
    return {
        "no link": dict(link="absent", facts={"net.link": "no", "remote.answer": "no-link", "mode": "wait"}, network=4),
        "no carrier": dict(link="down", facts={"net.link": "no", "remote.answer": "no-link"}, network=4),
        "no address": dict(link="bare", facts={"net.link": "yes", "net.address": "no", "remote.answer": "no-address"}, network=20),
        "no route": dict(link="no route", facts={"net.address": "yes", "net.route": "no", "remote.answer": "no-route"}),
        "no such name": dict(server={"dns": "nxdomain"}, facts={"net.route": "yes", "net.dns": "no", "remote.answer": "no-dns"}),
        "a silent name server": dict(server={"dns": "silent"}, facts={"net.dns": "unknown", "remote.answer": "unknown"}),
        "no name server": dict(server={}, facts={"net.dns": "unknown", "remote.answer": "unknown"}),
        "a connection refused": dict(server={**dns, "refuse": True}, facts={"net.dns": "yes", "net.tcp": "no", "remote.answer": "no-tcp"}),
        "packets dropped": dict(link="dropping", server=dns, endpoint=f"https://{THERE}", facts={"net.tcp": "unknown", "remote.answer": "unknown"}),
        "an expired certificate": bad("expired", "expired", "the certificate ended"),
        "a certificate of the future": bad("early", "not-yet-valid", "set the clock"),
        "another name": bad("elsewhere", "wrong-name", f"is for elsewhere.example, not for {NAME}"),
        "a self-signed certificate": bad("self", "untrusted", "signed by itself"),
        "an unknown authority": bad("stranger-signed", "untrusted", "is not signed by the certificates in"),
        "without remote.ca": dict(bad("good", "untrusted", "any authority this system trusts"), ca=None),
        "another pin": bad("good", "wrong-pin", fingerprint.replace(":", "").lower(), f'remote.pin = "{"00" * 32}"\n'),
        "a portal under its own name": dict(
            server=tls("elsewhere", answer="HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/login\r\n\r\n"),
            facts={"net.tls": "wrong-name", "remote.answer": "bad-tls"}),
        "a portal that speaks no TLS": dict(server={**dns, "answer": PAGE}, facts={"net.tls": "failed", "remote.answer": "bad-tls"}),
        "a portal that redirects": http("HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/login\r\n\r\n", "redirects"),
        "a portal that shows a page": http(PAGE, "garbage"),
        "an endpoint that is busy": http("HTTP/1.1 503 Service Unavailable\r\n\r\n", "error"),
        "another protocol behind TLS": http("220 mail ready\r\n", "garbage"),
        "silence before TLS": dict(server=dns, facts={"net.tcp": "yes", "net.tls": "unknown", "remote.answer": "unknown"}),
        "silence after TLS": dict(server=silent, facts={"net.tls": "valid", "net.http": "unknown", "remote.answer": "unknown"}),
        "an endpoint that answers": dict(server=tls("good"), facts={"net.http": "answers", "remote.answer": "answers", "mode": "remote"}),
        "the pin that openssl prints": dict(
            server=tls("good"), conf=f'remote.pin = "{fingerprint}"\n', facts={"net.tls": "valid", "remote.answer": "answers"}),
        "an endpoint behind a proxy": dict(
            server=tls("good", proxy=True, dns="nxdomain"), conf=f'remote.proxy = "http://{THERE}:3128"\n',
            facts={"net.tcp": "yes", "net.tls": "valid", "remote.answer": "answers"}),
    }


# --- one case: a namespace for the machine, one for the other side

def play(number, name, case, folder):
    machine, other = f"asl-m{number}-{os.getpid()}", f"asl-o{number}-{os.getpid()}"
    resolver = pathlib.Path("/etc/netns") / machine
    server = None
    try:
        network(machine, other, case.get("link", "whole"))
        resolver.mkdir(parents=True)
        (resolver / "resolv.conf").write_text(f"nameserver {THERE}\n")
        if "server" in case:
            server = subprocess.Popen(
                ["ip", "netns", "exec", other, sys.executable, SERVER, json.dumps(case["server"])], stdout=subprocess.PIPE, text=True)
            if server.stdout.readline() != "ready\n":
                raise RuntimeError("the server did not come up")
        return judge(name, case, *preflight(machine, number, case, folder))
    finally:
        if server is not None:
            server.kill()
            server.wait()
        shutil.rmtree(resolver, ignore_errors=True)
        for namespace in (machine, other):
            subprocess.run(["ip", "netns", "delete", namespace], check=False, capture_output=True)


def network(machine, other, link):
    for namespace in (machine, other):
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
    if link == "absent":
        return
    run("ip", "link", "add", "eth0", "netns", machine, "type", "veth", "peer", "name", "eth0", "netns", other)
    run("ip", "-n", machine, "link", "set", "eth0", "up")
    if link == "down":
        return
    run("ip", "-n", other, "address", "add", f"{THERE}/24", "dev", "eth0")
    run("ip", "-n", other, "link", "set", "eth0", "up")
    if link == "bare":
        return
    run("ip", "-n", machine, "address", "add", f"{HERE}/24" if link != "no route" else "198.51.100.2/24", "dev", "eth0")
    if link != "no route":
        run("ip", "-n", machine, "route", "add", "default", "via", THERE)
    if link == "dropping":
        run("ip", "-n", other, "route", "add", "blackhole", f"{HERE}/32")


def preflight(machine, number, case, folder):
    root = SCRATCH / f"root-{number}"
    for place in ("etc/asl", "var/lib/asl", "mnt/asl/local"):
        (root / place).mkdir(parents=True)
    shutil.copy(folder / "authority.pem", root / "etc/asl/ca.pem")
    ca = "" if "ca" in case else 'remote.ca = "/etc/asl/ca.pem"\n'
    (root / "etc/asl/asl.conf").write_text(f'remote.endpoint = "{case.get("endpoint", f"https://{NAME}")}"\n{ca}{case.get("conf", "")}')
    began = time.monotonic()
    done = subprocess.run(
        ["ip", "netns", "exec", machine, PROGRAMS / "asl-admin", "preflight", "--report", "--json", "--root", root,
         "--rules", RULES / "preflight.toml"], capture_output=True, text=True, timeout=60)
    return time.monotonic() - began, done


def judge(name, case, took, done):
    try:
        record = json.loads(done.stdout)
    except ValueError:
        return name, took, [f"no record: {done.stderr or done.stdout}"]
    facts = {fact["id"]: fact for fact in record["facts"]}
    values = {**{key: fact["value"] for key, fact in facts.items()}, "mode": record["decision"]["mode"]}
    problems = [f"{key} is {values[key]}, not {value}: {facts.get(key, {}).get('says')}"
                for key, value in case["facts"].items() if values[key] != value]
    if "says" in case and case["says"][1] not in facts[case["says"][0]]["says"]:
        problems.append(f"it says: {facts[case['says'][0]]['says']}")
    problems += [f"{key} is unknown without a cause" for key, fact in facts.items() if fact["value"] == "unknown" and not fact["says"]]
    if took > 30:
        problems.append(f"{LATE} {took:.1f} s, more than 30 s")
    looked = next(probe["milliseconds"] for probe in record["probes"] if probe["name"] == "network") / 1000
    if looked > case.get("network", 30):
        problems.append(f"{LATE} {looked:.1f} s of looking at the network, more than {case.get('network', 30)} s")
    return name, took, problems


def missing():
    tools = [tool for tool in ("ip", "openssl") if shutil.which(tool) is None]
    return f"not installed: {', '.join(tools)}" if tools else "needs root" if os.geteuid() != 0 else None


def main():
    if reason := missing():
        print(f"skipped: {reason}")
        return 1 if os.environ.get("CI") == "true" else 0
    fingerprint = certificates(SCRATCH / "certificates")
    plan = cases(SCRATCH / "certificates", fingerprint)
    numbers = itertools.count()
    perform = lambda name: play(next(numbers), name, plan[name], SCRATCH / "certificates")
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        results = list(pool.map(perform, plan))
    # Most of the time is waiting. What was late in such company is tried once more, alone: whoever waits too long does so again.
    results = [perform(name) if problems and all(problem.startswith(LATE) for problem in problems) else (name, took, problems) for name, took, problems in results]
    for name, took, problems in results:
        print(f"{'FAILED ' if problems else 'ok     '} {took:5.1f} s  {name}" + "".join(f"\n        {problem}" for problem in problems))
    broken = [name for name, _, problems in results if problems]
    print(f"{len(results) - len(broken)} of {len(results)} networks are judged right")
    return 1 if broken else 0


sys.exit(main())
