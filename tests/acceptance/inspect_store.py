#!/usr/bin/env python3
"""asl-debug as published, on a store of real size: whole, damaged on purpose, and mutated at random. It must find each damage, go on behind it, change
nothing, and need little memory.

usage: inspect_store.py PROGRAMS SCRATCH RULES [MUTATIONS]     (PROGRAMS: a folder with asl-intake, asl-admin and asl-debug)
"""
import json
import os
import random
import shutil
import subprocess
import sys

PROGRAMS, SCRATCH, RULES = sys.argv[1], os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3])
MUTATIONS = int(sys.argv[4]) if len(sys.argv) > 4 else 300
SEED = random.randrange(1 << 32)
PEAK_KIB_MAX = 320 * 1024  # A block file of up to 64 MiB, its footer, a frame, and the runtime: 190 to 222 MiB, as the collector comes to it.
failures, peaks = [], [0]


def check(what, holds, found=""):
    print(("ok      " if holds else "FAILED  ") + what + ("" if holds else "\n" + str(found)), flush=True)
    if not holds:
        failures.append(what)


def at(*parts):
    return os.path.join(SCRATCH, *parts)


def run(program, *arguments):
    with open(at("stdout"), "w+b") as out, open(at("stderr"), "w+b") as err:
        child = subprocess.Popen([os.path.join(PROGRAMS, program), *arguments, "--root", at("root")], stdout=out, stderr=err, env={**os.environ, "ASL_RULES": RULES})
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        done = subprocess.CompletedProcess(arguments, child.returncode, out.read(), err.read())
    if program == "asl-debug":
        peaks.append(usage.ru_maxrss)
    done.out, done.err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    return done


def debug(*arguments, store="store"):
    return run("asl-debug", *arguments, *(["--store", at(store)] if store else []))


def objects(store="store"):
    return sorted(os.path.relpath(os.path.join(folder, name), at(store)) for folder, _, names in os.walk(at(store)) for name in names)


def digest_of_all(store="store"):
    return subprocess.run(f"cd '{at(store)}' && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum", shell=True, check=True, capture_output=True).stdout


def make():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    os.makedirs(at("source"))
    os.makedirs(at("root"))
    words = random.Random(5)
    for number in range(60):
        with open(at("source", f"text-{number}"), "w") as file:
            file.write(" ".join(words.choice(["segment", "block", "snapshot", "seal", "journal", "key"]) + str(words.randrange(1000)) for _ in range(60_000)))
        with open(at("source", f"noise-{number}"), "wb") as file:
            file.write(words.randbytes(400_000))
    for _ in range(2):
        done = run("asl-intake", "ingest", at("source"), "--store", at("store"))
        check("a store is made", done.returncode == 0, done.err)
        os.utime(at("source", "text-1"))
        open(at("source", "text-1"), "a").write("more")


def whole():
    before = digest_of_all()
    kinds = {"blocks": ("block", "--check"), "segments": ("segment",), "snapshots": ("snapshot",)}
    for path in objects():
        verb = kinds.get(path.split("/")[0])
        if verb:
            done = debug(verb[0], path, *verb[1:])
            check(f"{path[:30]} is whole", done.returncode == 0 and "no damage" in done.out, done.out[-500:] + done.err)
            parsed = debug(verb[0], os.path.basename(path)[:16], *verb[1:], "--json")
            check(f"{path[:30]} as JSON", parsed.returncode == 0 and json.loads(parsed.stdout)["damages"] == [], parsed.err)
    check("seals follow each other", "2 lines, 0 damaged" in debug("log", "seals").out)
    for log in json.loads(debug("log", "--json").stdout):
        lines = debug("log", log["log"], "--json")
        check(f"log {log['log']}", lines.returncode == 0 and all(line["why"] is None for line in json.loads(lines.stdout)), lines.out[-500:])
    check("nothing is left over", "nothing is left over" in debug("leftovers").out)
    made = debug("rebuild-index", "--to", at("made"))
    same = subprocess.run(["diff", "--recursive", at("store", "segments"), at("made", "segments")], capture_output=True, text=True)
    check("the index is made again elsewhere, byte for byte", made.returncode == 0 and same.returncode == 0, made.err + same.stdout)
    check("nothing was changed", digest_of_all() == before)


