"""What the commands share: help with names, messages of one line, progress, signals, folders of one's own."""

import difflib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, TypeVar

import click
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

import impls
from bench.selection import BadSelection
from impls.data import problems
from reports import wording
from reports.results import BadResults

INTERRUPTED = 130  # exit code of a shell, for a command that Ctrl-C has ended

Command = TypeVar("Command", bound=Callable[..., Any])


class Commands(click.Group):
    """A group that offers near matches for a command it does not know, and ends well at Ctrl-C."""

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
        """Run the command; where it says nothing of Ctrl-C itself, one line and exit code 130 do."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            raise SystemExit(INTERRUPTED) from None


def data_options(command: Command) -> Command:
    """Give a command the options --dtype and --threads."""
    for option in (
        click.option(
            "--threads", type=int, metavar="N", help="Threads a step may use.  [default: all cores]"
        ),
        dtype_option("float64"),
    ):
        command = option(command)
    return command


def dtype_option(default: str) -> Callable[[Command], Command]:
    """Return the option --dtype of one type."""
    return click.option(
        "--dtype",
        type=click.Choice(problems.DTYPES),
        default=default,
        show_default=True,
        help="Floating point type.",
    )


class Unmet(click.ClickException):
    """A request that cannot be met, said in one line."""

    exit_code = 2


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn what is the user's to mend into one line and exit code 2."""
    try:
        yield
    except (BadSelection, BadResults, impls.Unavailable, impls.BrokenFile, ValueError, OSError) as error:
        raise Unmet(wording.one_line(str(error))) from None


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


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let the polite signals end a command as Ctrl-C does."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled(end, "SIGTERM", "SIGHUP"):
        yield


@contextmanager
def signals_wait() -> Iterator[None]:
    """Let Ctrl-C, and what ends a command like it, wait for the end of a block.

    For a block that shares locks with threads: a signal there could leave one taken, and all would wait for
    it without end.
    """
    came: list[int] = []
    with _handled(lambda number, _: came.append(number), "SIGINT", "SIGTERM", "SIGHUP"):
        yield
    for number in came:
        signal.raise_signal(number)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None], *names: str) -> Iterator[None]:
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = [signal.getsignal(number) for number in numbers]
    try:
        for number in numbers:
            signal.signal(number, handler)
        yield
    finally:
        for number, handler_before in zip(numbers, before, strict=True):
            signal.signal(number, handler_before)


@contextmanager
def alone_in(folder: Path, other: str) -> Iterator[None]:
    """Hold a folder for as long as a command writes there; raises BadSelection where another does."""
    try:
        import fcntl
    except ImportError:  # on Windows, where nobody can hold a folder
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = f"{folder}: {other} writes there; two at once disturb each other"
            raise BadSelection(said) from None
        yield
    finally:
        os.close(handle)
