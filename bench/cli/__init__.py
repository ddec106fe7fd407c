"""The command line `zeroloop`: a file for each command.

Exit codes: 0; 1 for a row that failed, or a regression; 2 for a request that cannot be met, such as an
unknown option; 4 where it cannot be told whether there is a regression; 130 for a run that was interrupted.

Commands that write a page import `reports.write` themselves: with Matplotlib it takes a second to load, for
which the others do not wait.
"""

import os

import click

from bench.cli.ab import ab
from bench.cli.compare import compare_runs
from bench.cli.data import data
from bench.cli.gallery import gallery
from bench.cli.listing import list_rows
from bench.cli.report import report
from bench.cli.run import run
from bench.cli.terminal import Commands
from bench.cli.train import train
from bench.cli.verify import verify


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zeroloop", prog_name="zeroloop")
def main() -> None:
    """One gradient step of logistic regression, run in many ways.

    `zeroloop run` measures what can be cited; `pytest --benchmark-only` is a quick look.
    """
    os.environ.pop("NUMBA_NUM_THREADS", None)  # --threads says how many


for command in (list_rows, verify, run, ab, compare_runs, gallery, train, report, data):
    main.add_command(command)