def damaged():
    """One byte in the middle of the largest block: exactly the artifacts of one frame are touched, and hex begins there."""
    path = max((path for path in objects() if path.startswith("blocks/")), key=lambda path: os.path.getsize(at("store", path)))
    shutil.copytree(at("store"), at("damaged"))
    middle = os.path.getsize(at("store", path)) // 2
    os.chmod(at("damaged", path), 0o600)
    with open(at("damaged", path), "r+b") as file:
        file.seek(middle)
        byte = file.read(1)[0]
        file.seek(middle)
        file.write(bytes([byte ^ 0x55]))
    shown = debug("block", path, "--check", "--json", store="damaged")
    frames = [frame for frame in json.loads(shown.stdout)["frames"] if frame["damages"]]
    check("one frame is damaged, and it holds the byte", shown.returncode == 5 and len(frames) == 1 and frames[0]["offset"] <= middle < frames[0]["offset"] + frames[0]["storedLength"], shown.out[:300])
    dump = json.loads(debug("hex", path, "--json", "--length", "16", store="damaged").stdout)
    check("hex begins at the damaged frame", dump["parts"][0]["at"] == frames[0]["offset"] and any("expected" in note for note in dump["parts"][0]["notes"]), dump)
    verify = run("asl-admin", "verify", "--data", "--store", at("damaged"))
    check("verify finds the same place", verify.returncode == 5 and f"offset {frames[0]['offset']}" in verify.err, verify.err)


def mutate(content, chance):
    for _ in range(chance.randrange(1, 4)):
        start, end = sorted((chance.randrange(len(content) + 1), chance.randrange(len(content) + 1)))
        end = min(end, start + chance.choice([1, 8, 64, 4096, 1 << 20]))
        content = chance.choice([
            lambda: content[:start] + chance.randbytes(end - start) + content[end:],
            lambda: content[:start] + content[end:],
            lambda: content[:end] + content[start:],
            lambda: content[:start] + chance.choice([b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f"]) + content[start:],
            lambda: content[:end],
        ])() or b"x"
    return content


def mutated():
    chance = random.Random(SEED)
    paths = objects()
    bad, found = [], 0
    for number in range(MUTATIONS):
        path = chance.choice(paths)
        content = open(at("store", path), "rb").read()
        changed = mutate(content, chance)
        copy = at("mutated", os.path.basename(path))
        os.makedirs(at("mutated"), exist_ok=True)
        with open(copy, "wb") as file:
            file.write(changed)
        for verb in (["block", "--check"], ["segment"], ["snapshot"], ["log"], ["hex", "--length", "4096"]):
            done = debug(verb[0], copy, *verb[1:], store=None)
            if done.returncode not in (0, 5) or "Unhandled" in done.err:
                bad.append((number, path, verb, done.returncode, done.err[-400:]))
            is_shorter_log = verb[0] == "log" and changed.endswith(b"\n") and content.startswith(changed)  # Cut between two lines: a log of fewer.
            if path.split("/")[0][:-1] == verb[0] and changed != content and not is_shorter_log:
                found += 1
                if done.returncode != 5:
                    bad.append((number, path, verb, "no damage reported"))
        os.remove(copy)
    check(f"{MUTATIONS} mutated objects through every view, seed {SEED}; {found} of their own kind, each reported", not bad, bad[:5])
    peak = max(peaks)
    check(f"at most {PEAK_KIB_MAX // 1024} MiB were needed: {peak // 1024} MiB", peak <= PEAK_KIB_MAX)


make()
whole()
damaged()
mutated()
print(f"FAILED: {', '.join(failures)}" if failures else 'all as it should be')
sys.exit(1 if failures else 0)
