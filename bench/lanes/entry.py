"""What a run keeps of one row on one setting, from its first block to its place in the results file."""

import statistics
from dataclasses import dataclass, field

from bench.planning.plan import ALPHA
from bench.request import Setting
from impls.records import Record
from impls.truth.gate import TOLERANCE
from reports.results import Timing, Training


@dataclass
class Entry:
    """What was measured of one row on one problem; times are of one process each, unless said otherwise."""

    blocks_s: list[list[float]] = field(default_factory=list)  # per process, the first at 0
    prepare_s: list[float] = field(default_factory=list)
    first_call_s: list[float] = field(default_factory=list)
    warm_call_s: list[float] = field(default_factory=list)
    trained_s: dict[int, float] = field(default_factory=dict)  # by process
    costs: list[float] = field(default_factory=list)  # of the first process that trained
    extra_bytes: int | None = None
    error: float = 0.0

    def add_block(self, process: int, seconds: float) -> None:
        """Keep the seconds per call of one block."""
        self._reach(process)
        self.blocks_s[process].append(seconds)

    def bound(self, process: int, least_s: float) -> None:
        """Let the median of a process' blocks be no shorter than this; their spread stays as it is."""
        self._reach(process)
        if blocks_s := self.blocks_s[process]:
            factor = max(1.0, least_s / statistics.median(blocks_s))
            self.blocks_s[process] = [factor * block_s for block_s in blocks_s]

    def add_once(
        self, prepare_s: float | None, first_call_s: float | None, warm_call_s: float | None
    ) -> None:
        """Keep what a process does once; None for what it did not do."""
        for kept, seconds in (
            (self.prepare_s, prepare_s),
            (self.first_call_s, first_call_s),
            (self.warm_call_s, warm_call_s),
        ):
            if seconds is not None:
                kept.append(seconds)

    def add_training(self, process: int, wall_s: float, costs: list[float]) -> None:
        """Keep how long a process trained, and the costs of the first that did."""
        self.trained_s[process] = wall_s
        self.costs = self.costs or costs

    def lose(self, process: int) -> None:
        """Drop the blocks of a process, whose place stays empty, and its training."""
        self._reach(process)
        self.blocks_s[process].clear()
        self.trained_s.pop(process, None)
        if not self.trained_s:
            self.costs = []

    def lose_trainings(self) -> None:
        """Drop the trainings of all processes."""
        self.trained_s, self.costs = {}, []

    @classmethod
    def of(cls, timing: Timing, processes: int) -> "Entry":
        """Return what the first processes have finished of a timing."""
        blocks_s = [list(process) for process in timing.blocks_s[:processes]]
        once = (list(timing.prepare_s), list(timing.first_call_s), list(timing.warm_call_s))
        return cls(blocks_s, *once, extra_bytes=timing.extra_bytes, error=timing.error)

    def timing(self, row: Record, setting: Setting) -> Timing:
        """Return its times as the results file has them."""
        return Timing(
            row=row.name,
            problem=setting.shape.name,
            dtype=setting.dtype,
            threads=setting.threads,
            blocks_s=tuple(map(tuple, self.blocks_s)),
            prepare_s=tuple(self.prepare_s),
            first_call_s=tuple(self.first_call_s),
            warm_call_s=tuple(self.warm_call_s),
            extra_bytes=self.extra_bytes,
            error=self.error,
            tolerance=TOLERANCE[setting.dtype],
        )

    def training(self, row: Record, setting: Setting) -> Training:
        """Return its trainings as the results file has them."""
        wall_s = tuple(self.trained_s.values())
        return Training(row.name, *setting.key, alpha=ALPHA, costs=tuple(self.costs), wall_s=wall_s)

    def _reach(self, process: int) -> None:
        self.blocks_s += [[] for _ in range(process + 1 - len(self.blocks_s))]
