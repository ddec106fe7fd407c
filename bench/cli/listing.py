"""The command `zeroloop list`."""

import click

from bench.cli.terminal import as_text, new_table
from bench.request import describe_row
from impls.data import problems
from impls.records import RECORDS, Record
from reports import wording
from reports.facts.comparison import counted


@click.command("list")
def list_rows() -> None:
    """Show all implementations and problems."""
    rows = new_table("row", "loops", "lines", "what it is", "status")
    for record in RECORDS:
        count = counted(describe_row(record))
        lines = wording.number(count.lines if count else None)
        rows.add_row(record.name, wording.number(record.loops), lines, record.title, _status(record))
    absent = sorted({name for row in RECORDS if _status(row) == "not installed" for name in row.absent})
    hint = f"For the rows that are not installed:\n  pip install {' '.join(absent)}\n\n" if absent else ""
    shapes = new_table("problem", "n_x", "m", "what it is")
    for shape in problems.SHAPES:
        shapes.add_row(shape.name, f"{shape.n_x:,}", f"{shape.m:,}", shape.title)
    click.echo(f"{as_text(rows)}\n\n{hint}{as_text(shapes)}")


def _status(record: Record) -> str:
    missing = record.missing
    return missing.status if missing else "ready"
