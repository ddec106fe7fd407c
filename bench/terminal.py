"""What the commands share: help with names, messages of one line, progress, signals, folders of one's own."""

import difflib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

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
from reports import wording
from reports.results import BadResults

INTERRUPTED = 130  # exit code of a shell, for a command that Ctrl-C has ended


class Commands(click.Group):
    """A group that offers near matches for a command it does not know."""

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


@contextmanager
def progress(label: str, total: int, in_bytes: bool = False) -> Iterator[Callable[..., None]]:
    """Show a bar on the terminal, and nothing where output is not one; yields what moves it on."""
    counts: tuple[ProgressColumn, ...] = (MofNCompleteColumn(),)
    if in_bytes:
        counts = DownloadColumn(), TransferSpeedColumn()
    bar = Progress(
        TextColumn(label),
        BarColumn(),
        *counts,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not Console(stderr=True).is_terminal,
    )
    with bar:
        task = bar.add_task(label, total=total)
        yield lambda steps=1: bar.advance(task, steps)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let the polite signals end a command as Ctrl-C does."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [signal.signal(number, end) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


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
