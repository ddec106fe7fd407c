"""The command `zeroloop list`."""

import shutil
import textwrap

import click

from bench.cli.terminal import as_text, new_table
from bench.request import describe_row
from impls.data import problems
from impls.records import RECORDS, Record
from reports import wording
from reports.facts.sources import counted

_WIDEST = 100  # longer lines are hard to read
_LINE = " {:<20} {:>5} {:>6} {:>8}   {}"


@click.command("list")
def list_rows() -> None:
    """Show all implementations and problems.

    Wherever a command takes --impl, it takes your own file too; wherever it takes --problem, a size NxM too.
    """
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    rows = [_described(row, width) for row in RECORDS]
    click.echo("\n".join([_LINE.format("row", "loops", "lines", "prepare", "status"), *rows]))
    click.echo("\nYour own file is a row too: --impl FILE.py")
    if absent := sorted({name for row in RECORDS if _status(row) == "not installed" for name in row.absent}):
        click.echo(f"For the rows that are not installed:\n  pip install {' '.join(absent)}")
    shapes = new_table("problem", "n_x", "m", "what it is")
    for shape in problems.SHAPES:
        shapes.add_row(shape.name, f"{shape.n_x:,}", f"{shape.m:,}", shape.title)
    click.echo(f"\n{as_text(shapes)}\n\nAny other size is a problem too: --problem 128x10000 (n_x x m)")


def _described(row: Record, width: int) -> str:
    """Return a row's line, and below it what sets the row apart."""
    lines = [
        wording.number(count.lines if count else None) for count in counted(describe_row(row)) or (None, None)
    ]
    title = textwrap.fill(row.title, width, initial_indent="   ", subsequent_indent="   ")
    return f"{_LINE.format(row.name, wording.number(row.loops), *lines, _status(row))}\n{title}"


def _status(record: Record) -> str:
    return record.missing.status if record.missing else "ready"
