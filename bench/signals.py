"""Signals: those that end a command politely, and blocks that must not be interrupted."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


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
