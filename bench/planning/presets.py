"""The presets of `zeroloop run`: what each measures, and how long it takes, unless the user chooses."""

from dataclasses import dataclass

from bench.request import DEFAULT_PROBLEMS
from impls.data import problems
from impls.records import RECORDS

_ALL_CORES = 0


@dataclass(frozen=True)
class Preset:
    """What is run unless the user chooses otherwise."""

    about: str  # for `zeroloop run --help`: the time it takes, and what it measures
    problems: tuple[str, ...]
    processes: int
    cold: int  # number of first processes that start with nothing compiled; 0: all share compiled code
    block_s: float
    budget_s: float | None
    most_rounds: int = 12  # however large the budget
    rows: tuple[str, ...] = ()  # empty: the rows that `bench.request` chooses
    dtypes: tuple[str, ...] = ("float64",)
    thread_counts: tuple[int, ...] = (_ALL_CORES,)
    verified: tuple[str, ...] = ()  # problems on which rows are verified, and not timed, before all others
    needs_gpu: bool = False

    def threads(self, cores: int) -> tuple[int, ...]:
        """Return its numbers of threads on a machine with this number of cores."""
        return tuple(dict.fromkeys(cores if count == _ALL_CORES else count for count in self.thread_counts))


def _grid() -> tuple[str, ...]:
    """Name sizes in steps of ten, up to 10⁸ numbers: wide, square, tall; without those of named problems."""
    named = {(shape.n_x, shape.m) for shape in problems.SHAPES}
    sizes = [(n_x, 10**k) for n_x in (2, 10, 100, 1000, 10_000) for k in range(2, 8)]
    return tuple(f"{n_x}x{m}" for n_x, m in sizes if n_x * m <= 10**8 and (n_x, m) not in named)


AB = "ab"  # of `zeroloop ab`, which names its rows
_BOTH_DTYPES = ("float32", "float64")

PRESETS = {
    "quick": Preset(
        "about a minute: three problems, three processes, too few to cite",
        ("breast_cancer", "square", "cats"),
        processes=3,
        cold=1,
        block_s=0.03,
        budget_s=60.0,
    ),
    "course": Preset(
        "about five minutes, the default: the course's problems",
        DEFAULT_PROBLEMS,
        processes=6,
        cold=3,
        block_s=0.06,
        budget_s=300.0,
    ),
    "contest": Preset(
        "a quarter of an hour: compiled and vectorized rows, all named problems, "
        "both floating point types, one thread and all cores",
        problems.names(),
        processes=5,
        cold=0,  # to compile in all ways would take longer than to measure
        block_s=0.02,
        budget_s=900.0,
        most_rounds=3,
        rows=tuple(
            row.name for row in RECORDS if row.device == "cpu" and not row.on_disk and not row.is_interpreted
        ),
        dtypes=_BOTH_DTYPES,
        thread_counts=(_ALL_CORES, 1),
    ),
    "gpu": Preset(
        "half an hour: the rows on the GPU and numpy_zero_loop, up to 8 GB of data, largest first",
        ("1000x1000000", "large", "higgs"),
        processes=5,
        cold=1,
        block_s=0.03,
        budget_s=1800.0,
        rows=(*(row.name for row in RECORDS if row.device == "cuda"), "numpy_zero_loop"),
        dtypes=_BOTH_DTYPES,
        verified=("1x1", "breast_cancer", "17x1001", "1025x4097", "two_features"),
        needs_gpu=True,
    ),
    AB: Preset(
        "two minutes",
        ("breast_cancer", "square", "cats"),
        processes=10,
        cold=0,  # first calls are not compared
        block_s=0.06,
        budget_s=120.0,
    ),
    "full": Preset(
        "half an hour or more: all named problems and a grid of sizes up to 10⁸ numbers",
        (*problems.names(), *_grid()),
        processes=5,
        cold=3,
        block_s=0.05,
        budget_s=None,
    ),
}
