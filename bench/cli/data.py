"""The commands `zeroloop data make` and `zeroloop data import`: data sets on disk."""

from pathlib import Path

import click

from bench.cli.options import (
    FILE_TO_READ,
    DataSetPath,
    ShapeType,
    SizeType,
    dtype_option,
    threads_option,
)
from bench.cli.terminal import Commands, progress, says_if_interrupted, user_errors
from bench.datasets.maker import Maker, described
from bench.datasets.table_import import import_table
from bench.datasets.tables import opened_table
from bench.request import check_threads
from impls import pools
from impls.data.chunk_size import CHUNK_BYTES
from impls.data.dataset import opened
from reports import files

_chunk_option = click.option(
    "--chunk",
    "chunk_bytes",
    type=SizeType(),
    default=f"{CHUNK_BYTES >> 20}MiB",
    show_default=True,
    help="Largest size of a chunk of X, such as 500kB or 1GB.",
)


@click.group(cls=Commands)
def data() -> None:
    """Make data sets on disk, which may be larger than memory."""


@data.command()
@click.argument("path", type=DataSetPath(), metavar="DATA.zarr")
@click.option(
    "--shape",
    type=ShapeType(),
    required=True,
    metavar="NxM",
    help="Features x examples, such as 28x100000000.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="The same seed and n_x give the same numbers.",
)
@dtype_option("float32")
@_chunk_option
@threads_option("Chunks that are made at once.")
def make(
    path: Path, shape: tuple[int, int], seed: int, dtype: str, chunk_bytes: int, threads: int | None
) -> None:
    """Make a synthetic data set: normal features, logistic labels.

    If it is interrupted, or the power fails, the same command continues where it was.
    """
    maker = Maker(path, *shape, dtype, chunk_bytes, seed)
    with user_errors():
        if threads is not None:
            check_threads(threads)
        files.check_writable(path.parent)
        with (
            says_if_interrupted(lambda: f"{maker.so_far}: the same command continues"),
            progress("making", maker.chunks * maker.stored_bytes, in_bytes=True) as advance,
        ):
            maker.run(threads or pools.available(), advance)
        click.echo(described(opened(path)))


@data.command("import")
@click.argument("file", type=FILE_TO_READ, metavar="FILE")
@click.option(
    "--label", required=True, metavar="COLUMN", help="Column of labels: its name, or number from 0."
)
@click.option(
    "-o",
    "--output",
    type=DataSetPath(),
    metavar="DATA.zarr",
    help="[default: named like FILE, in the current folder]",
)
@dtype_option("float32")
@_chunk_option
def import_file(file: Path, label: str, output: Path | None, dtype: str, chunk_bytes: int) -> None:
    """Turn a table in CSV or Parquet into a data set.

    FILE may end in .csv, .csv.gz, .csv.bz2, .csv.zst or .parquet. Each row is an example: one column is its
    label, 0 or 1, the others are its features. A first line of numbers only is data, not a header.
    """
    path = output or Path(f"{file.name.split('.')[0]}.zarr")
    with user_errors():
        table = opened_table(file)
        column = table.find(label)
        files.check_writable(path.parent)
        with (
            says_if_interrupted(lambda: "nothing was kept"),
            progress("importing", file.stat().st_size, in_bytes=True) as advance,
        ):
            import_table(table, column, path, dtype, chunk_bytes, advance)
        click.echo(described(opened(path)))
