"""A process and all that it started, seen from outside: who they are, and what processor time they took."""

import contextlib
import ctypes
import os
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

_SET_CHILD_SUBREAPER = 36  # prctl(2)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends, where the system has that."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(pid: int) -> set[int]:
    """Return the children of a process, and none if it has ended."""
    tasks = Path(f"/proc/{pid}/task")
    if not (tasks / str(pid) / "children").exists():  # some kernels do without
        with contextlib.suppress(psutil.Error):
            return {child.pid for child in psutil.Process(pid).children()}
        return set()
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in tasks.iterdir():
            with contextlib.suppress(OSError):
                found.update(map(int, (task / "children").read_text().split()))
    return found


def descendants(roots: Iterable[int]) -> set[int]:
    """Return some processes and all that they started, as far as these live."""
    found, new = set(roots), set(roots)
    while new:
        new = {child for pid in new for child in children(pid)} - found
        found |= new
    return found


def processor_s(pids: Iterable[int]) -> float:
    """Return the processor time of processes and of their children that have ended, in seconds."""
    return sum(map(_processor_s, pids))


def _processor_s(pid: int) -> float:
    try:  # a process' own clock has the resolution that its entry in /proc lacks (clock_getcpuclockid(3))
        own_s = time.clock_gettime((~pid << 3) | 2)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return own_s + (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError):
        with contextlib.suppress(psutil.Error):
            return float(sum(psutil.Process(pid).cpu_times()[:4]))
        return 0.0
