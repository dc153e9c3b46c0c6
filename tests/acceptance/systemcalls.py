"""What strace --follow-forks --decode-fds=path wrote."""
import pathlib
import re

UNFINISHED = " <unfinished ...>"


def calls(trace):
    """A call a line: of one that another thread's interrupted, strace writes two halves, and only the second has the result."""
    begun = {}
    for line in pathlib.Path(trace).read_text(errors="replace").splitlines():
        if line.endswith(UNFINISHED):
            begun[line.split(maxsplit=1)[0]] = line.removesuffix(UNFINISHED)
        elif resumed := re.match(r"(\d+) +<\.\.\. \w+ resumed>(.*)", line):
            yield begun.pop(resumed[1], resumed[1]) + resumed[2]
        else:
            yield line
    yield from begun.values()  # Whoever ends in a call has no result of it.


def touched(trace):
    """What was opened for writing, made, renamed or removed; programs that were run; addresses that were connected to."""
    paths, programs, addresses = set(), set(), set()
    for line in calls(trace):
        if " = -1 " in line:
            continue
        call = re.search(r"\b(open|openat|creat|mkdir|mkdirat|rename|renameat|renameat2|unlink|unlinkat|rmdir|link|linkat|symlink|symlinkat|mknod|mknodat|chmod|fchmodat|truncate|mount|umount2|init_module|finit_module|bind|connect|execve)\(", line)
        if not call:
            continue
        if call.group(1) == "execve":
            programs.add(pathlib.Path(re.search(r'execve\("([^"]*)"', line).group(1)).name)
        elif call.group(1) == "connect":
            addresses.add(line)
        elif call.group(1) not in ("open", "openat") or re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", line):
            opened = re.search(r"= \d+<([^>]*)>", line)
            paths.update([opened.group(1)] if opened and call.group(1).startswith("open") else re.findall(r'"(/[^"]*)"', line))
    return paths, programs, addresses
