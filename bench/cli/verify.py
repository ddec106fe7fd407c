"""The command `zeroloop verify`."""

import click

from bench.cli.options import data_options, problems_option, rows_option
from bench.cli.terminal import as_text, new_table, progress, user_errors
from bench.outcome import LeftOut, explain
from bench.request import request
from impls import records, registry
from impls.data.problems import Shape
from impls.records import Record
from impls.truth.gate import TOLERANCE, gate_for
from reports import wording


@click.command()
@rows_option
@problems_option
@data_options
def verify(rows: tuple[str, ...], names: tuple[str, ...], dtype: str, threads: int | None) -> None:
    """Compare implementations with the oracle; exit 1 if one is wrong."""
    with user_errors():
        asked = request(rows or records.names(), names, [dtype], [threads] if threads is not None else [])
        (count,) = asked.thread_counts
    table = new_table("row", "problem", "error", "verdict")
    failed = 0
    with progress("verifying", len(asked.shapes) * len(asked.rows)) as advance:
        for shape in asked.shapes:
            for row in asked.rows:
                error, why = _verdict(row, shape, dtype, count)
                failed += why is not None and why.failed
                said = f"{why.status}: {why.reason}" if why else "agrees"
                table.add_row(row.name, shape.name, wording.error(error), said)
                advance()
    click.echo(as_text(table))
    click.echo(f"{failed} failed" if failed else f"all that ran agree, to {TOLERANCE[dtype]:.0e}")
    raise SystemExit(1 if failed else 0)


def _verdict(row: Record, shape: Shape, dtype: str, threads: int) -> tuple[float | None, LeftOut | None]:
    gate = gate_for(shape, dtype)
    try:
        return gate.run(registry.loaded(row).prepare(gate.problem.X, gate.problem.Y, threads)), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit in a file ends the row and not the command
        why = explain(error, row)
        if why.failed:
            gate_for.cache_clear()
        return why.error, why
