#!/usr/bin/env python3
"""Stores of AslRescue from Python, by libasl.so and ctypes alone. A module, and a program:

    asl_store.py STORE                     the snapshots
    asl_store.py STORE ID                  the entries of a snapshot; ID may be "latest"
    asl_store.py STORE ID SOURCE PATH      the bytes of a file, of source number SOURCE, from 0

The library is /usr/local/lib/libasl.so, or what ASL_LIBRARY names. For an https URL, ASL_TOKEN_FILE, ASL_PIN and ASL_CA_FILE say how to reach
the server. Use it from threads as you like; with multiprocessing, only with the start method "spawn": a forked child cannot use the library.
"""
import ctypes
import os
import sys
from ctypes import POINTER, byref, c_char, c_char_p, c_int32, c_int64, c_uint8, c_uint32, c_uint64, c_void_p

library = ctypes.CDLL(os.environ.get("ASL_LIBRARY", "/usr/local/lib/libasl.so"))

END, BUFFER_TOO_SMALL, RANGE_UNREADABLE = 1, 9006, 2012
DATA, HOLE, BAD = 0, 1, 2
KINDS = ("file", "directory", "symbolic link", "fifo", "socket", "character device", "block device", "unknown", "image")


class Struct(ctypes.Structure):
    """Begins with its size, as asl.h says."""

    def __init__(self, *values, **named):
        super().__init__(*values, **named)
        self.struct_size = ctypes.sizeof(self)


class ErrorInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("code", c_int32), ("exit_code", c_int32), ("is_permanent", c_int32), ("system_error", c_int32), ("reserved", c_int32),
                ("offset", c_uint64), ("length", c_uint64)]


class OpenOptions(Struct):
    _fields_ = [("struct_size", c_uint32), ("timeout_seconds", c_uint32)] + [
        (name, c_char_p) for name in ("token_file", "pin", "ca_file", "certificate_file", "key_file", "proxy")]


class SnapshotInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("source_count", c_uint32), ("started_seconds", c_int64), ("created_seconds", c_int64),
                ("started_nanoseconds", c_uint32), ("created_nanoseconds", c_uint32)] + [(name, c_uint64) for name in (
                    "entries", "files", "directories", "source_bytes", "read_bytes", "unchanged_files", "added_artifacts", "added_raw_bytes",
                    "added_stored_bytes", "bad_bytes", "problems")] + [("id", c_char * 72), ("root", c_char * 72), ("domain", c_char * 136), ("run", c_char * 136)]


class NodeInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("kind", c_int32), ("mode", c_uint32), ("user", c_uint32), ("group", c_uint32), ("problems", c_uint32),
                ("modified_seconds", c_int64), ("modified_nanoseconds", c_uint32), ("attribute_count", c_uint32), ("device_major", c_uint32),
                ("device_minor", c_uint32), ("size", c_uint64), ("target_length", c_uint32), ("hard_link_length", c_uint32), ("name_length", c_uint32),
                ("reserved", c_uint32), ("name", c_char * 256)]


class Extent(ctypes.Structure):
    _fields_ = [("offset", c_uint64), ("length", c_uint64), ("kind", c_int32), ("error", c_int32), ("key", c_uint8 * 32)]


class VerificationInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("findings_kept", c_uint32)] + [(name, c_uint64) for name in (
        "findings", "segments", "segments_all", "blocks", "blocks_all", "artifacts", "entries", "data_bytes")]


