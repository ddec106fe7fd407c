"""What else the machine does while a run measures."""

import os
import re
from contextlib import suppress
from pathlib import Path
from time import perf_counter, process_time

import psutil

from impls import limits
from reports.results import Noise

_BUSY = ("user", "nice", "system", "irq", "softirq")
_STAT = Path("/proc/stat")


class Listener:
    """Measures interference, averaged with what was measured in the `before_s` seconds before a resume.

    Only the cores that this process may run on, and its lanes with it, are watched.
    """

    def __init__(self, before: Noise, before_s: float):
        self._before, self._before_s = before, before_s
        self._start_s, self._own_s = perf_counter(), _own_s()
        self._cores = _usable()
        self._times, self._throttled = _times(self._cores), _throttled()

    def heard(self, running_s: float) -> Noise:
        """Return the mean over the whole run; `running_s` is the processor time of lanes that still run."""
        wall_s = max(1e-9, perf_counter() - self._start_s)
        spent = {name: time_s - self._times[name] for name, time_s in _times(self._cores).items()}
        busy_s = sum(spent.get(name, 0.0) for name in _BUSY)
        others = max(0.0, busy_s - running_s - (_own_s() - self._own_s)) / wall_s
        stolen = spent["steal"] / max(1e-9, sum(spent.values())) if "steal" in spent else None
        return Noise(
            stolen=self._mean(self._before.stolen, stolen, wall_s),
            others=self._mean(self._before.others, others, wall_s),
            throttled=self._more_throttled(),
            cores=len(self._cores) or None,
        )

    def _mean(self, before: float | None, now: float | None, now_s: float) -> float | None:
        if before is None or now is None:
            return now
        return (before * self._before_s + now * now_s) / (self._before_s + now_s)

    def _more_throttled(self) -> int | None:
        now = _throttled()
        if now is None or self._throttled is None:
            return None
        return now - self._throttled + (self._before.throttled or 0)


def taken_s() -> float:
    """Return the time that this process' cores have spent on all other programs, and on other systems."""
    times = _times(_usable())
    return sum(times.get(name, 0.0) for name in (*_BUSY, "steal")) - process_time()


def _usable() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _times(cores: set[int]) -> dict[str, float]:
    """Return how long some cores have done each kind of work, in seconds; all cores where none is named."""
    each = psutil.cpu_times(percpu=True)
    # Cores that are offline are left out of that list, which has no numbers.
    numbers = map(int, re.findall(r"^cpu(\d+) ", limits.text_of(_STAT), re.MULTILINE))
    watched = [one for number, one in zip(numbers, each, strict=False) if number in cores] or each
    return {name: sum(getattr(one, name) for one in watched) for name in each[0]._fields}


def _own_s() -> float:
    """Return the processor time of this process and of the children that have ended."""
    return sum(os.times()[:4])


def _throttled() -> int | None:
    """Return how often the processor has slowed down for heat; None if the system does not count."""
    counts = list(Path("/sys/devices/system/cpu").glob("cpu[0-9]*/thermal_throttle/core_throttle_count"))
    with suppress(OSError, ValueError):
        return sum(int(count.read_text()) for count in counts) if counts else None
    return None
