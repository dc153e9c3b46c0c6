"""What strace --follow-forks wrote, a call a line: of a call that another thread's interrupted it writes two halves, and only the second has the result."""
import pathlib
import re

UNFINISHED = " <unfinished ...>"


def calls(trace):
    begun = {}
    for line in pathlib.Path(trace).read_text(errors="replace").splitlines():
        if line.endswith(UNFINISHED):
            begun[line.split(maxsplit=1)[0]] = line.removesuffix(UNFINISHED)
        elif resumed := re.match(r"(\d+) +<\.\.\. \w+ resumed>(.*)", line):
            yield begun.pop(resumed[1], resumed[1]) + resumed[2]
        else:
            yield line
    yield from begun.values()  # Whoever ends in a call has no result of it.
