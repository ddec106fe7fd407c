"""The command line `zeroloop`: list, verify, run, compare, gallery, train, report, data.

Exit codes: 0; 1 for a row that failed, or a regression; 2 for a request that cannot be met, such as an
unknown option; 130 for a run that was interrupted.

Commands that write a page import `reports.write` themselves: with Matplotlib it takes a second to load, for
which the others do not wait.
"""

import io
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

import impls
from bench.cli.data_commands import data
from bench.cli.terminal import INTERRUPTED, Commands, data_options, progress, user_errors
from bench.cli.train import train
from bench.lanes import job as runs
from bench.lanes.ledger import Stale
from bench.lanes.plan import PRESETS, Asked, parse_duration
from bench.outcome import LeftOut, explain
from bench.selection import BadSelection, describe_row, display_name, select
from impls import registry
from impls.data import problems
from impls.truth.gate import TOLERANCE, gate_for
from reports import wording
from reports.facts.changes import Changes, changed
from reports.facts.comparison import compare, counted
from reports.facts.gathered import gather
from reports.facts.noise import not_citable
from reports.results import FAULTS, Results, read
from reports.tables import tables


class _Duration(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2
    """A time such as 5m, in seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Percentage(click.ParamType):  # type: ignore[type-arg]
    """A share such as 2%, as 0.02."""

    name = "PERCENT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the share."""
        found = re.fullmatch(r"([0-9]*\.?[0-9]+) ?%", str(value))
        if not found or not 0 < float(found[1]) < 1000:
            self.fail(f"{value!r} is no percentage; write 2% or 0.5%", param, ctx)
        return float(found[1]) / 100


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zeroloop", prog_name="zeroloop")
def main() -> None:
    """One gradient step of logistic regression, run in many ways.

    `zeroloop run` measures what can be cited; `pytest --benchmark-only` is a quick look.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks × and µ shows ? instead


main.add_command(data)
main.add_command(train)


@main.command("list")
def list_rows() -> None:
    """Show all implementations and problems."""
    there = (record for record in registry.RECORDS if _status(record) == "not installed")
    absent = sorted({name for record in there for name in registry.absent(record)})
    hint = f"For the rows that are not installed:\n  pip install {' '.join(absent)}\n\n" if absent else ""
    click.echo(f"{_as_text(_rows_table())}\n\n{hint}{_as_text(_problems_table())}")


@main.command()
@click.option("--impl", "rows", multiple=True, metavar="NAME|FILE.py", help="Row or own file; repeatable.")
@click.option("--problem", "names", multiple=True, metavar="NAME|NxM", help="Data; repeatable.")
@data_options
def verify(rows: tuple[str, ...], names: tuple[str, ...], dtype: str, threads: int | None) -> None:
    """Hold implementations to the oracle; exit 1 if one fails."""
    with user_errors():
        chosen = select(rows or impls.names(), names, [dtype], None if threads is None else [threads])
        (count,) = chosen.thread_counts
    table = _table("row", "problem", "error", "verdict")
    failed = 0
    with progress("verifying", len(chosen.problems) * len(chosen.rows)) as advance:
        for name in chosen.problems:
            for row in chosen.rows:
                error, why = _verdict(row, name, dtype, count)
                failed += why is not None and why.failed
                said = f"{why.status}: {why.reason}" if why else "agrees"
                table.add_row(display_name(row), name, wording.error(error), said)
                advance()
    click.echo(_as_text(table))
    click.echo(f"{failed} failed" if failed else f"all that ran agree, to {TOLERANCE[dtype]:.0e}")
    raise SystemExit(1 if failed else 0)


@main.command()
@click.argument("preset", type=click.Choice(sorted(PRESETS)), default="course")
@click.option("--impl", "rows", multiple=True, metavar="NAME|FILE.py", help="Row or own file; repeatable.")
@click.option("--problem", "problems", multiple=True, metavar="NAME|NxM", help="Data; repeatable.")
@click.option(
    "--dtype",
    "dtypes",
    multiple=True,
    type=click.Choice(problems.DTYPES),
    help="Repeatable.  [default: float64]",
)
@click.option(
    "--threads",
    "thread_counts",
    multiple=True,
    type=int,
    metavar="N",
    help="Repeatable.  [default: all cores]",
)
@click.option("--baseline", metavar="NAME", help="Row that gets a twin.  [default: numpy_zero_loop]")
@click.option(
    "--processes", type=click.IntRange(min=1), metavar="N", help="Of each row.  [default: by preset]"
)
@click.option(
    "--budget", "budget_s", type=_Duration(), help="Time for the whole run, such as 90s, 10m or 2h."
)
@click.option(
    "--until", type=_Percentage(), help="Add processes until all intervals are that narrow, such as 2%."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Results file; the report lies beside it.  [default: reports/out/run-DATE.json]",
)
@click.option(
    "--resume",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Go on with a run that was interrupted.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan and how long it takes.")
@click.pass_context
def run(ctx: click.Context, /, resume: Path | None, dry_run: bool, **asked: Any) -> None:
    """Measure so that it can be cited: each row in fresh processes.

    PRESET is quick (about a minute), course (five; the default) or full (a grid of sizes, up to 10^8
    numbers; half an hour or more). The report says what speaks against citing it.
    """
    with user_errors():
        job = _job(ctx, resume, asked)
        click.echo(runs.described(job))
        if dry_run:
            return
        from reports import write  # before anything is measured, in case it fails

        click.echo(f"results: {job.path}")
        try:
            found = runs.carry_out(job, Console(stderr=True))
        except KeyboardInterrupt:
            click.echo(f"interrupted; go on with: zeroloop run --resume {job.path}", err=True)
            raise SystemExit(INTERRUPTED) from None
        except (OSError, Stale) as error:
            kept = f"; what was finished is in {job.path}" if job.path.exists() else ""
            raise OSError(f"{error}{kept}") from None
        index = write.write_report(found.document, job.path.parent)
    _show_results(found)
    click.echo(f"report: {index}")
    raise SystemExit(1 if any(lost.status in FAULTS for lost in found.run.unmeasured) else 0)


@main.command("compare")
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--fail-on-regression",
    "limit",
    type=_Percentage(),
    help="Exit 1 for a row that is slower by more, such as 5%.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of a page with all rows and a figure.  [default: no page]",
)
def compare_runs(before: Path, after: Path, limit: float | None, output: Path | None) -> None:
    """Hold one results file to another, row by row."""
    with user_errors():
        changes = changed(read(before), read(after))
        if not changes.rows and not changes.broken:
            held = " and ".join(map(tables.contents_as_text, (changes.before, changes.after)))
            raise ValueError(f"{before} and {after} have no row on the same problem in common: {held}")
        page = None
        if output:
            from reports import write

            page = write.write_comparison(changes, output)
    click.echo(tables.changes_as_text(changes))
    regressions = [] if limit is None else _show_regressions(changes, limit)
    if page:
        click.echo(f"page: {page}")
    raise SystemExit(1 if regressions else 0)


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of the page, gallery.html.  [default: the folder that is read]",
)
def gallery(folder: Path, output: Path | None) -> None:
    """Put machines side by side: every results file below DIR.

    A class collects one file of each machine; the page shows what removing the loops brought on all of them.
    """
    from reports import write

    with user_errors():
        found = gather(folder)
        page = write.write_gallery(found, output or folder)
    click.echo(tables.gallery_as_text(found))
    click.echo(f"page: {page}")


@main.command()
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of the report.  [default: reports/out/RUN-ID]",
)
def report(results: Path, output: Path | None) -> None:
    """Build the report of a results file, from that file alone."""
    from reports import write

    with user_errors():
        found = read(results)
        folder = output or Path("reports") / "out" / found.run_id
        index = write.write_into(found.document, folder)
    _show_results(found)
    click.echo(f"report: {index}")


def _job(ctx: click.Context, resume: Path | None, asked: dict[str, Any]) -> runs.Job:
    if resume is None:
        output = asked.pop("output")
        return runs.new(Asked(**asked), output)
    by_hand = click.core.ParameterSource.COMMANDLINE
    given = [name for name in asked if name != "rows" and ctx.get_parameter_source(name) is by_hand]
    if given:
        raise BadSelection(f"--resume goes on with the plan in the file; leave out {_option(ctx, given[0])}")
    return runs.resumed(resume, asked["rows"])


def _option(ctx: click.Context, name: str) -> str:
    """Return what a parameter is called on the command line."""
    return next(max(one.opts, key=len) for one in ctx.command.params if one.name == name)


def _show_results(found: Results) -> None:
    comparisons = compare(found)
    click.echo(f"{tables.as_text(comparisons)}\n{tables.contest_as_text(comparisons)}")
    for reason in not_citable(found, comparisons):
        click.echo(f"not citable: {reason}")


def _show_regressions(changes: Changes, limit: float) -> list[str]:
    regressions = changes.regressions(limit)
    for said in regressions:
        click.echo(f"regression: {said}")
    if unsure := changes.unsure(limit):
        click.echo(
            f"{unsure} of {len(changes.rows)} intervals are too wide to rule out a regression of "
            f"{wording.percent(limit)}; `zeroloop run --until` narrows them"
        )
    return regressions


def _verdict(row: str, name: str, dtype: str, threads: int) -> tuple[float | None, LeftOut | None]:
    gate = gate_for(name, dtype)
    try:
        return gate.run(impls.load(row).prepare(gate.problem.X, gate.problem.Y, threads)), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit in a file ends the row and not the command
        why = explain(error, row)
        if why.failed:
            gate_for.cache_clear()
        return why.error, why


def _rows_table() -> Table:
    table = _table("row", "loops", "lines", "what it is", "status")
    for name in impls.names():
        found, count = registry.record(name), counted(describe_row(name))
        lines = wording.number(count.lines if count else None)
        table.add_row(name, wording.number(found.loops), lines, found.title, _status(found))
    return table


def _status(found: registry.Record) -> str:
    return (registry.missing(found) or "ready").partition(": ")[0]


def _problems_table() -> Table:
    table = _table("problem", "n_x", "m", "what it is")
    for shape in problems.SHAPES:
        table.add_row(shape.name, f"{shape.n_x:,}", f"{shape.m:,}", shape.title)
    return table


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        numeric = heading in ("loops", "lines", "n_x", "m", "error")
        whole = heading in ("row", "status")
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold", no_wrap=whole)
    return table


def _as_text(table: Table) -> str:
    return tables.printed(table, shutil.get_terminal_size().columns)
