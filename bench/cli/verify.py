"""The command `zeroloop verify`."""

from contextlib import ExitStack

import click

from bench.cli.options import dtype_option, problems_option, rows_option, threads_option
from bench.cli.terminal import as_text, new_table, progress, user_errors
from bench.lanes.apart import Apart, apart
from bench.lanes.harness import Lost
from bench.outcome import LeftOut, explain
from bench.request import Setting, request
from impls import records, registry
from impls.records import Record
from impls.truth.gate import TOLERANCE, gate_for
from reports import wording
from reports.results import FAULTS


@click.command()
@rows_option
@problems_option
@dtype_option()
@threads_option()
def verify(rows: tuple[str, ...], problems: tuple[str, ...], dtype: str, threads: int | None) -> None:
    """Compare implementations with the oracle; exit 1 if one is wrong.

    Your own file runs in a process of its own, compiled anew, and is called up to 20 times.
    """
    with user_errors():
        asked = request(rows or records.names(), problems, [dtype], [] if threads is None else [threads])
    table = new_table("row", "problem", "error", "verdict")
    failed, own_rows = 0, [row for row in asked.rows if row.is_own]
    with user_errors(), ExitStack() as stack:
        own = stack.enter_context(apart(own_rows, asked.thread_counts[0])) if own_rows else None
        advance = stack.enter_context(progress("verifying", len(asked.settings) * len(asked.rows)))
        for setting in asked.settings:
            for row in asked.rows:
                error, why = _verdict(row, setting, own)
                failed += why is not None and why.status in FAULTS
                said = f"{why.status}: {why.reason}" if why else "agrees"
                table.add_row(row.name, setting.shape.name, wording.error(error), said)
                advance()
    click.echo(as_text(table))
    click.echo(f"{failed} failed" if failed else f"all that ran agree, to {TOLERANCE[dtype]:.0e}")
    raise SystemExit(1 if failed else 0)


def _verdict(row: Record, setting: Setting, own: Apart | None) -> tuple[float | None, LeftOut | None]:
    """Return a row's error against the oracle, as far as there is one, and why the row does not agree."""
    gate = gate_for(setting.shape, setting.dtype)
    if own and row.is_own:
        try:
            return own.verify(row, gate), None
        except Lost as lost:
            return lost.why.error, lost.why
    try:
        return gate.run(registry.loaded(row).prepare(gate.problem.X, gate.problem.Y, setting.threads)), None
    except Exception as error:
        why = explain(error, row)
        if why.failed:
            gate_for.cache_clear()  # the row may have damaged the data
        return why.error, why
