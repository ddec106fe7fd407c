"""The command `zeroloop verify`."""

import click

from bench.cli.options import dtype_option, problems_option, rows_option, threads_option
from bench.cli.terminal import as_text, new_table, progress, user_errors
from bench.outcome import LeftOut, explain
from bench.request import Setting, request
from impls import records, registry
from impls.records import Record
from impls.truth.gate import TOLERANCE, gate_for
from reports import wording


@click.command()
@rows_option
@problems_option
@dtype_option()
@threads_option()
def verify(rows: tuple[str, ...], problems: tuple[str, ...], dtype: str, threads: int | None) -> None:
    """Compare implementations with the oracle; exit 1 if one is wrong."""
    with user_errors():
        asked = request(rows or records.names(), problems, [dtype], [] if threads is None else [threads])
    table = new_table("row", "problem", "error", "verdict")
    failed = 0
    with progress("verifying", len(asked.settings) * len(asked.rows)) as advance:
        for setting in asked.settings:
            for row in asked.rows:
                error, why = _verdict(row, setting)
                failed += why is not None and why.failed
                said = f"{why.status}: {why.reason}" if why else "agrees"
                table.add_row(row.name, setting.shape.name, wording.error(error), said)
                advance()
    click.echo(as_text(table))
    click.echo(f"{failed} failed" if failed else f"all that ran agree, to {TOLERANCE[dtype]:.0e}")
    raise SystemExit(1 if failed else 0)


def _verdict(row: Record, setting: Setting) -> tuple[float | None, LeftOut | None]:
    """Return a row's error against the oracle, as far as there is one, and why the row does not agree."""
    gate = gate_for(setting.shape, setting.dtype)
    try:
        step = registry.loaded(row).prepare(gate.problem.X, gate.problem.Y, setting.threads)
        return gate.run(step), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit in a file ends the row and not the command
        why = explain(error, row)
        if why.failed:
            gate_for.cache_clear()  # the row may have damaged the data
        return why.error, why
