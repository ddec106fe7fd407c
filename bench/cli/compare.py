"""The command `zeroloop compare`."""

from pathlib import Path

import click

from bench.cli.options import FILE_TO_READ, Percentage, folder_option
from bench.cli.terminal import CANNOT_TELL, user_errors
from bench.request import BadRequest
from reports import wording
from reports.reading import read
from reports.runs.changes import Changes, changed
from reports.tables import in_terminal
from reports.tables.console import filled

_EXIT_CODES = """\b
Exit codes with --fail-on-regression 5%:
  0  no row is slower by 5 %, as all intervals show
  1  a row is slower, and by more than 5 % as far as is known, or it fails
  4  that cannot be told: an interval allows it, or a row has no time any more
"""


@click.command("compare", epilog=_EXIT_CODES)
@click.argument("before", type=FILE_TO_READ)
@click.argument("after", type=FILE_TO_READ)
@click.option(
    "--fail-on-regression",
    "limit",
    type=Percentage(),
    help="Exit with 1 or 4 if a row is, or may be, slower by more than this, such as 5%.",
)
@folder_option("Folder of a page with all rows and a figure.", "no page")
def compare_runs(before: Path, after: Path, limit: float | None, output: Path | None) -> None:
    """Compare two results files, row by row.

    A row is judged by its speedup over the baseline that stands beside it in both runs; by its times, which
    says less, if there is none. To learn whether a change made your file faster, use `zeroloop ab`.
    """
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
    code = 0 if limit is None or changes.is_same_run else _judged(changes, limit)
    if page:
        click.echo(f"page: {page}")
    raise SystemExit(code)


def _judged(changes: Changes, limit: float) -> int:
    """Print what is, and what may be, slower by more than a share; return the exit code."""
    regressions, unsure = changes.regressions(limit), changes.unsure(limit)
    for said in regressions:
        click.echo(filled(f"regression: {said}"))
    if unsure:
        rows = f"{wording.counted(len(unsure), 'row')} may be slower by {wording.percent(limit)}"
        narrower = "`zeroloop run --until` narrows intervals"
        click.echo(filled(f"cannot tell: {rows}, such as {unsure[0]}; {narrower}"))
    return 1 if regressions else CANNOT_TELL if unsure else 0
