"""The tables of many runs: the machines, and every machine on one problem."""

from reports import wording
from reports.facts.comparison import NUMPY, PYTHON, Line, named
from reports.facts.intervals import Interval
from reports.runs.gathered import Board, Gallery, Place
from reports.tables.description import Column, Table, column


def _time(key: str, heading: str, row: str) -> Column:
    """Return the time of a step of one row, which is an attribute of a place."""

    def step_s(place: Place) -> Interval | None:
        line: Line | None = getattr(place, row)
        return line.step_s if line else None

    return column(key, heading, value=step_s, text=lambda place: _estimate(step_s(place)))


def _estimate(time_s: Interval | None) -> str:
    return wording.seconds(time_s.estimate if time_s else None)


MACHINES = (
    column("who", "run", is_text=True),
    column("processor", "processor", value=lambda entry: entry.machine.cpu, is_text=True),
    column("cores", "cores", value=lambda entry: entry.machine.cores),
    column("system", "system", value=lambda entry: entry.machine.system, is_text=True),
    column("python", "Python", value=lambda entry: entry.machine.python, is_text=True),
    column(
        "numpy",
        "NumPy",
        value=lambda entry: entry.machine.versions.get("numpy"),
        text=lambda entry: entry.machine.versions.get("numpy") or "–",
        is_text=True,
    ),
    column(
        "date", "date", value=lambda entry: entry.results.when, text=lambda entry: entry.results.when[:10]
    ),
    column("citable", "citable", value=lambda entry: "no" if entry.not_citable else "yes", is_text=True),
)
PLACES = (
    column("who", "run", value=lambda place: place.entry.who, is_text=True),
    column("threads", "threads", value=lambda place: place.comparison.threads),
    _time("python_s", PYTHON, "python"),
    _time("numpy_s", NUMPY, "numpy"),
    column(
        "numpy_over",
        "times as fast",
        said=wording.speedup,
        value=lambda place: place.over_python,
        is_interval=True,
    ),
    column(
        "fastest",
        "fastest row",
        value=lambda place: place.best.name if place.best else None,
        text=lambda place: place.best.name if place.best else "–",
        is_text=True,
    ),
    _time("fastest_s", "its step", "best"),
    column(
        "fastest_over",
        "times as fast",
        said=wording.speedup,
        value=lambda place: place.best.over_python if place.best else None,
        is_interval=True,
    ),
)


def machines(gallery: Gallery) -> Table:
    """Return the table of the machines, a row for each run."""
    keys = tuple(one.key for one in MACHINES)
    return Table(
        name="machines",
        key="machines",
        title="",
        caption="",
        run_id="",
        columns=MACHINES,
        rows=gallery.entries,
        wide=keys,
        paper=keys,
        terminal=("who", "processor", "cores", "citable"),
    )


def places(board: Board) -> Table:
    """Return the table of one problem, a row for each run."""
    keys = tuple(one.key for one in PLACES)
    return Table(
        name="places",
        key="places",
        title=f"{named(board.problem)}, {board.dtype}",
        caption="",
        run_id="",
        columns=PLACES,
        rows=board.places,
        wide=keys,
        paper=keys,
        terminal=("who", "threads", "numpy_over", "fastest"),
    )