HANDLE, OUT = c_uint64, POINTER(c_uint64)
SIGNATURES = {
    "asl_abi_version": (), "asl_version": (c_char_p, c_uint64, OUT), "asl_close": (HANDLE,),
    "asl_error": (POINTER(ErrorInfo),), "asl_error_text": (c_int32, c_char_p, c_uint64, OUT), "asl_exit_code": (c_int32,),
    "asl_store_open": (c_char_p, POINTER(OpenOptions), OUT),
    "asl_snapshots_open": (HANDLE, OUT), "asl_snapshots_next": (HANDLE, POINTER(SnapshotInfo)), "asl_snapshots_snapshot": (HANDLE, OUT),
    "asl_snapshot_open": (HANDLE, c_char_p, OUT), "asl_snapshot_describe": (HANDLE, POINTER(SnapshotInfo)),
    "asl_snapshot_text": (HANDLE, c_int32, c_char_p, c_uint64, OUT), "asl_source_text": (HANDLE, c_uint32, c_int32, c_char_p, c_uint64, OUT),
    "asl_node_open": (HANDLE, c_uint32, c_char_p, OUT), "asl_node_describe": (HANDLE, POINTER(NodeInfo)),
    "asl_node_text": (HANDLE, c_int32, c_char_p, c_uint64, OUT), "asl_node_attribute_name": (HANDLE, c_uint32, c_char_p, c_uint64, OUT),
    "asl_node_attribute_value": (HANDLE, c_uint32, c_void_p, c_uint64, OUT), "asl_node_read": (HANDLE, c_uint64, c_void_p, c_uint64, OUT),
    "asl_node_map": (HANDLE, c_uint64, POINTER(Extent), c_uint32, POINTER(c_uint32)),
    "asl_directory_open": (HANDLE, OUT), "asl_directory_next": (HANDLE, POINTER(NodeInfo)), "asl_directory_node": (HANDLE, OUT),
    "asl_artifact_read": (HANDLE, c_char_p, c_void_p, c_uint64, OUT),
    "asl_verification_open": (HANDLE, c_uint32, OUT), "asl_verification_step": (HANDLE, POINTER(VerificationInfo)),
    "asl_verification_finding": (HANDLE, c_uint32, POINTER(c_int32), c_char_p, c_uint64, OUT),
}
for name, arguments in SIGNATURES.items():
    getattr(library, name).argtypes = arguments


class AslError(Exception):
    """What the library says of a call that failed."""

    def __init__(self):
        self.info = ErrorInfo()
        library.asl_error(byref(self.info))
        self.code = self.info.code
        super().__init__(_text(library.asl_error_text, 0).decode())


def _check(status):
    if status not in (0, END):
        raise AslError()
    return status


def _text(function, *arguments):
    """Calls twice: for the length, and for the text."""
    length = c_uint64()
    _check(function(*arguments, None, 0, byref(length)))
    buffer = ctypes.create_string_buffer(length.value + 1)
    _check(function(*arguments, buffer, len(buffer), byref(length)))
    return buffer.raw[:length.value]


class Handle:
    """An open thing: close it, or use it in a with statement."""

    def __init__(self, function, *arguments):
        handle = c_uint64()
        _check(function(*arguments, byref(handle)))
        self.handle = handle.value

    def close(self):
        handle, self.handle = self.handle, 0
        _check(library.asl_close(handle))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Store(Handle):
    def __init__(self, location, **options):
        """`options`: the members of asl_open_options, for a URL."""
        named = OpenOptions(**{name: value if isinstance(value, int) else os.fsencode(value) for name, value in options.items() if value})
        super().__init__(library.asl_store_open, os.fsencode(location), byref(named))

    def snapshots(self):
        info = SnapshotInfo()
        with Handle(library.asl_snapshots_open, self.handle) as listed:
            while _check(library.asl_snapshots_next(listed.handle, byref(info))) != END:
                yield SnapshotInfo.from_buffer_copy(info)

    def snapshot(self, name):
        return Snapshot(library.asl_snapshot_open, self.handle, name.encode())


class Snapshot(Handle):
    @property
    def info(self):
        info = SnapshotInfo()
        _check(library.asl_snapshot_describe(self.handle, byref(info)))
        return info

    def source_path(self, source):
        return _text(library.asl_source_text, self.handle, source, 0)

    def node(self, path=b"", source=0):
        return Node(library.asl_node_open, self.handle, source, path)

    def artifact(self, key):
        """The artifact with a key of 32 bytes."""
        length = c_uint64()
        _check(library.asl_artifact_read(self.handle, key, None, 0, byref(length)))
        buffer = ctypes.create_string_buffer(length.value)
        _check(library.asl_artifact_read(self.handle, key, buffer, length, byref(length)))
        return buffer.raw

    def verify(self, data=False):
        """What was found: counts, and the texts of the first findings."""
        info = VerificationInfo()
        with Handle(library.asl_verification_open, self.handle, int(data)) as check:
            while _check(library.asl_verification_step(check.handle, byref(info))) != END:
                pass
            code = c_int32()
            return info, [_text(library.asl_verification_finding, check.handle, index, byref(code)).decode() for index in range(info.findings_kept)]


