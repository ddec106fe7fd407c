"""The command `zeroloop gallery`."""

from pathlib import Path

import click

from bench.cli.options import folder_option
from bench.cli.terminal import user_errors
from reports.runs.gathered import gather
from reports.tables import in_terminal


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@folder_option("Folder of the page, gallery.html.", "the folder that is read")
def gallery(folder: Path, output: Path | None) -> None:
    """Put machines side by side: every results file below DIR.

    A class collects one file of each machine; the page shows what removing the loops brought on all of them.
    """
    from reports import write

    with user_errors():
        found = gather(folder)
        page = write.write_gallery(found, output or folder)
    click.echo(in_terminal.of_gallery(found))
    click.echo(f"page: {page}")
