"""Signals: those that end a command, and blocks that must not be interrupted."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = 130  # exit code of a shell, for a command that Ctrl-C has ended


def quit_at_ctrl_c() -> None:
    """Let Ctrl-C end this process at once, with one line: while it loads or ends, there is nothing to keep.

    An exception would not do: libraries that are half imported turn it into others, or print it and go on.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # and is not ignored, as behind `nohup`
        signal.signal(signal.SIGINT, _quit)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt in a block, where it would end the process at once."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is not _quit:
        yield
        return
    with _handled(signal.default_int_handler, "SIGINT"):
        yield


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled(end, "SIGTERM", "SIGHUP"):
        yield


@contextmanager
def signals_wait() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP wait for the end of a block.

    For a block that shares locks with threads: a signal in it could leave a lock taken, and every thread
    would wait for it for ever.
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


def _quit(number: int, frame: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)
