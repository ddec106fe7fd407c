"""Options that several commands have, and the types of what users write: 5m, 2%, 28x1000000, 32MB."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bench.planning.plan import parse_duration
from impls.data import problems

Command = TypeVar("Command", bound=Callable[..., Any])
_SIZES = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
FILE_TO_READ = click.Path(exists=True, dir_okay=False, path_type=Path)
FILE_TO_WRITE = click.Path(dir_okay=False, path_type=Path)

rows_option = click.option(
    "--impl", "rows", multiple=True, metavar="NAME|FILE.py", help="Row or your own file; repeatable."
)
problems_option = click.option(
    "--problem",
    "problems",
    multiple=True,
    metavar="NAME|NxM",
    help="Data: a name, or features x examples such as 128x10000; repeatable.",
)


def dtype_option(default: str = "float64") -> Callable[[Command], Command]:
    """Return the option --dtype, for one type."""
    return click.option(
        "--dtype",
        type=click.Choice(problems.DTYPES),
        default=default,
        show_default=True,
        help="Floating point type.",
    )


def threads_option(what: str = "Threads that a step may use.") -> Callable[[Command], Command]:
    """Return the option --threads, for one number of threads; `what` says of which."""
    return click.option("--threads", type=int, metavar="N", help=f"{what}  [default: all cores]")


def dtypes_option(default: str) -> Callable[[Command], Command]:
    """Return the option --dtype, for several types."""
    return click.option(
        "--dtype",
        "dtypes",
        multiple=True,
        type=click.Choice(problems.DTYPES),
        help=f"Floating point type; repeatable.  [default: {default}]",
    )


def thread_counts_option(default: str) -> Callable[[Command], Command]:
    """Return the option --threads, for several numbers of threads."""
    return click.option(
        "--threads",
        "thread_counts",
        multiple=True,
        type=int,
        metavar="N",
        help=f"Threads that a step may use; repeatable.  [default: {default}]",
    )


def measuring_options(command: Command) -> Command:
    """Add what all commands have that measure: how long, and where to."""
    for option in (
        click.option(
            "--resume", type=FILE_TO_READ, metavar="FILE", help="Continue a run that was interrupted."
        ),
        click.option(
            "-o",
            "--output",
            type=FILE_TO_WRITE,
            metavar="FILE",
            help="Results file; the report is written beside it.  [default: reports/out/run-DATE.json]",
        ),
        click.option(
            "--until",
            type=Percentage(),
            help="Add processes until every interval is this narrow, such as 2%.",
        ),
        click.option(
            "--budget",
            "budget_s",
            type=Duration(),
            help="Time for the whole run, such as 10m; the rest is skipped.",
        ),
    ):
        command = option(command)
    return command


def folder_option(what: str, default: str) -> Callable[[Command], Command]:
    """Return the option --output, for the folder of a page."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help=f"{what}  [default: {default}]",
    )


def given(ctx: click.Context) -> set[str]:
    """Return the names of the parameters that the user wrote on the command line."""
    by_hand = click.core.ParameterSource.COMMANDLINE
    return {name for name in ctx.params if ctx.get_parameter_source(name) is by_hand}


def spelled(ctx: click.Context, name: str) -> str:
    """Return what users call an option, given its parameter's name: "--impl" for "rows"."""
    return next(max(one.opts, key=len) for one in ctx.command.params if one.name == name)


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2
    """A time such as 5m, in seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Percentage(click.ParamType):  # type: ignore[type-arg]
    """A share such as 2%, as 0.02."""

    name = "PERCENT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the share."""
        found = re.fullmatch(r"([0-9]*\.?[0-9]+) ?%", str(value))
        if not found or not 0 < float(found[1]) < 1000:
            self.fail(f"{value!r} is no percentage; write 2% or 0.5%", param, ctx)
        return float(found[1]) / 100


class ShapeType(click.ParamType):  # type: ignore[type-arg]
    """A shape such as 28x100000000, as n_x and m."""

    name = "NxM"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Return n_x and m."""
        found = problems.sized(str(value))
        if found is None:
            self.fail(f"{value!r} is no shape; write 28x1000000, features x examples", param, ctx)
        return found


class SizeType(click.ParamType):  # type: ignore[type-arg]
    """A size such as 32MB, in bytes."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes."""
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kmg]i?b)", str(value).lower())
        if not found or not float(found[1]):
            self.fail(f"{value!r} is no size; write 500kB, 32MB or 1GB", param, ctx)
        return max(1, int(float(found[1]) * _SIZES[found[2]]))


class DataSetPath(click.ParamType):  # type: ignore[type-arg]
    """The path of a new data set."""

    name = "DATA.zarr"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        path = Path(value)
        if path.suffix != ".zarr":
            self.fail(f"{str(value)!r}: the name of a data set ends in .zarr", param, ctx)
        return path
