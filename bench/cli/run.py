"""The command `zeroloop run`."""

import shlex
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench.cli.options import (
    dtypes_option,
    given,
    measuring_options,
    problems_option,
    rows_option,
    spelled,
    thread_counts_option,
)
from bench.cli.terminal import (
    Unmet,
    lack_of_memory,
    message_of,
    says_if_interrupted,
    show_results,
    user_errors,
)
from bench.lanes import job as jobs
from bench.planning.plan import Asked
from bench.planning.presets import AB, PRESETS
from bench.request import BadRequest
from bench.signals import INTERRUPTED
from impls import records
from impls.errors import UserError
from reports.results import FAULTS, MOST_PROCESSES, Results

_PRESETS = "\n".join(
    textwrap.fill(f"{name:8} {preset.about}", 76, subsequent_indent=" " * 9)
    for name, preset in PRESETS.items()
    if name != AB
)
_HELP = f"""Measure times that can be cited: each row in fresh processes.

PRESET says what is measured, where no option chooses:

\b
{_PRESETS}

The report says what speaks against citing it.
"""


@click.command(help=_HELP)
@click.argument("preset", type=click.Choice(sorted({*PRESETS} - {AB})), default="course")
@rows_option
@problems_option
@dtypes_option("set by PRESET")
@thread_counts_option("set by PRESET")
@click.option(
    "--baseline", metavar="NAME", help="Row that runs twice, to show the noise.  [default: numpy_zero_loop]"
)
@click.option(
    "--processes",
    type=click.IntRange(1, MOST_PROCESSES),
    metavar="N",
    help="Processes of each row.  [default: set by PRESET]",
)
@measuring_options
@click.option("--dry-run", is_flag=True, help="Show the plan and how long it takes.")
@click.pass_context
def run(ctx: click.Context, /, resume: Path | None, dry_run: bool, **asked: Any) -> None:
    """Measure, and write the report."""
    with user_errors():
        job = _job(ctx, resume, asked)
        click.echo(jobs.described(job))
        if dry_run:
            return
        own = [f"--impl={row.own_path}" for row in job.selected.rows if row.own_path]
        found = measured(job, ["zeroloop", "run", "--resume", str(job.path), *own])
    raise SystemExit(1 if any(lost.status in FAULTS for lost in found.run.unmeasured) else 0)


def _job(ctx: click.Context, resume: Path | None, asked: dict[str, Any]) -> jobs.Job:
    """Plan a run, or what is left of one; raises BadRequest, BadResults, OSError."""
    if resume is None:
        output = asked.pop("output")
        return jobs.new(Asked(**asked), output)
    refuse_all_but(ctx, "resume", "rows", "dry_run")
    return jobs.resumed(resume, [*map(records.find, asked["rows"])])


def refuse_all_but(ctx: click.Context, *allowed: str) -> None:
    """Raise BadRequest for an option of another plan, beside --resume."""
    for name in ctx.params:
        if name not in allowed and name in given(ctx):
            what = spelled(ctx, name)
            raise BadRequest(f"--resume continues with the plan in the file; leave out {what}")


def measured(job: jobs.Job, again: Sequence[str]) -> Results:
    """Measure, write the report and show it; `again` is the command that continues what is interrupted."""
    from reports.write import write_report  # before anything is measured, in case it fails

    click.echo(f"results: {job.path}")
    found = _carried_out(job, again)
    with _all_is_measured(job.path):
        index = write_report(found.document, job.path.parent)
    show_results(found)
    click.echo(f"report: {index}")
    return found


def _carried_out(job: jobs.Job, again: Sequence[str]) -> Results:
    """Measure; whatever ends that early, say what is kept."""
    try:
        return jobs.carry_out(job, Console(stderr=True))
    except KeyboardInterrupt:
        kept = f"; continue with: {shlex.join(again)}" if job.path.exists() else ""
        click.echo(f"interrupted{kept}", err=True)
        raise SystemExit(INTERRUPTED) from None
    except (OSError, UserError, MemoryError) as error:
        kept = f"; what was finished is in {job.path}" if job.path.exists() else ""
        raise Unmet(f"{lack_of_memory(error) or message_of(error)}{kept}") from None


@contextmanager
def _all_is_measured(path: Path) -> Iterator[None]:
    """Whatever ends the writing of the report, say how to make it."""
    advice = f"all is measured; make the report with: {shlex.join(['zeroloop', 'report', str(path)])}"
    try:
        with says_if_interrupted(lambda: advice):
            yield
    except OSError as error:
        raise OSError(f"{message_of(error)}; {advice}") from None
