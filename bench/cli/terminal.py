"""What the commands share: help with names, messages of one line, progress."""

import difflib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import click
from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from bench.signals import INTERRUPTED, ended_by_signals, interruptible
from impls.errors import UserError
from reports import wording
from reports.facts.facts import Facts
from reports.results import Results
from reports.tables import console, in_terminal

CANNOT_TELL = 4  # exit code where intervals are too wide for an answer


class Commands(click.Group):
    """A group that offers near matches for a command it does not know, and ends well whatever comes."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; fails with an offer where there is none."""
        if self.get_command(ctx, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            offer = (
                f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(self.list_commands(ctx))}."
            )
            ctx.fail(f"No such command {args[0]!r}. {offer}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; where it says nothing itself of Ctrl-C or a lack of memory, one line does."""
        try:
            with interruptible():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            raise SystemExit(INTERRUPTED) from None
        except (MemoryError, RuntimeError) as error:
            if said := lack_of_memory(error):
                raise Unmet(said) from None
            raise


@contextmanager
def says_if_interrupted(outcome: Callable[[], str]) -> Iterator[None]:
    """Turn Ctrl-C, and other signals that end a command, into one line and exit code 130."""
    try:
        with ended_by_signals():
            yield
    except KeyboardInterrupt:
        click.echo(f"interrupted; {outcome()}", err=True)
        raise SystemExit(INTERRUPTED) from None


class Unmet(click.ClickException):
    """A request that cannot be met, said in one line."""

    exit_code = 2


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn an error that the user can correct into one line and exit code 2."""
    try:
        yield
    except (UserError, OSError) as error:
        raise Unmet(message_of(error)) from None


def message_of(error: BaseException) -> str:
    """Return in one line what an error says; one of the system without its number."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return wording.one_line(f"{error.filename}: {error.strerror}")
    return wording.one_line(str(error))


def lack_of_memory(error: BaseException) -> str | None:
    """Say what did not fit in memory, and what to do; None for an error of another kind."""
    if not isinstance(error, MemoryError) and str(error) != "can't start new thread":
        return None
    said = f"out of memory: {error}" if str(error) else "out of memory"
    mend = "free some or raise its limit, or choose smaller data or chunks, or fewer threads"
    return wording.one_line(f"{said}; {mend}")


class Advance(Protocol):
    """Moves a bar on, and says something behind it."""

    def __call__(self, steps: int = 1, said: str = "") -> None:
        """Add steps to what is done, and show `said` behind the bar."""


@contextmanager
def progress(label: str, total: int, done: int = 0, in_bytes: bool = False) -> Iterator[Advance]:
    """Show a bar on the terminal, and nothing where output is not one."""
    counts: tuple[ProgressColumn, ...] = (MofNCompleteColumn(),)
    if in_bytes:
        counts = DownloadColumn(), TransferSpeedColumn()
    bar = Progress(
        TextColumn(label),
        BarColumn(),
        *counts,
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
        console=Console(stderr=True),
        transient=True,
        disable=not Console(stderr=True).is_terminal,
    )
    with bar:
        task = bar.add_task(label, total=total, completed=done, said="")
        yield lambda steps=1, said="": bar.update(task, advance=steps, said=said)


def show_results(found: Results) -> None:
    """Print the tables of a run, and what speaks against citing it."""
    facts = Facts(found)
    click.echo(in_terminal.of_run(facts))
    for reason in facts.not_citable:
        click.echo(f"not citable: {reason}")
    for said in facts.citable_ratios:
        click.echo(said)


def new_table(*headings: str) -> Table:
    """Return an empty table for the terminal; numbers stand on the right, names are never broken."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        numeric, whole = heading in ("n_x", "m", "error"), heading == "row"
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold", no_wrap=whole)
    return table


def as_text(table: Table) -> str:
    """Return a table as text, as wide as the terminal."""
    return console.printed(table, shutil.get_terminal_size().columns)
