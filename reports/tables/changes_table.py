"""The table of two runs beside each other: a row for each row and problem that both timed."""

from reports import wording
from reports.facts.comparison import NUMPY
from reports.facts.intervals import Interval
from reports.runs.changes import Change, Changes
from reports.tables.description import Table, column

_AGREES = {None: "–", True: "agrees", False: "changed"}


def _estimate(time_s: Interval) -> str:
    return wording.seconds(time_s.estimate)


COLUMNS = (
    column("row", "row", value=lambda change: change.name, is_text=True),
    column("where", "problem", is_text=True),
    column("problem", "problem", value=lambda change: change.title, is_text=True),
    column("before", "before", said=_estimate, value=lambda change: change.before_s),
    column("after", "after", said=_estimate, value=lambda change: change.after_s),
    column(
        "times", "times as fast", said=wording.speedup, value=lambda change: change.ratio, is_interval=True
    ),
    column("verdict", "verdict", is_text=True),
    column(
        "agrees",
        f"speedup over {NUMPY}",
        value=lambda change: None if change.agrees is None else _AGREES[change.agrees],
        text=lambda change: _AGREES[change.agrees],
    ),
)


def changes(found: Changes) -> Table:
    """Return the table of all rows that both runs timed."""
    wide = ("row", "problem", "before", "after", "times", "verdict")
    judged = any(_is_judged(change) for change in found.rows)
    return Table(
        name="changes",
        key="changes",
        title="",
        caption="",
        run_id=found.after.run_id,
        columns=COLUMNS,
        rows=found.rows,
        wide=(*wide, "agrees") if judged else wide,
        paper=wide,
        terminal=("row / where", "before", "after", "times", "verdict"),
    )


def _is_judged(change: Change) -> bool:
    return change.agrees is not None
