"""The command `zeroloop ab`."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bench.cli.options import (
    Percentage,
    dtypes_option,
    measuring_options,
    problems_option,
    thread_counts_option,
)
from bench.cli.run import measured, refuse_all_but
from bench.cli.terminal import CANNOT_TELL, user_errors
from bench.lanes import job as jobs
from bench.planning.plan import Asked
from bench.planning.presets import AB
from bench.request import BadRequest
from bench.versions import versions
from impls.records import Record
from reports.facts import duel
from reports.facts.facts import Facts
from reports.facts.intervals import Interval
from reports.results import FAULTS
from reports.tables.console import filled

_EXIT_CODES = """\b
Exit codes:
  0  NEW is not slower by the limit (5 %) or more, as all intervals show
  1  NEW is slower than OLD, by an estimate above the limit, or it fails
  4  the intervals are too wide to tell; --until 2% narrows them
"""


@click.command(epilog=_EXIT_CODES)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@problems_option
@dtypes_option("float64")
@thread_counts_option("all cores")
@click.option(
    "--fail-on-regression",
    "limit",
    type=Percentage(),
    default="5%",
    show_default=True,
    help="How much slower NEW must be for exit code 1.",
)
@measuring_options
@click.pass_context
def ab(ctx: click.Context, /, old: str, new: str, limit: float, resume: Path | None, **asked: Any) -> None:
    """Tell whether NEW is faster than OLD, by one run of both.

    Each is a file with a function step(w, b, X, Y), such as mine.py; or the file at a revision of git, such
    as mine.py@HEAD~1, with the Python files beside it; or the name of a row. This takes two minutes.
    """
    with user_errors(), tempfile.TemporaryDirectory(prefix="zeroloop-", ignore_cleanup_errors=True) as folder:
        rows = versions((old, new), Path(folder))
        job = _job(ctx, rows, resume, asked)
        click.echo(jobs.described(job))
        found = measured(job, ["zeroloop", "ab", old, new, "--resume", str(job.path)])
    outcomes = duel.outcomes(Facts(found), *(row.name for row in rows))
    for one in outcomes:
        click.echo(filled(one.said))
    has_failed = any(lost.row == rows[1].name and lost.status in FAULTS for lost in found.run.unmeasured)
    raise SystemExit(1 if has_failed else _code([one.ratio for one in outcomes], limit))


def _job(ctx: click.Context, rows: Sequence[Record], resume: Path | None, asked: dict[str, Any]) -> jobs.Job:
    """Plan a run of two rows, or what is left of one; raises BadRequest, BadResults, OSError."""
    if resume is None:
        output = asked.pop("output")
        return jobs.new(Asked(AB, tuple(rows), baseline=rows[0].name, **asked), output)
    refuse_all_but(ctx, "resume", "old", "new", "limit")
    job = jobs.resumed(resume, [row for row in rows if row.is_own])
    if {*job.selected.rows} != {*rows}:
        raise BadRequest(f"{resume}: it compares {' and '.join(row.name for row in job.selected.rows)}")
    return job


def _code(ratios: Sequence[Interval | None], limit: float) -> int:
    if any(ratio and ratio.is_slower(limit) for ratio in ratios):
        return 1
    return CANNOT_TELL if any(ratio is None or ratio.may_be_slower(limit) for ratio in ratios) else 0
