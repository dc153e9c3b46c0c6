#!/usr/bin/env python3
"""libasl.so as it is published: C programs and Python read what the published asl-intake stored, byte for byte, from a directory and over TLS.

usage: libasl.py PROGRAMS SERVER SCRATCH RULES     (PROGRAMS: asl-intake, its links, libasl.so and asl.h; SERVER: asl-backend; RULES: the folder rules/)
Needs gcc, g++, binutils, strace and valgrind. One that is missing fails where CI=true, and its part is skipped elsewhere.
"""
import concurrent.futures
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

from remoteparts import Machine, Server, check, failures, make_source, set_up

PROGRAMS, SERVER, SCRATCH, RULES = (pathlib.Path(argument).absolute() for argument in sys.argv[1:5])
HERE = pathlib.Path(__file__).absolute().parent
EXAMPLES = HERE.parents[1] / "src/LibAsl/examples"
LIBRARY, HEADER = PROGRAMS / "libasl.so", PROGRAMS / "asl.h"
os.environ["ASL_LIBRARY"] = str(LIBRARY)
sys.dont_write_bytecode = True  # the examples are shipped as they lie there
sys.path.insert(0, str(EXAMPLES))
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as in other programs: Python ignores it, and would not notice one
import asl_store  # noqa: E402  (the library that it loads is named above)

source, store, programs = SCRATCH / "source", SCRATCH / "store", SCRATCH / "bin"

# A job in the background of a script is born deaf to SIGINT, and what it starts with it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def has(tool):
    found = shutil.which(tool) is not None
    if not found:
        print(f"skipped: {tool} is missing")
        if os.environ.get("CI") == "true":
            failures.append(f"{tool} is missing")
    return found


def run(*command, timeout=300, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL, **more)


def tried(what, *command, says=None, **more):
    """A test program that must end with 0, and print something like `says`."""
    done = run(*command, **more)
    text = (done.stdout + done.stderr).decode(errors="replace")
    shown = text.strip().splitlines()[-1:] or [""]
    check(f"{what}: {shown[0]}", done.returncode == 0 and (says is None or re.search(says, text)), text)
    return text


