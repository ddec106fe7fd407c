"""The command `zeroloop run`."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench.cli.options import FILE_TO_READ, FILE_TO_WRITE, Duration, Percentage, rows_option
from bench.cli.terminal import INTERRUPTED, show_results, user_errors
from bench.lanes import job as jobs
from bench.lanes.ledger import Stale
from bench.lanes.plan import Asked
from bench.lanes.presets import PRESETS
from bench.request import BadRequest
from impls.data import problems
from reports.results import FAULTS

_PRESETS = "\n".join(f"{name:8} {preset.about}" for name, preset in PRESETS.items())
_HELP = f"""Measure times that can be cited: each row in fresh processes.

PRESET says what is measured, where no option chooses:

\b
{_PRESETS}

The report says what speaks against citing it.
"""


@click.command(help=_HELP)
@click.argument("preset", type=click.Choice(sorted(PRESETS)), default="course")
@rows_option
@click.option("--problem", "problems", multiple=True, metavar="NAME|NxM", help="Data; repeatable.")
@click.option(
    "--dtype",
    "dtypes",
    multiple=True,
    type=click.Choice(problems.DTYPES),
    help="Repeatable.  [default: by preset]",
)
@click.option(
    "--threads",
    "thread_counts",
    multiple=True,
    type=int,
    metavar="N",
    help="Repeatable.  [default: by preset]",
)
@click.option("--baseline", metavar="NAME", help="Row that gets a twin.  [default: numpy_zero_loop]")
@click.option(
    "--processes", type=click.IntRange(min=1), metavar="N", help="Of each row.  [default: by preset]"
)
@click.option(
    "--budget",
    "budget_s",
    type=Duration(),
    help="Time for the whole run, such as 10m; the rest is skipped.",
)
@click.option(
    "--until", type=Percentage(), help="Add processes until all intervals are that narrow, such as 2%."
)
@click.option(
    "-o",
    "--output",
    type=FILE_TO_WRITE,
    metavar="FILE",
    help="Results file; the report lies beside it.  [default: reports/out/run-DATE.json]",
)
@click.option(
    "--resume",
    type=FILE_TO_READ,
    metavar="FILE",
    help="Resume a run that was interrupted.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan and how long it takes.")
@click.pass_context
def run(ctx: click.Context, /, resume: Path | None, dry_run: bool, **asked: Any) -> None:
    """Measure, and write the report."""
    with user_errors():
        job = _job(ctx, resume, asked)
        click.echo(jobs.described(job))
        if dry_run:
            return
        from reports import write  # before anything is measured, in case it fails

        click.echo(f"results: {job.path}")
        try:
            found = jobs.carry_out(job, Console(stderr=True))
        except KeyboardInterrupt:
            click.echo(f"interrupted; resume it by: zeroloop run --resume {job.path}", err=True)
            raise SystemExit(INTERRUPTED) from None
        except (OSError, Stale) as error:
            kept = f"; what was finished is in {job.path}" if job.path.exists() else ""
            raise OSError(f"{error}{kept}") from None
        index = write.write_report(found.document, job.path.parent)
    show_results(found)
    click.echo(f"report: {index}")
    raise SystemExit(1 if any(lost.status in FAULTS for lost in found.run.unmeasured) else 0)


def _job(ctx: click.Context, resume: Path | None, asked: dict[str, Any]) -> jobs.Job:
    if resume is None:
        output = asked.pop("output")
        return jobs.new(Asked(**asked), output)
    by_hand = click.core.ParameterSource.COMMANDLINE
    given = [name for name in asked if name != "rows" and ctx.get_parameter_source(name) is by_hand]
    if given:
        raise BadRequest(f"--resume takes the plan from the file; leave out {_option(ctx, given[0])}")
    return jobs.resumed(resume, asked["rows"])


def _option(ctx: click.Context, name: str) -> str:
    """Return what a parameter is called on the command line."""
    return next(max(one.opts, key=len) for one in ctx.command.params if one.name == name)
