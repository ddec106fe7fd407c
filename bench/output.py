"""Standard output and error that nobody takes: they end no command, and lose none of its results."""

import errno
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def sheltered() -> Iterator[None]:
    """Drop what cannot be printed; at the end say so, unless its reader has left, as `head` does."""
    printed, _ = _shelter("stdout"), _shelter("stderr")
    try:
        yield
    except SystemExit:
        if printed and printed.error and printed.error.errno != errno.EPIPE:
            print(f"Error: cannot write to standard output: {printed.error.strerror}", file=sys.stderr)
            raise SystemExit(2) from None
        raise


class _Output(io.RawIOBase):
    """A file whose errors are kept, and not raised."""

    def __init__(self, raw: io.RawIOBase):
        self._raw = raw
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._raw.isatty()

    def fileno(self) -> int:
        return self._raw.fileno()

    def write(self, data: Any) -> int | None:
        try:
            return self._raw.write(data)
        except OSError as error:
            self.error = error
            return len(data)


def _shelter(name: str) -> _Output | None:
    """Put an `_Output` below a stream of `sys`; a terminal that lacks × and µ shows ? instead."""
    stream = getattr(sys, name)
    if stream is None:  # whoever started this process has closed it
        return None
    output = _Output(getattr(stream.buffer, "raw", stream.buffer))
    buffer, by_line = io.BufferedWriter(output), stream.line_buffering
    setattr(sys, name, io.TextIOWrapper(buffer, stream.encoding, "replace", line_buffering=by_line))
    return output
