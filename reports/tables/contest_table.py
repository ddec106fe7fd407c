"""The table of the contest: our fastest row against the fastest peer, a row for each match."""

from operator import attrgetter

from reports import wording
from reports.facts.facts import Facts
from reports.tables.description import Column, Table, column


def _attribute(path: str, key: str, heading: str, is_text: bool = False) -> Column:
    return column(key, heading, value=attrgetter(path), is_text=is_text)


def _threads(side: str, key: str) -> Column:
    count = attrgetter(f"{side}.threads")
    return column(key, "threads", value=count, text=lambda match: wording.threads(count(match)))


def _step(side: str, key: str) -> Column:
    step_s = attrgetter(f"{side}.line.step_s")
    return column(
        key,
        "step",
        value=step_s,
        text=lambda match: wording.seconds(step_s(match).estimate),
        is_interval=True,
    )


COLUMNS = (
    _attribute("problem.name", "problem", "problem", is_text=True),
    _attribute("problem.n_x", "n_x", "n_x"),
    _attribute("problem.m", "m", "m"),
    column("dtype", "dtype", is_text=True),
    _attribute("ours.line.name", "row", "ours", is_text=True),
    _threads("ours", "threads"),
    column("count", "threads", value=attrgetter("ours.threads"), in_csv=False),
    column("prepare_s", "prepare", said=wording.seconds, value=attrgetter("ours.line.prepare_s")),
    _step("ours", "step_s"),
    _attribute("rival.line.name", "peer", "best peer", is_text=True),
    _threads("rival", "peer_threads"),
    column("peer_count", "threads", value=attrgetter("rival.threads"), in_csv=False),
    _step("rival", "peer_step_s"),
    column("over_peer", "times as fast", said=wording.speedup, value=attrgetter("ratio"), is_interval=True),
    column("share", "share of light", said=wording.share, value=attrgetter("ours.line.share")),
)
ON_PAGE = (
    *("problem", "dtype", "row / step_s, threads", "prepare_s"),
    *("peer / peer_step_s, peer_threads", "over_peer", "share"),
)


def contest(facts: Facts) -> list[Table]:
    """Return one table of all matches; none without a match."""
    if not facts.contest:
        return []
    table = Table(
        name="contest",
        key="contest",
        title="Our fastest row against the fastest peer",
        caption="Our fastest row against the fastest peer, in one gradient step of logistic regression. "
        "Brackets: 95 % intervals.",
        run_id=facts.run_id,
        columns=COLUMNS,
        rows=facts.contest,
        wide=(
            *("problem", "dtype", "row, threads", "prepare_s", "step_s"),
            *("peer, peer_threads", "peer_step_s", "over_peer", "share"),
        ),
        paper=(
            *("problem / dtype", "row / threads", "step_s / prepare_s"),
            *("peer / peer_threads", "peer_step_s", "over_peer", "share"),
        ),
        terminal=(
            *("problem / dtype", "row / step_s, count / prepare_s"),
            *("peer / peer_step_s, peer_count", "over_peer", "share"),
        ),
        note=facts.contest_summary,
    )
    return [table]
