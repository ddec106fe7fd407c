"""Data that many processes read and none can write: each maps the same bytes, without a copy.

On Linux they are an anonymous file in memory, which is sealed: not even its maker can write to it any more,
and the system ends a process that writes to a map of it. Elsewhere they are temporary files, mapped to be
read.
"""

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from impls.contract import Array
from impls.data.problems import Problem

NAMES = ("X", "Y", "w")


class Shared:
    """The arrays of a problem, shared while this object is open; raises OSError if they do not fit."""

    def __init__(self, problem: Problem, folder: Path | None = None):
        self._files: list[BinaryIO] = []
        self.paths: dict[str, str] = {}  # of .npy files, by array
        try:
            for name in NAMES:
                self._files.append(_file_of(getattr(problem, name), folder))
                self.paths[name] = _path_of(self._files[-1])
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
    import fcntl

    memory = os.fdopen(os.memfd_create("zeroloop", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "w+b")
    try:
        np.save(memory, array)
        memory.flush()
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        memory.close()
        raise
    return memory


def _path_of(file: BinaryIO) -> str:
    return f"/proc/{os.getpid()}/fd/{file.fileno()}" if hasattr(os, "memfd_create") else str(file.name)
