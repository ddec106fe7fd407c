"""The commands `zeroloop data make` and `zeroloop data import`: data sets on disk.

Exit codes: 0; 2 for a request that cannot be met; 130 for a command that was interrupted.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from bench.cli.terminal import (
    INTERRUPTED,
    Command,
    Commands,
    dtype_option,
    ended_by_signals,
    progress,
    user_errors,
)
from bench.datasets.maker import Maker, described
from bench.datasets.table_import import import_table, opened_table
from bench.selection import check_threads
from impls import pools
from impls.data import problems
from impls.data.dataset import CHUNK_BYTES, opened
from reports import files

_SIZES = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


class _Shape(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2
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


class _Size(click.ParamType):  # type: ignore[type-arg]
    """A size such as 32MB, in bytes."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes."""
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kmg]i?b)", str(value).lower())
        if not found or not float(found[1]):
            self.fail(f"{value!r} is no size; write 500kB, 32MB or 1GB", param, ctx)
        return max(1, int(float(found[1]) * _SIZES[found[2]]))


class _DataSet(click.ParamType):  # type: ignore[type-arg]
    """The path of a new data set."""

    name = "DATA.zarr"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        path = Path(value)
        if path.suffix != ".zarr":
            self.fail(f"{str(value)!r}: the name of a data set ends in .zarr", param, ctx)
        return path


def _storage_options(command: Command) -> Command:
    for option in (
        click.option(
            "--chunk",
            "chunk_bytes",
            type=_Size(),
            default=f"{CHUNK_BYTES >> 20}MiB",
            show_default=True,
            help="What a chunk of X takes, at most, such as 500kB or 1GB.",
        ),
        dtype_option("float32"),
    ):
        command = option(command)
    return command


@click.group(cls=Commands)
def data() -> None:
    """Make data sets on disk, which may be larger than memory."""


@data.command()
@click.argument("path", type=_DataSet(), metavar="DATA.zarr")
@click.option(
    "--shape", type=_Shape(), required=True, metavar="NxM", help="Features x examples, such as 28x100000000."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="The same seed and n_x give the same numbers.",
)
@_storage_options
@click.option("--threads", type=int, metavar="N", help="Chunks made at once.  [default: all cores]")
def make(
    path: Path, shape: tuple[int, int], seed: int, dtype: str, chunk_bytes: int, threads: int | None
) -> None:
    """Make a synthetic data set: normal features, logistic labels.

    After Ctrl-C, or worse, the same command goes on.
    """
    maker = Maker(path, *shape, dtype, chunk_bytes, seed)
    with user_errors():
        if threads is not None:
            check_threads(threads)
        files.check_writable(path.parent)
        with (
            _interruptible(lambda: f"{maker.so_far}: the same command goes on"),
            progress("making", maker.chunks * maker.stored_bytes, in_bytes=True) as advance,
        ):
            maker.run(threads or pools.available(), advance)
        click.echo(described(opened(path)))


@data.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--label", required=True, metavar="COLUMN", help="Column of labels: its name, or number from 0."
)
@click.option(
    "-o",
    "--output",
    type=_DataSet(),
    metavar="DATA.zarr",
    help="[default: named like FILE, in the current folder]",
)
@_storage_options
def import_file(file: Path, label: str, output: Path | None, dtype: str, chunk_bytes: int) -> None:
    """Turn a table in CSV or Parquet into a data set.

    FILE may end in .csv, .csv.gz, .csv.bz2, .csv.zst or .parquet. Each row is an example: one column is its
    label, 0 or 1, the others are its features. A first line that is all numbers is no header.
    """
    path = output or Path(f"{file.name.split('.')[0]}.zarr")
    with user_errors():
        table = opened_table(file)
        column = table.find(label)
        files.check_writable(path.parent)
        with (
            _interruptible(lambda: "nothing was kept"),
            progress("importing", file.stat().st_size, in_bytes=True) as advance,
        ):
            import_table(table, column, path, dtype, chunk_bytes, advance)
        click.echo(described(opened(path)))


@contextmanager
def _interruptible(outcome: Callable[[], str]) -> Iterator[None]:
    """Turn Ctrl-C into one line and exit code 130."""
    try:
        with ended_by_signals():
            yield
    except KeyboardInterrupt:
        click.echo(f"interrupted; {outcome()}", err=True)
        raise SystemExit(INTERRUPTED) from None
