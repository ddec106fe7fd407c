"""What limits this process: processor time, and the memory that it can still take.

Linux limits a process by the cgroups that it is in, of version 1 or 2, by all that lie above these
(cgroups(7)), and by what its shell sets (ulimit). `root` is the folder that holds /proc and /sys. Where a
file is missing, or says what no kernel says, there is no limit.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import psutil

_ROOT = Path("/")
_IN_GROUP = r"^\d+:([^:]*):(.+)$"  # controllers and path; version 2 names no controller
_MOUNT = r"^\S+ \S+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)$"  # root, point, kind and options
_QUOTA_FILES = ("cpu.cfs_quota_us", "cpu.cfs_period_us")  # version 1
_MEMORY_FILES = (
    ("memory.max", "memory.current", "inactive_file"),  # version 2
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),  # version 1
)
_ULIMITS = (("Max address space", "VmSize"), ("Max data size", "VmData"))


def cores(root: Path = _ROOT) -> float | None:
    """Return how many cores' worth of processor time this process may use; None without a limit."""
    return min(filter(None, map(_cores, _groups("cpu", root))), default=None)


def memory_bytes(root: Path = _ROOT) -> int | None:
    """Return how much memory this process may hold; None if it may hold all of the machine's."""
    least = min((limit for limit, _ in _memory(root)), default=None)
    return None if least is None or least >= psutil.virtual_memory().total else least


def free_bytes(root: Path = _ROOT) -> int:
    """Return how much memory this process can still take: the least that the machine and its limits leave."""
    left = (limit - used for limit, used in _memory(root))
    return max(0, min([int(psutil.virtual_memory().available), *left]))


def text_of(path: Path) -> str:
    """Return what a file of the system says; nothing for one that is not there, or that cannot be read."""
    try:
        return path.read_text(errors="replace")
    except (OSError, ValueError):
        return ""


def _cores(group: Path) -> float | None:
    said = text_of(group / "cpu.max") or " ".join(text_of(group / name) for name in _QUOTA_FILES)
    found = re.fullmatch(r"(\d+)\s+0*([1-9]\d*)\s*", said)  # without a limit, the first is "max" or -1
    return int(found[1]) / int(found[2]) if found else None


def _memory(root: Path) -> Iterator[tuple[int, int]]:
    """All limits in bytes, each with what is used of it."""
    for group in _groups("memory", root):
        for limit_file, usage_file, idle in _MEMORY_FILES:
            limit = _number(r"\A(\d+)$", text_of(group / limit_file))
            used = limit and _number(r"\A(\d+)$", text_of(group / usage_file))
            if limit is not None and used is not None:
                # Pages of files count as used, but the system takes back those that nobody used lately.
                yield limit, used - (_number(rf"^{idle} (\d+)$", text_of(group / "memory.stat")) or 0)
    ulimits, status = (text_of(root / "proc/self" / name) for name in ("limits", "status"))
    for name, usage in _ULIMITS:
        limit = _number(rf"^{name} +(\d+) ", ulimits)
        used = _number(rf"^{usage}:\s+(\d+) kB$", status)
        if limit is not None and used is not None:
            yield limit, 1024 * used


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """The folders of this process' cgroups that may limit "cpu" or "memory", each with all above it."""
    own = {
        name: path
        for names, path in re.findall(_IN_GROUP, text_of(root / "proc/self/cgroup"), re.MULTILINE)
        for name in names.split(",")
    }
    for top, point, kind, options in re.findall(_MOUNT, text_of(root / "proc/self/mountinfo"), re.MULTILINE):
        name = "" if kind == "cgroup2" else controller
        if name in own and (not name or name in options.split(",")):
            path = PurePosixPath(own[name])
            # Of a path that is elsewhere, only what is mounted is known: the top.
            below = path.relative_to(top) if path.is_relative_to(top) else PurePosixPath()
            yield from (root / point.lstrip("/") / part for part in (below, *below.parents))


def _number(pattern: str, text: str) -> int | None:
    found = re.search(pattern, text, re.MULTILINE)
    return int(found[1]) if found else None
