"""What becomes of each row on each problem, collected while a session runs."""

import itertools
import statistics
from collections.abc import Sequence
from importlib import metadata

from bench.outcome import LeftOut
from bench.request import Request, Setting, describe_problem, describe_row
from impls.records import Record
from reports.results import SCHEMA, Light, Run, Unmeasured

MOST_BLOCKS = 10  # enough for a narrow interval by Student's t, and few, so that each block is long


class Recorder:
    """Keeps what has no place in pytest-benchmark's own list: rows without a time, and the speed of light."""

    def __init__(self, selected: Request, load_before: float | None):
        self.request = selected
        self._rows = tuple(map(describe_row, selected.rows))  # before any file is run, which may rewrite it
        self.load_before = load_before
        self.interrupted = False
        self.no_light: str | None = None
        self._timed: dict[Setting, set[str]] = {}  # the devices that have a time
        self._unmeasured: list[Unmeasured] = []
        self._lights: list[Light] = []
        self._called: set[tuple[str, str]] = set()

    @property
    def has_results(self) -> bool:
        """Whether there is anything to report."""
        return bool(self._timed or self._unmeasured)

    def is_first_call(self, row: str, dtype: str) -> bool:
        """Return whether this is the first call of a row on a dtype, and remember it: it is so once."""
        first = (row, dtype) not in self._called
        self._called.add((row, dtype))
        return first

    def timed(self, setting: Setting) -> list[str]:
        """Return the devices whose rows have a time there."""
        return sorted(self._timed.get(setting, ()))

    def add_time(self, setting: Setting, device: str) -> None:
        """Keep that a row of a device has a time; the time itself is in pytest-benchmark's list."""
        self._timed.setdefault(setting, set()).add(device)

    def add_light(self, light: Light) -> None:
        """Keep the speed of light of one setting and device."""
        self._lights.append(light)

    def leave_out(self, row: Record, setting: Setting, why: LeftOut) -> None:
        """Keep why a row has no time."""
        self._unmeasured.append(Unmeasured(row.name, *setting.key, *why, process=None))

    def run(self) -> Run:
        """Return what was asked for and what became of it."""
        return Run(
            schema=SCHEMA,
            version=metadata.version("zeroloop"),
            kind="pytest",
            interrupted=self.interrupted,
            rows=self._rows,
            problems=tuple(map(describe_problem, self.request.shapes)),
            unmeasured=tuple(self._unmeasured),
            lights=tuple(self._lights),
            twins=(),
            trainings=(),
            plan=None,
            done=None,
            noise=None,
            spent=None,
            code=None,
        )


def block_medians(rounds_s: Sequence[float]) -> tuple[float, ...]:
    """Cut rounds, in time order, into at most ten blocks of nearly equal length; return their medians."""
    count = min(MOST_BLOCKS, len(rounds_s))
    cuts = [len(rounds_s) * block // count for block in range(count + 1)]
    return tuple(statistics.median(rounds_s[a:b]) for a, b in itertools.pairwise(cuts))
