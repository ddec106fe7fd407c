"""What the commands share: groups that help with names, messages of one line, progress on the terminal."""

import difflib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

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
def progress(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on the terminal, and nothing where output is not one."""
    bar = Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not Console(stderr=True).is_terminal,
    )
    with bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)
