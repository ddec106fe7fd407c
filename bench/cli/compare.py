"""The command `zeroloop compare`."""

from pathlib import Path

import click

from bench.cli.options import FILE_TO_READ, Percentage, folder_option
from bench.cli.terminal import user_errors
from bench.request import BadRequest
from reports import wording
from reports.reading import read
from reports.runs.changes import Changes, changed
from reports.tables import in_terminal


@click.command("compare")
@click.argument("before", type=FILE_TO_READ)
@click.argument("after", type=FILE_TO_READ)
@click.option(
    "--fail-on-regression",
    "limit",
    type=Percentage(),
    help="Exit 1 if a row is slower by more than this, such as 5%.",
)
@folder_option("Folder of a page with all rows and a figure.", "no page")
def compare_runs(before: Path, after: Path, limit: float | None, output: Path | None) -> None:
    """Compare two results files, row by row."""
    with user_errors():
        changes = changed(read(before), read(after))
        if not changes.rows and not changes.broken:
            held = " and ".join(map(in_terminal.contents, (changes.before, changes.after)))
            raise BadRequest(f"{before} and {after} have no row on the same problem in common: {held}")
        page = None
        if output:
            from reports import write

            page = write.write_comparison(changes, output)
    click.echo(in_terminal.of_changes(changes))
    regressions = [] if limit is None else _show_regressions(changes, limit)
    if page:
        click.echo(f"page: {page}")
    raise SystemExit(1 if regressions else 0)


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