class Node(Handle):
    @property
    def info(self):
        info = NodeInfo()
        _check(library.asl_node_describe(self.handle, byref(info)))
        return info

    @property
    def target(self):
        return _text(library.asl_node_text, self.handle, 1)

    @property
    def hard_link(self):
        return _text(library.asl_node_text, self.handle, 2)

    @property
    def attributes(self):
        return {_text(library.asl_node_attribute_name, self.handle, index): self._attribute(index) for index in range(self.info.attribute_count)}

    def _attribute(self, index):
        length = c_uint64()
        _check(library.asl_node_attribute_value(self.handle, index, None, 0, byref(length)))
        buffer = ctypes.create_string_buffer(max(length.value, 1))
        _check(library.asl_node_attribute_value(self.handle, index, buffer, len(buffer), byref(length)))
        return buffer.raw[:length.value]

    def entries(self):
        """(info, node) of each entry of a directory; a node that is kept must be closed by whoever keeps it."""
        info = NodeInfo()
        with Handle(library.asl_directory_open, self.handle) as directory:
            while _check(library.asl_directory_next(directory.handle, byref(info))) != END:
                yield NodeInfo.from_buffer_copy(info), Node(library.asl_directory_node, directory.handle)

    def read(self, offset, length):
        """Up to so many bytes: fewer before the end, and before a bad range, which raises AslError with code RANGE_UNREADABLE."""
        buffer, done = ctypes.create_string_buffer(max(length, 1)), c_uint64()
        _check(library.asl_node_read(self.handle, offset, buffer, length, byref(done)))
        return buffer.raw[:done.value]

    def extents(self):
        """Data, holes and bad ranges, in order."""
        offset, count, found = 0, c_uint32(), (Extent * 256)()
        while True:
            _check(library.asl_node_map(self.handle, offset, found, len(found), byref(count)))
            if count.value == 0:
                return
            for extent in found[:count.value]:
                yield Extent.from_buffer_copy(extent)
            offset = found[count.value - 1].offset + found[count.value - 1].length


def walk(node, path=b""):
    """(path, info, node) of all that lies below a directory, depth first, without recursion; nodes are open until the next one."""
    open_folders = [(path, node.entries(), None)]
    while open_folders:
        folder, entries, own = open_folders[-1]
        found = next(entries, None)
        if found is None:
            open_folders.pop()
            if own:
                own.close()
            continue
        info, child = found
        below = folder + b"/" + info.name if folder else info.name
        yield below, info, child
        if KINDS[info.kind] == "directory":
            open_folders.append((below, child.entries(), child))
        else:
            child.close()


def main(location, name=None, source="0", path=None):
    options = {key: os.environ.get(f"ASL_{key.upper()}") for key in ("token_file", "pin", "ca_file")}
    with Store(location, **options) as store:
        if name is None:
            for info in store.snapshots():
                print(info.id.decode(), info.domain.decode(), info.run.decode(), info.created_seconds, f"{info.entries} entries, {info.source_bytes} bytes, {info.problems} problems")
            return 0
        with store.snapshot(name) as snapshot:
            if path is not None:
                return write_file(snapshot, int(source), os.fsencode(path))
            for index in range(snapshot.info.source_count):
                with snapshot.node(source=index) as root:
                    print(f"source {index}: {snapshot.source_path(index)!r}, a {KINDS[root.info.kind]}")
                    for below, info, _ in walk(root) if root.info.kind == 1 else ():
                        print(f"{KINDS[info.kind]:16} {info.mode:04o} {info.user:5} {info.group:5} {info.size:12} {below!r}")
    return 0


def write_file(snapshot, source, path):
    """Bad ranges are left out and told; 3 says that there were some."""
    result = 0
    with snapshot.node(path, source) as node:
        for extent in node.extents():
            if extent.kind == BAD:
                print(f"unknown: {extent.length} bytes at offset {extent.offset} (errno {extent.error})", file=sys.stderr)
                result = 3
            position, end = extent.offset, extent.offset + extent.length
            while extent.kind != BAD and position < end:
                position += sys.stdout.buffer.write(node.read(position, min(end - position, 1 << 20)))
    return result


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3, 5):
        sys.exit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except AslError as error:
        print(error, file=sys.stderr)
        sys.exit(error.info.exit_code)
