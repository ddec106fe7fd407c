"""The field: all lanes of one process of a run, and the folders for their compiled code."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.lanes.calls import Calls, Seen
from bench.lanes.harness import Guard, Harness, Lost
from bench.lanes.lane import LIGHT
from bench.outcome import LeftOut
from impls import limits
from impls.records import Record

PATIENCE_S = 60.0  # for any reply, beyond ten times what it is predicted to take
_PART_OF_MEMORY = 2  # one lane may hold this part of the memory that is free at the start
MOST_LOSSES = 3  # a row that is lost this often in a row is not started again


@dataclass(eq=False)
class Lane:
    """A row, the twin of one, or the speed of light, and the state of its present process."""

    row: Record
    twin: bool = False
    harness: Harness | None = None
    cache: Path | None = None
    losses: int = 0  # how many of its processes were lost in a row
    is_out: bool = False  # whether it is not started in this process
    called: set[str] = field(default_factory=set)  # dtypes whose first call in this process is over
    blocks: int = 0  # how many it gets on the present setting
    judged: set[int] = field(default_factory=set)  # those of which a call is compared with the truth
    last: Calls | None = None  # a part of the last one, chosen at random
    is_judged: bool = False  # whether a call of one was compared with the truth
    seen: list[Seen] = field(default_factory=list)  # what is kept of each
    floor_s: float = 0.0  # what a call takes at least, by the conductor's clock
    call_s: float = 0.0
    prepare_s: float | None = None  # on the present setting
    first_call_s: float | None = None
    warm_call_s: float | None = None
    training: tuple[float, list[float]] | None = None  # seconds, and the costs

    def clear(self) -> None:
        """Forget the last setting."""
        self.blocks, self.prepare_s, self.first_call_s, self.warm_call_s = 0, None, None, None
        self.training, self.judged, self.floor_s = None, set(), 0.0
        self.last, self.is_judged, self.seen = None, False, []

    @property
    def is_given_up(self) -> bool:
        """Whether it was lost too often to be started again."""
        return self.losses >= MOST_LOSSES


class Field:
    """Starts and ends lanes, under a guard.

    Each lane has its own folder for compiled code, so that its first call compiles all that it needs. Where
    they share one folder, no first call says anything.
    """

    def __init__(
        self,
        rows: Iterable[Record],
        twin_of: Record | None,
        folder: Path,
        keeper: Guard,
        memory_bytes: int | None = None,
        shares_code: bool = False,
        threads: int = 1,
    ):
        self.lanes = list(map(Lane, rows))
        if twin_of:
            self.lanes.append(Lane(twin_of, twin=True))
        self.light = Lane(LIGHT)
        self._folder, self._keeper = folder, keeper
        self._memory_bytes = memory_bytes or limits.free_bytes() // _PART_OF_MEMORY
        self._shared = Path(tempfile.mkdtemp(dir=folder)) if shares_code else None
        self._threads, self._is_cold = threads, True
        self._compiled: dict[tuple[Record, bool, int], Path] = {}  # the folder in which a lane last compiled
        self._known: set[tuple[Path, str]] = set()  # folders and the dtypes compiled there

    @property
    def running_s(self) -> float:
        """The processor time of all lanes that run, in seconds."""
        return sum(lane.harness.processor_s() for lane in (*self.lanes, self.light) if lane.harness)

    def start(
        self, wanted: Sequence[Lane], threads: int, is_cold: bool, limit_s: float
    ) -> dict[Record, LeftOut]:
        """Start lanes afresh, all at once; return the rows that do not load, and why."""
        self.end()
        self._threads, self._is_cold = threads, is_cold
        for lane in self.lanes:
            lane.is_out = lane not in wanted
        started = [lane for lane in (*wanted, self.light) if not lane.is_given_up]
        for lane in started:
            self._start(lane)
        broken = {}
        for lane in started:
            try:
                self._wait(lane, limit_s)
            except Lost as lost:
                if not lost.ended:
                    lane.is_out = True
                    broken[lane.row] = lost.why
        return broken

    def revived(self, lane: Lane, limit_s: float) -> Harness:
        """Return the harness of a lane, which is started again if it was lost; raises Lost."""
        if lane.harness is None:
            self._start(lane)
            self._wait(lane, limit_s)
        assert lane.harness
        return lane.harness

    def note(self, lane: Lane, lost: Lost) -> None:
        """Note that a lane's process is gone, if it is and that was not noted before."""
        if lost.ended and lane.harness:
            lane.harness = None
            lane.losses += 1

    def has_code(self, lane: Lane, dtype: str) -> bool:
        """Return whether a lane finds its compiled code on disk."""
        return lane.cache is not None and (lane.cache, dtype) in self._known

    def note_code(self, lane: Lane, dtype: str) -> None:
        """Note that a lane has compiled, or found, its code."""
        if lane.row.keeps_code and lane.cache is not None:
            self._known.add((lane.cache, dtype))
            self._compiled[lane.row, lane.twin, self._threads] = lane.cache

    def end(self) -> None:
        """End all lanes."""
        for lane in (*self.lanes, self.light):
            if lane.harness:
                lane.harness.end()
                lane.harness = None

    def _start(self, lane: Lane) -> None:
        warm = self._compiled.get((lane.row, lane.twin, self._threads))
        cold = self._is_cold and lane is not self.light
        lane.cache = self._shared or (warm if warm and not cold else Path(tempfile.mkdtemp(dir=self._folder)))
        lane.harness = Harness(lane.row.spelling, self._threads, lane.cache, self._memory_bytes, self._keeper)

    def _wait(self, lane: Lane, limit_s: float) -> None:
        assert lane.harness
        try:
            lane.harness.ready(limit_s)
        except Lost as lost:
            lane.harness.end()
            lane.harness = None
            if lost.ended:
                lane.losses += 1
            raise
