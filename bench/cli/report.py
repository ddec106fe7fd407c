"""The command `zeroloop report`."""

from pathlib import Path

import click

from bench.cli.options import FILE_TO_READ, folder_option
from bench.cli.terminal import show_results, user_errors
from reports.reading import read


@click.command()
@click.argument("results", type=FILE_TO_READ)
@folder_option("Folder of the report.", "reports/out/RUN-ID")
def report(results: Path, output: Path | None) -> None:
    """Build the report of a results file, from that file alone."""
    from reports import write

    with user_errors():
        found = read(results)
        folder = output or Path("reports") / "out" / found.run_id
        index = write.write_into(found.document, folder)
    show_results(found)
    click.echo(f"report: {index}")
