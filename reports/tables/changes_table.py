"""The table of two runs beside each other: a row for each row and problem that both timed."""

from reports import wording
from reports.facts.intervals import Interval
from reports.runs.changes import Changes
from reports.tables.description import Table, column


def _seconds(time_s: Interval) -> str:
    return wording.seconds(time_s.estimate)


def _speedup(found: Interval | None) -> str:
    return wording.times(found.estimate) if found else ""


COLUMNS = (
    column("row", "row", value=lambda change: change.name, is_text=True),
    column("where", "problem", is_text=True),
    column("problem", "problem", value=lambda change: change.title, is_text=True),
    column("before_s", "before", "time of a step, and speedup over the baseline", _seconds),
    column("before", "speedup", said=_speedup),
    column("after_s", "after", "time of a step, and speedup over the baseline", _seconds),
    column("after", "speedup", said=_speedup),
    column("times", "times alone", "time before over time after", wording.speedup, is_interval=True),
    column("ratio", "times as fast", "by speedup over the baseline", wording.speedup, is_interval=True),
    column("verdict", "verdict", is_text=True),
    column("basis", said=str, is_text=True),
)


def changes(found: Changes) -> Table:
    """Return the table of all rows that both runs timed."""
    wide = ("row", "problem", "before_s / before", "after_s / after", "times", "ratio", "verdict / basis")
    return Table(
        name="changes",
        key="changes",
        title="",
        caption="",
        run_id=found.after.run_id,
        columns=COLUMNS,
        rows=found.rows,
        wide=wide,
        paper=wide,
        terminal=("row / where", "before_s / before", "after_s / after", "ratio / verdict, basis"),
    )