def symbols():
    """What the file gives to programs, and what it needs."""
    declared = set(re.findall(r"^\w+ (asl_\w+)\(", HEADER.read_text(), re.M))
    lines = [line.split() for line in run("nm", "--dynamic", "--defined-only", LIBRARY).stdout.decode().splitlines()]
    functions = {name.split("@")[0] for _, kind, name in lines if kind == "T"}
    check(f"it exports the {len(declared)} functions of asl.h and nothing else", functions == declared and len(declared) > 25, functions ^ declared)
    check("beside them only the name of their version", [(kind, name) for _, kind, name in lines if kind != "T"] == [("A", "ASL_1")], lines)
    dynamic = run("readelf", "--dynamic", "--wide", LIBRARY).stdout.decode()
    check("it is called libasl.so", "[libasl.so]" in dynamic, dynamic)
    check("it stays when it is unloaded, and is bound when it is loaded", "NODELETE" in dynamic and "NOW" in dynamic, dynamic)
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
    check("it needs the C library alone", needed <= {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}, needed)
    versions = [tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([0-9.]+)", run("objdump", "--dynamic-syms", LIBRARY).stdout.decode())]
    check(f"a glibc of 2.34 or newer is enough ({'.'.join(map(str, max(versions)))})", max(versions) <= (2, 34), max(versions))


def build():
    """Programs in C as somebody would write them, against the header and the library that are published."""
    programs.mkdir()
    # As it is installed: without the debug symbols beside it, which valgrind 3.19 gives up on.
    installed = SCRATCH / "installed"
    installed.mkdir()
    shutil.copy2(LIBRARY, installed)
    common = ["-I", PROGRAMS, "-L", installed, "-lasl", f"-Wl,-rpath,{installed}"]
    done = run("gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", "-o", programs / "browse", EXAMPLES / "browse.c", *common)
    check("the example compiles as C99 without a warning", done.returncode == 0, done.stderr.decode())
    for name in ("compare", "threads", "host", *(("cycles",) if has("valgrind") else ())):
        for output, more in ((name, ()), *(((f"{name}-forgetful", ("-DFORGETFUL",)),) if name == "cycles" else ())):
            done = run("gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-pthread", *more, "-o", programs / output, HERE / "libasl" / f"{name}.c", *common)
            check(f"{output} compiles", done.returncode == 0, done.stderr.decode())
    (SCRATCH / "use.cpp").write_text("#include <asl.h>\nint main() { return asl_abi_version() == ASL_ABI_VERSION ? 0 : 1; }\n")
    done = run("g++", "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", programs / "use", SCRATCH / "use.cpp", *common)
    check("C++ can use it, too", done.returncode == 0 and run(programs / "use").returncode == 0, done.stderr.decode())


def ingest():
    make_source(source, 20_000_000, copied=8_000_000)
    ingest.attributes = has_attributes()
    if os.geteuid() == 0:
        os.mknod(source / "device", 0o600 | 0o020000, os.makedev(1, 3))
    ingest.machine = Machine("by-hand")
    done = ingest.machine.ingest(source, "--case", "a case", "--note", "ä note", store=store)
    check("the published asl-intake takes the source in", done.code == 0, done)
    ingest.root, ingest.id = done.root, done.snapshot


def has_attributes():
    """Not every file system knows any."""
    try:
        os.setxattr(source / "hard-0", "user.note", bytes(range(256)))
        os.setxattr(source, "user.top", b"")
        return True
    except OSError as error:
        print(f"skipped: attributes: {error}")
        return False


def browse(*arguments, location=None, **environment):
    return run(programs / "browse", location or store, *arguments, env={**os.environ, **environment})


def c_programs():
    tried("entry for entry, byte for byte (C)", programs / "compare", store, "latest", 0, source,
          says=r"[1-9]\d{2,} entries, \d{8,} bytes, [1-9]\d* holes, 3 hard links, " + ("[2-9]" if ingest.attributes else "0") + " attributes")
    listed = browse().stdout.decode()
    check("the example lists the snapshot", listed.startswith(f"{ingest.id}  rescue-domain  ") and listed.count("\n") == 1, listed)
    tree = browse("latest").stdout.decode().splitlines()
    check(f"and its {len(tree) - 1} entries, as many as asl-admin counts", len(tree) == counts(ingest.id)["entries"], (len(tree), counts(ingest.id)))
    check("and writes a file", browse("latest", "0", "random-3").stdout == (source / "random-3").read_bytes())
    missing = browse("latest", "0", "random-33")
    check("a path that is not there ends it with asl-admin's exit code and words", missing.returncode == 6 and b"ASL2008: the snapshot has no 'random-33'" in missing.stderr, missing)
    check("so does a store that is not there", browse(location="/nowhere").returncode == 6)


def counts(name):
    return ingest.machine.run("asl-admin", "show", name, "--store", store, "--json").json["counts"]


def python():
    with asl_store.Store(store) as opened:
        (info,) = opened.snapshots()
        check("Python lists it: id, root, domain, counts", info.id.decode() == ingest.id and info.root.decode() == ingest.root and info.domain == b"rescue-domain"
              and info.files == counts(ingest.id)["files"] and info.source_bytes > 9 << 30, info.id)
        with opened.snapshot("latest") as snapshot:
            check("the source's path is told", snapshot.source_path(0) == os.fsencode(source))
            differing, files = [], []
            with snapshot.node() as root:
                for path, entry, node in asl_store.walk(root):
                    status = os.lstat(os.path.join(os.fsencode(source), path))
                    if (entry.mode, entry.user, entry.group, entry.modified_seconds * 10**9 + entry.modified_nanoseconds) != (status.st_mode & 0o7777, status.st_uid, status.st_gid, status.st_mtime_ns):
                        differing.append(path)
                    if entry.kind == 2 and node.target != os.readlink(os.path.join(os.fsencode(source), path)):
                        differing.append(path)
                    if entry.kind == 0 and entry.size < 1 << 30:
                        files.append(path)
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                differing += [path for path, same in zip(files, pool.map(lambda path: same_bytes(snapshot, path), files)) if not same]
            check(f"Python reads {len(files)} files on 8 threads: all as they are", not differing and len(files) > 500, differing[:5])
            with snapshot.node(b"hard-0") as node:
                check("attributes are raw bytes", node.attributes == ({b"user.note": bytes(range(256))} if ingest.attributes else {}), node.attributes)
            checked, findings = snapshot.verify(data=True)
            check(f"verified: {checked.blocks} blocks, {checked.data_bytes} bytes, {checked.entries} entries", checked.findings == 0 and checked.data_bytes > 15_000_000 and not findings)


def same_bytes(snapshot, path):
    with snapshot.node(path) as node, open(os.path.join(os.fsencode(source), path), "rb") as file:
        offset = 0
        while True:
            ours = node.read(offset, 77_777)
            if ours != file.read(len(ours) or 1):
                return False
            if not ours:
                return True
            offset += len(ours)


def damaged_image():
    """An image of which a mapfile says what could not be read: every other byte comes back, and none of these as zeros."""
    length, bad = 6_000_000 // 512 * 512, [(512 * 100, 512 * 3), (512 * 5000, 512), (512 * 9000, 512 * 200)]
    image, content = SCRATCH / "disk.img", bytearray(random.Random(8).randbytes(length))
    for start, count in bad:
        content[start:start + count] = bytes(count)
    content[3_000_000:3_500_000] = bytes(500_000)
    image.write_bytes(content)
    mapfile, position = ["0x0 +"], 0
    for start, count in [*bad, (length, 0)]:
        mapfile += [f"{position:#x} {start - position:#x} +"] + ([f"{start:#x} {count:#x} -"] if count else [])
        position = start + count
    (SCRATCH / "map").write_text("\n".join(mapfile) + "\n")
    done = ingest.machine.ingest(image, "--image", "--mapfile", SCRATCH / "map", store=store)
    check("a damaged image is taken in", done.code == 3, done)
    damaged_image.id = done.snapshot
    with asl_store.Store(store) as opened, opened.snapshot(done.snapshot) as snapshot, snapshot.node() as node:
        extents = list(node.extents())
        found = [(extent.offset, extent.length) for extent in extents if extent.kind == asl_store.BAD]
        check("the map has its bad ranges, no more and no less", found == bad and all(extent.error for extent in extents if extent.kind == asl_store.BAD), found)
        check("extents cover the image without a gap", [extent.offset for extent in extents] + [length] == [0] + [extent.offset + extent.length for extent in extents])
        read, position, refused = bytearray(length), 0, []
        while position < length:
            try:
                piece = node.read(position, 100_000)
                read[position:position + len(piece)] = piece
                position += len(piece)
            except asl_store.AslError as error:
                refused.append((error.info.offset, error.info.length, error.code, position))
                position = error.info.offset + error.info.length
        check("read in pieces, each bad range is an error of its own with offset and length", refused == [(start, count, 2012, start) for start, count in bad], refused)
        check("and every other byte is the disk's", all(read[low:high] == content[low:high] for low, high in zip([0] + [s + c for s, c in bad], [s for s, _ in bad] + [length])))
        export = ingest.machine.run("asl-admin", "export", done.snapshot, "--mapfile", SCRATCH / "exported", "--store", store)
        lines = [line.split() for line in (SCRATCH / "exported").read_text().splitlines() if not line.startswith("#")]
        exported = [(int(line[0], 16), int(line[1], 16)) for line in lines if len(line) == 3 and line[1].startswith("0x") and line[2] != "+"]
        check("asl-admin exports the same ranges", export.code == 3 and exported == bad, exported)
    good = b"".join(bytes(content[low:high]) for low, high in zip([0] + [s + c for s, c in bad], [s for s, _ in bad] + [length]))
    written = browse(done.snapshot, "0", "")
    check("the C example writes what is known, names what is not, and ends with 3", written.returncode == 3 and written.stdout == good and written.stderr.count(b"unknown:") == 3, written.stderr)


def trace():
    """A trace of another program's making is an artifact like any other: by its path, and by keys."""
    folder = SCRATCH / "traces"
    folder.mkdir()
    if not has("strace"):
        return
    run("strace", "--follow-forks", "--output", folder / "find.strace", "find", "/usr/share/doc", "-maxdepth", "2")
    traced = (folder / "find.strace").read_bytes()
    done = ingest.machine.ingest(folder, store=store)
    check(f"a trace by strace, {len(traced)} bytes, is taken in", done.code == 0 and len(traced) > 100_000, done)
    with asl_store.Store(store) as opened, opened.snapshot(done.snapshot) as snapshot, snapshot.node(b"find.strace") as node:
        check("it reads back by its path", node.read(0, len(traced) + 1) == traced)
        keys = [bytes(extent.key) for extent in node.extents()]
        parts = [snapshot.artifact(key) for key in keys]
        check(f"and by the keys of its {len(keys)} artifacts, each the SHA-256 of its bytes", len(keys) > 1 and b"".join(parts) == traced
              and all(hashlib.sha256(part).digest() == key for part, key in zip(parts, keys)))
        with opened.snapshot(ingest.id) as before:
            try:
                before.artifact(keys[0])
                check("a snapshot from before it does not reach it", False)
            except asl_store.AslError as error:
                check("a snapshot from before it does not reach it", error.code == 2005, error)


def damaged_store():
    harmed = SCRATCH / "harmed"
    shutil.copytree(store, harmed)
    block = max(harmed.glob("blocks/*/*"), key=lambda path: path.stat().st_size)
    content = bytearray(block.read_bytes())
    content[len(content) // 3] ^= 16
    block.unlink()
    block.write_bytes(content)
    with asl_store.Store(harmed) as opened, opened.snapshot(ingest.id) as snapshot:
        checked, findings = snapshot.verify(data=True)
        admin = ingest.machine.run("asl-admin", "verify", "--data", "--store", harmed)
        check("a flipped bit of a block is found, with block and offset, as asl-admin finds it", checked.findings == 1 and block.name in findings[0] and admin.code == 5
              and re.search(r"offset (\d+)", findings[0]).group(0) in admin.output, findings)
        broken, whole = 0, 0
        with snapshot.node() as root:
            for path, entry, node in asl_store.walk(root):
                if entry.kind == 0 and entry.size < 1 << 30:
                    try:
                        if not same_bytes(snapshot, path):
                            check(f"damage comes back as bytes of {path!r}", False)
                        whole += 1
                    except asl_store.AslError as error:
                        broken += error.code == 2041
        check(f"{broken} files give ASL2041, the other {whole} all of their bytes", broken >= 1 and whole > 500)


def over_tls():
    with Server("reading") as server:
        taken = Machine("sender", server, "intake").ingest(source)
        check("the server takes the same source in", taken.code == 0 and taken.root == ingest.root, taken)
        access = {"ASL_TOKEN_FILE": str(server.token("read")), "ASL_PIN": server.pin}
        env = {**os.environ, **access}
        tried("over TLS, entry for entry, byte for byte (C)", programs / "compare", server.url, "latest", 0, source, env=env, says=r"[1-9]\d{2,} entries")
        tried("threads over TLS", programs / "threads", server.url, "latest", "random-1", source / "random-1", env=env)
        check("the example reads a file from it", browse("latest", "0", "random-2", location=server.url, **access).stdout == (source / "random-2").read_bytes())
        for what, changed, code, reason in (
                ("no token", {"ASL_TOKEN_FILE": "/dev/null"}, 6, b"ASL8002"), ("a token file that others may read", {"ASL_TOKEN_FILE": str(loose(server))}, 6, b"others may read it"),
                ("a wrong pin", {"ASL_PIN": server.pin[::-1]}, 6, b"ASL8006"), ("a pin that is none", {"ASL_PIN": "12:34"}, 2, b"ASL9005")):
            refused = browse(location=server.url, **{**access, **changed})
            check(f"{what}: refused with the reason", refused.returncode == code and reason in refused.stderr, refused)
        if has("strace"):
            signals_of_sockets(server, env)
        outage(server)
        if has("valgrind"):
            cycles("over TLS", 100, env, server.url, "latest")
            memcheck("over TLS", 20, env, server.url, "latest")


def loose(server):
    path = SCRATCH / "loose"
    path.write_text(server.token("read").read_text())
    path.chmod(0o644)
    return path


def signals_of_sockets(server, env):
    run("strace", "--follow-forks", "--trace", "sendto,sendmsg,sendmmsg,write,writev", "--output", SCRATCH / "sent", programs / "browse", server.url, "latest", "0", "random-1", env=env)
    sent = [line for line in (SCRATCH / "sent").read_text().splitlines() if "send" in line and "AF_UNIX" not in line and "resumed>" not in line]
    check(f"all {len(sent)} writes to sockets ask for no SIGPIPE", len(sent) > 3 and all("MSG_NOSIGNAL" in line for line in sent), [line for line in sent if "MSG_NOSIGNAL" not in line][:3])


def outage(server):
    """The server is killed under an open node: an error that says so, and when it is back the same handle reads on."""
    with asl_store.Store(server.url, token_file=server.token("read"), pin=server.pin, timeout_seconds=8) as opened, opened.snapshot("latest") as snapshot, snapshot.node(b"random-4") as node:
        expected = (source / "random-4").read_bytes()
        check("read before the outage", node.read(0, 1000) == expected[:1000])
        server.kill()
        begin = time.monotonic()
        try:
            node.read(2_000_000, 300_000)
            check("a server that is gone is an error", False)
        except asl_store.AslError as error:
            check(f"a server that is gone is an error that may pass, after {time.monotonic() - begin:.1f} s", error.code == 6011 and not error.info.is_permanent and time.monotonic() - begin < 60, error)
        server.start()
        check("the same handle reads on when it is back", node.read(2_000_000, 300_000) == expected[2_000_000:2_300_000])


def numbers(line):
    return dict(zip(re.findall(r"[a-z]+", line), map(int, re.findall(r"\d+", line))))


def judge(text):
    """The last line, and for each number what it grew by from line to line after the second, by when everything has been done more than once."""
    lines = [numbers(line) for line in text.splitlines() if line.startswith("cycle")][1:]
    return lines[-1], {key: [later[key] - earlier[key] for earlier, later in zip(lines, lines[1:])] for key in lines[-1] if key != "cycle"}


def is_steady(steps):
    """Whether it did not grow from at least two of the lines to their next. What every cycle forgets is in every line; a thread that the runtime starts late, a session
    that OpenSSL remembers or a collection that comes later is in a few."""
    return sorted(steps)[1] <= 0


def growth(text):
    """In KiB, from the least of the lines 2 to 4 to the least of the last three: memory goes up and down with the collections."""
    resident = [numbers(line)["rss"] for line in text.splitlines() if line.startswith("cycle")][1:]
    return min(resident[-3:]) - min(resident[:3])


def without_openssl():
    """The runtime would end the process."""
    library = run("sh", "-c", "ldconfig --print-cache | sed -n 's/.*libssl.so.3 .*x86-64.* => //p'").stdout.decode().split("\n")[0]
    hidden = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f"mount --bind /dev/null {library} && exec {programs}/browse {store}"]
    if not library or run(*hidden[:4], "true").returncode != 0:
        print("skipped: no namespaces here, or OpenSSL is somewhere else")
        failures.extend(["OpenSSL cannot be hidden"] if os.environ.get("CI") == "true" and os.geteuid() == 0 else [])
        return
    done = run(*hidden)
    check("without OpenSSL a store cannot be opened, and the process goes on", done.returncode == 1 and b"ASL9007: the library needs OpenSSL" in done.stderr, done)


def cycles(where, count, env, *arguments):
    text = tried(f"{count} times opened and closed {where}", programs / "cycles", *arguments[:2], count, *arguments[2:], env=env, says=r"cycle")
    last, grown = judge(text)
    check(f"memory does not grow {where}: {last['rss']} KiB, {growth(text):+} KiB in {count * 6 // 10} cycles; files {sum(grown['files']):+}, threads {sum(grown['threads']):+}",
          growth(text) < (1536 if where == "of a directory" else 3072) and all(sum(grown[key]) <= 16 and is_steady(grown[key]) for key in ("files", "threads")), text)


def memcheck(where, count, env, *arguments):
    """Errors of memory: none. What is lost: nothing of a directory; over TLS some pieces of 8 bytes, of generic types that the runtime makes when they are first
    needed (System.Private.TypeLoader, which keeps types for ever and no pointer to that part)."""
    log = SCRATCH / "memcheck.log"
    text = tried(f"{count} cycles below valgrind {where}", "valgrind", "--leak-check=full", "--errors-for-leak-kinds=none", "--error-exitcode=9", f"--log-file={log}",
                 programs / "cycles", *arguments[:2], count, *arguments[2:], env=env, timeout=600)
    last, grown = judge(text)
    (lost, reachable) = (0, 4096) if where == "of a directory" else (1024, 65536)
    check(f"valgrind {where}: no errors, nothing suppressed, {last['lost']} bytes lost, from line to line {grown['lost']}, {last['reachable']} still reachable, {grown['reachable']}, "
          f"{last['dubious']} reachable from their middle alone, {grown['dubious']}",
          "ERROR SUMMARY: 0 errors" in log.read_text() and last["suppressed"] == 0 and last["lost"] <= lost and sum(grown["reachable"]) <= reachable
          and sum(grown["dubious"]) <= 8 * 288 and all(is_steady(grown[key]) for key in ("lost", "reachable", "dubious")), text + log.read_text()[-3000:])


def leaks():
    cycles("of a directory", 1000, os.environ, store, ingest.id, damaged_image.id)
    memcheck("of a directory", 20, os.environ, store, ingest.id, damaged_image.id)
    done = run(programs / "cycles-forgetful", store, ingest.id, 60, damaged_image.id)
    kept = growth(done.stdout.decode())
    check(f"one handle a cycle that is not closed would be seen: {kept:+} KiB", kept > 1536, done.stdout)


def main():
    set_up(PROGRAMS, SERVER, SCRATCH, RULES)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    parts = [symbols, build, ingest, c_programs, python, damaged_image, trace, damaged_store]
    if not (has("gcc") and has("g++") and has("nm") and has("readelf")):
        return 1 if failures else 0
    for part in parts:
        print(f"-- {part.__name__}")
        part()
    print("-- threads and the host")
    tried("threads that share handles", programs / "threads", store, ingest.id, "random-0", source / "random-0", says="1000 short-lived threads, 800 reads of closed nodes refused")
    print(tried("what it does to its host", programs / "host", LIBRARY, store, ingest.id, says="the parent goes on"))
    without_openssl()
    if has("valgrind"):
        print("-- leaks")
        leaks()
    print("-- over TLS")
    over_tls()
    print("libasl: " + ("passed" if not failures else f"{len(failures)} FAILED: {', '.join(failures)}"))
    return 1 if failures else 0


sys.exit(main())
