"""The table of the ways past one core and one memory: a row for each way, a table for each n_x and dtype."""

from collections.abc import Callable

from reports import wording
from reports.facts import beyond
from reports.facts.beyond import Against, Family, Way
from reports.facts.facts import Facts
from reports.facts.intervals import Interval
from reports.tables.description import Column, Table, column
from reports.tables.speedup_table import NAME_ON_PAPER


def _overhead(overhead_s: Interval | None) -> str:
    return wording.time(overhead_s) if overhead_s is None or beyond.is_seen(overhead_s) else "none seen"


def _rate(bytes_per_s: float | None) -> str:
    return "–" if bytes_per_s is None else f"{wording.size(bytes_per_s)}/s"


def _over(other: str, heading: str, meaning: str) -> tuple[Column, Column]:
    """Return the m at which a way is compared with another, and how many times as fast it is there."""

    def found(way: Way) -> Against | None:
        against: Against | None = getattr(way, other)
        return against

    def ratio(way: Way) -> Interval | None:
        against = found(way)
        return against.ratio if against else None

    def m(way: Way) -> int | None:
        against = found(way)
        return against.m if against else None

    return (
        column(f"{other}_m", value=m),
        column(other, heading, meaning, wording.speedup, ratio, is_interval=True),
    )


def _lead(of: Callable[[beyond.Lead], str]) -> Callable[[Way], str]:
    return lambda way: of(way.lead) if way.lead else ""


COLUMNS = (
    column("row", "way", "row, and its threads or worker processes", is_text=True),
    column("threads", text=lambda way: way.many),
    column("m"),
    column("step_s", said=wording.time, is_interval=True),
    column(
        "overhead_s",
        "overhead",
        "of a step, beyond its share that grows with m [95 % interval]",
        _overhead,
        is_interval=True,
    ),
    column("example_s", said=wording.time, is_interval=True),
    column(
        "million_s",
        "per 10⁶ examples",
        "time for each million, at the largest m",
        wording.time,
        is_interval=True,
        in_csv=False,
    ),
    column("bytes_per_s", "X read", "bytes of X in a second, at the largest m", _rate),
    *_over("over_fused", "vs numba_fused", "speedup over it with as many threads"),
    *_over("over_chunks", "vs numba_chunks", "speedup over it with as many threads"),
    *_over("over_one", "vs numba_fused, 1 thread", "speedup over it"),
    column(
        "faster_since",
        "faster than one thread",
        "between which m it is faster than numba_fused with one thread",
        value=lambda way: way.lead.since if way.lead else None,
        text=lambda way: way.lead.start if way.lead else "–",
        is_text=True,
    ),
    column(
        "faster_until",
        value=lambda way: way.lead.until if way.lead else None,
        text=_lead(lambda lead: lead.end),
        is_text=True,
    ),
    column("off", "off the line", "how far the line lies from what was timed, at most", wording.percent),
)
WIDE = (
    *("row, threads", "overhead_s", "million_s", "bytes_per_s", "over_fused", "over_chunks", "over_one"),
    *("faster_since, faster_until", "off"),
)


def ways(facts: Facts) -> list[Table]:
    """Return a table for each family of ways."""
    return [_table(family, place, facts.run_id) for place, family in enumerate(facts.families)]


def _table(family: Family, place: int, run_id: str) -> Table:
    return Table(
        name="beyond",
        key=f"beyond-{place}",
        title=family.title,
        caption="One gradient step of logistic regression past one core and one memory, "
        f"{wording.shortened(family.title, 2 * NAME_ON_PAPER)}. Overhead is what a step takes beyond its "
        "share that grows with m; times, rates and ratios hold for the largest data. "
        "Brackets: 95 % intervals.",
        run_id=run_id,
        columns=COLUMNS,
        rows=family.ways,
        wide=WIDE,
        paper=(
            *("row / threads", "overhead_s", "million_s", "bytes_per_s"),
            *("over_fused", "over_chunks", "faster_since / faster_until"),
        ),
        terminal=("row / threads", "overhead_s", "million_s", "over_fused", "over_one"),
        setting=(("n_x", family.n_x), ("dtype", family.dtype)),
        said=tuple(beyond.verdict(family)),
    )
