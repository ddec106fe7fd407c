"""Data that many processes read and none can write, and an exchange that all can: they map the same bytes.

On Linux each array is an anonymous file in memory, and the data are sealed: not even their maker can write to
them any more, and the system ends a process that writes to a map of them. Elsewhere they are temporary files,
mapped to be read.
"""

import contextlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from bench.lanes import exchange
from impls.contract import Array
from impls.data.problems import Problem

with contextlib.suppress(ImportError, AttributeError):  # only Linux has seals
    import fcntl

    _LENGTH_SEALS = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL

NAMES = ("X", "Y")


class Shared:
    """The arrays of a problem, shared while this object is open; raises OSError if they do not fit."""

    def __init__(self, problem: Problem, folder: Path | None = None):
        self._files: list[BinaryIO] = []
        self.paths: dict[str, str] = {}  # of .npy files, by array, and of the exchange
        try:
            for name in NAMES:
                self._files.append(_file_of(getattr(problem, name), folder))
                self.paths[name] = _path_of(self._files[-1])
            self._files.append(_empty(folder, exchange.size_of(problem.shape.n_x)))
            self.paths["exchange"] = _path_of(self._files[-1])
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the memory back; processes that still map the data keep it until they end."""
        for file in self._files:
            file.close()

    def __enter__(self) -> "Shared":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def opened(paths: dict[str, str]) -> tuple[Array, ...]:
    """Map the arrays that another process shares, read-only, in the order of `NAMES`."""
    return tuple(np.asarray(np.load(paths[name], mmap_mode="r")) for name in NAMES)


def _file_of(array: Array, folder: Path | None) -> BinaryIO:
    if not hasattr(os, "memfd_create"):
        file = tempfile.NamedTemporaryFile(dir=folder, suffix=".npy")  # noqa: SIM115 - stays open
        np.save(file, array)
        file.flush()
        os.chmod(file.name, 0o444)
        return file  # type: ignore[return-value]
    memory = _memory()
    try:
        np.save(memory, array)
        memory.flush()
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | _LENGTH_SEALS)
    except BaseException:
        memory.close()
        raise
    return memory


def _empty(folder: Path | None, size: int) -> BinaryIO:
    """Return a file of zeros that others may write to; where the system has seals, its length is fixed."""
    if not hasattr(os, "memfd_create"):
        file = tempfile.NamedTemporaryFile(dir=folder)  # noqa: SIM115 - stays open
        file.truncate(size)
        return file  # type: ignore[return-value]
    memory = _memory()
    memory.truncate(size)
    fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _LENGTH_SEALS)
    return memory


def _memory() -> BinaryIO:
    return os.fdopen(os.memfd_create("zeroloop", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "wb")


def _path_of(file: BinaryIO) -> str:
    return f"/proc/{os.getpid()}/fd/{file.fileno()}" if hasattr(os, "memfd_create") else str(file.name)
