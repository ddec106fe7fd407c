"""Data on disk, in chunks of examples: more than memory holds, since one chunk after the other is mapped.

A data set is a folder in Zarr's format 3 with two arrays, X (n_x, m) and Y (1, m), cut into the same chunks
of examples. Each chunk is a file that holds its numbers as they lie in memory, and their checksum (CRC-32C).
Or it is one NumPy file of shape (m, 1 + n_x), an example per row, its label first.

The first time that a process uses a chunk, it reads it through Zarr, which holds it to its checksum, and
checks its values. From then on it maps the file, which copies nothing, and lets it go again: what was read
stays in the system's file cache for as long as there is room.
"""
# mypy: disable-error-code="no-untyped-call"

import functools
import hashlib
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from impls.contract import Array, check_data
from impls.problems import DTYPES
from impls.registry import Unavailable
from impls.sweep import sums

CHUNK_BYTES = 2**25  # of X: milliseconds of work, beside which mapping a file is nothing
BLOCK = 2**16  # examples; chunks are whole blocks where the data are large enough
_UNFINISHED = ".part"
_CHECKSUM_BYTES = 4


class BadData(ValueError):
    """A data set cannot be used; the message names the file or chunk, what is wrong, and what to do."""


class DataSet(ABC):
    """Examples in chunks, numbered from 0."""

    def __init__(self, path: Path, n_x: int, m: int, chunk: int, dtype: str, identity: str):
        self.path, self.n_x, self.m, self.dtype = path, n_x, m, dtype
        self.chunk = chunk  # examples in each chunk but the last
        self.identity = identity  # the same for the same numbers in the same chunks
        self._checked: set[int] = set()

    def __len__(self) -> int:
        """Return the number of chunks."""
        return -(-self.m // self.chunk)

    def examples(self, k: int) -> tuple[int, int]:
        """Return where chunk k starts and stops."""
        return k * self.chunk, min((k + 1) * self.chunk, self.m)

    @property
    def chunk_bytes(self) -> int:
        """What a process needs to hold of X to work on a chunk."""
        return self.n_x * self.chunk * np.dtype(self.dtype).itemsize

    def sums(self, k: int, w: Array, b: float) -> Array:
        """Return what chunk k adds to dw, J and db before they are divided by m: n_x + 2 numbers, float64.

        w is (n_x,). Checks the chunk the first time; raises BadData where it is not what it was, or holds
        what no row takes.
        """
        if k not in self._checked:
            start, stop = self.examples(k)
            try:
                check_data(*self._read(k))
            except ValueError as error:
                raise BadData(f"{self.path}: chunk {k}, examples {start:,} to {stop:,}: {error}") from None
            self._checked.add(k)
        return self._sums(k, w, b)

    @abstractmethod
    def _read(self, k: int) -> tuple[Array, Array]:
        """Return chunk k, X (n_x, …) and Y (1, …), held to its checksum where there is one."""

    @abstractmethod
    def _sums(self, k: int, w: Array, b: float) -> Array:
        """Do what `sums` does, with a chunk that was checked."""


def opened(path: Path) -> DataSet:
    """Open a data set; raises BadData where it is none or not whole, Unavailable without Zarr."""
    if not path.exists():
        raise BadData(f"{path}: no such data set; `zeroloop data make {path} --shape 28x1000000` makes one")
    try:
        return _Table(path) if path.suffix == ".npy" else _Chunks(path)
    except OSError as error:
        raise BadData(f"{path}: cannot be read: {error.strerror or error}") from None


@functools.lru_cache(maxsize=8)
def reopened(path: Path, identity: str) -> DataSet:
    """Open a data set that was opened elsewhere, once per process; raises BadData where it is another."""
    data = opened(path)
    if data.identity != identity:
        raise BadData(f"{path}: another data set lies there now, or on this machine")
    return data


class _Chunks(DataSet):
    """A Zarr group."""

    def __init__(self, path: Path):
        if path.name.endswith(_UNFINISHED):
            raise BadData(f"{path}: half written; run the command that writes it again, to its end")
        self._X, self._Y = X, Y = _arrays(path)
        identity = _digest(_checksums(path, (X, Y)), X.shape, X.chunks, X.dtype)
        n_x, m = X.shape
        super().__init__(path, n_x, m, X.chunks[1], str(X.dtype), identity)

    def _read(self, k: int) -> tuple[Array, Array]:
        start, stop = self.examples(k)
        return self._through_zarr(self._X, k, start, stop), self._through_zarr(self._Y, k, start, stop)

    def _through_zarr(self, array: Any, k: int, start: int, stop: int) -> Array:
        try:
            return np.asarray(array[:, start:stop])
        except ValueError:
            file = self._file(array, k)
            raise BadData(f"{file} is damaged: its checksum does not match; write it again") from None

    def _sums(self, k: int, w: Array, b: float) -> Array:
        start, stop = self.examples(k)
        X, (Y,) = (self._mapped(array, k) for array in (self._X, self._Y))
        return np.asarray(sums(w, b, X, Y, 0, stop - start))

    def _mapped(self, array: Any, k: int) -> Array:
        return _mapped(self._file(array, k), array.dtype, array.chunks)

    def _file(self, array: Any, k: int) -> Path:
        return _file(self.path, array, k)


class _Table(DataSet):
    """A NumPy file of shape (m, 1 + n_x), in which the labels are a feature whose weight is 0."""

    def __init__(self, path: Path):
        try:
            table = np.load(path, mmap_mode="r")
        except (ValueError, EOFError) as error:
            raise BadData(f"{path}: no whole NumPy file of numbers: {error}") from None
        if table.ndim != 2 or table.shape[1] < 2 or len(table) == 0:
            needed = "(m, 1 + n_x): an example per row, its label first"
            raise BadData(f"{path}: shape {table.shape}, but {needed} is needed")
        if str(table.dtype) not in DTYPES or not table.flags.c_contiguous:
            raise BadData(f"{path}: {table.dtype}, but {' or '.join(DTYPES)} in C order is needed")
        m, n_x, dtype, stat = len(table), table.shape[1] - 1, str(table.dtype), path.stat()
        self._offset = table.offset
        identity = _digest([], table.shape, dtype, stat.st_size, stat.st_mtime_ns)
        super().__init__(path, n_x, m, chunk_for(n_x, m, dtype), dtype, identity)

    def _read(self, k: int) -> tuple[Array, Array]:
        rows = self._rows(k)
        return rows[:, 1:].T, rows[:, :1].T

    def _sums(self, k: int, w: Array, b: float) -> Array:
        rows = self._rows(k)
        w = np.concatenate(([0], w), dtype=w.dtype)
        w.setflags(write=False)
        Y = np.ascontiguousarray(rows[:, 0])
        Y.setflags(write=False)
        return np.asarray(sums(w, b, rows.T, Y, 0, len(Y))[1:])

    def _rows(self, k: int) -> Array:
        start, stop = self.examples(k)
        dtype, columns = np.dtype(self.dtype), 1 + self.n_x
        offset = self._offset + start * columns * dtype.itemsize
        return _mapped(self.path, dtype, (stop - start, columns), offset)


def _mapped(file: Path, dtype: Any, shape: tuple[int, ...], offset: int = 0) -> Array:
    """Map a part of a file, read-only; raises BadData where it is not there any more."""
    try:
        # As a plain array, which Numba knows.
        return np.memmap(file, dtype, "r", offset, shape).view(np.ndarray)
    except (OSError, ValueError) as error:
        raise BadData(f"{file} has changed since it was opened: {error}") from None


class Writer:
    """Writes a data set chunk by chunk, into a folder of another name until it is whole.

    `origin` says where the data come from; an unfinished data set of the same origin is gone on with. `m`
    may grow, where one thread writes. Raises BadData where the folder is there already, or holds another
    unfinished data set.
    """

    def __init__(self, path: Path, n_x: int, m: int, dtype: str, chunk: int, origin: dict[str, Any]):
        self.path, self.unfinished = path, unfinished(path)
        self._m, self._chunk = m, chunk
        check_absent(path)
        zarr = _zarr()
        try:
            group = zarr.open_group(self.unfinished, mode="a", zarr_format=3)
        except (FileExistsError, NotADirectoryError, ValueError):
            raise self._other() from None
        if not group.attrs:  # new, or begun by a process that was killed at once
            for name, rows in (("X", n_x), ("Y", 1)):
                group.create_array(
                    name,
                    shape=(rows, m),
                    chunks=(rows, chunk),
                    dtype=dtype,
                    compressors=zarr.codecs.Crc32cCodec(),
                    overwrite=True,
                )
            group.attrs.update(origin)  # last: without it, nobody goes on with these arrays
        elif group.attrs.asdict() != origin:
            raise self._other()
        with zarr.config.set({"array.write_empty_chunks": True}):  # such as of labels that are all 0
            self._X, self._Y = group["X"], group["Y"]
        if (self._X.shape, self._X.chunks, self._X.dtype) != ((n_x, m), (n_x, chunk), dtype):
            raise self._other()

    def _other(self) -> BadData:
        return BadData(f"{self.unfinished}: remains of another data set that was not finished: remove it")

    def has(self, k: int) -> bool:
        """Tell whether chunk k was written before: its files appear whole or not at all, the labels last."""
        return _file(self.unfinished, self._Y, k).exists()

    def count(self) -> int:
        """Count the chunks that were written."""
        folder = _file(self.unfinished, self._Y, 0).parent
        return sum(file.name.isdecimal() for file in folder.iterdir()) if folder.exists() else 0

    def write(self, k: int, X: Array, Y: Array) -> None:
        """Write chunk k, X (n_x, …) and Y (1, …); raises OSError."""
        start, stop = k * self._chunk, k * self._chunk + X.shape[1]
        if stop > self._m:
            self._m = stop
            for array in (self._X, self._Y):
                array.resize((array.shape[0], stop))
        for array, numbers in ((self._X, X), (self._Y, Y)):
            array[:, start:stop] = numbers

    def finish(self) -> None:
        """Give the data set its name, now that it is whole."""
        for torn in self.unfinished.rglob("*.partial"):  # as Zarr calls what a process was killed at
            torn.unlink()
        self.unfinished.rename(self.path)

    def discard(self) -> None:
        """Remove what was written of a data set that nobody can go on with."""
        shutil.rmtree(self.unfinished, ignore_errors=True)


def unfinished(path: Path) -> Path:
    """Return where a data set lies until it is whole."""
    return path.with_name(path.name + _UNFINISHED)


def check_absent(path: Path) -> None:
    """Raise BadData where the name of a new data set is taken, Unavailable without Zarr."""
    if path.exists():
        raise BadData(f"{path} is there already: remove it, or choose another name")
    _zarr()


def chunk_for(n_x: int, m: int, dtype: str, chunk_bytes: int = CHUNK_BYTES) -> int:
    """Return how many examples a chunk has: whole blocks, if so many fit, and never more than there are."""
    fits = max(1, chunk_bytes // (n_x * np.dtype(dtype).itemsize))
    return min(m, fits // BLOCK * BLOCK or fits)


def _digest(checksums: Iterable[bytes], *facts: Any) -> str:
    total = hashlib.sha256(repr(facts).encode())
    for checksum in checksums:
        total.update(checksum)
    return total.hexdigest()[:16]


def _checksums(path: Path, arrays: Iterable[Any]) -> Iterator[bytes]:
    """Return the checksum of each chunk file; raises BadData where one is missing or cut short."""
    half = "the data set is half written or half copied"
    for array in arrays:
        needed = int(np.prod(array.chunks)) * array.dtype.itemsize
        for k in range(array.cdata_shape[1]):
            file = _file(path, array, k)
            if not file.is_file():
                raise BadData(f"{file} is missing: {half}")
            with file.open("rb") as whole:
                size = os.fstat(whole.fileno()).st_size
                if size != needed + _CHECKSUM_BYTES:
                    raise BadData(f"{file}: {size:,} bytes, not {needed + _CHECKSUM_BYTES:,}: {half}")
                whole.seek(needed)
                yield whole.read()


def _arrays(path: Path) -> tuple[Any, Any]:
    """Return the Zarr arrays X and Y; raises BadData unless they are stored as this module needs them."""
    zarr = _zarr()
    try:
        group = zarr.open_group(path, mode="r", zarr_format=3)
        X, Y = group["X"], group["Y"]
    except (OSError, ValueError, KeyError, TypeError):
        raise BadData(
            f"{path}: no data set: a Zarr group of format 3 with arrays X and Y is needed"
        ) from None
    for name, array in (("X", X), ("Y", Y)):
        said = _unlike(array, zarr)
        if said:
            raise BadData(f"{path}: {name} {said}; `zeroloop data import` writes what is needed")
    if Y.shape != (1, X.shape[1]) or Y.chunks != (1, X.chunks[1]) or Y.dtype != X.dtype:
        said = f"X is {X.dtype} {X.shape}, Y is {Y.dtype} {Y.shape}"
        raise BadData(f"{path}: {said}; n_x x m and 1 x m in the same type and chunks are needed")
    return X, Y


def _unlike(array: Any, zarr: Any) -> str | None:
    """Say in what an array differs from what can be mapped: whole examples, uncompressed, little-endian."""
    if not isinstance(array, zarr.Array) or len(array.shape) != 2 or 0 in array.shape:
        return "is no array of shape (rows, examples)"
    if str(array.dtype) not in DTYPES:
        return f"is {array.dtype}, but {' or '.join(DTYPES)} is needed"
    if array.chunks[0] != array.shape[0]:
        return f"has chunks of {array.chunks}, but each needs all {array.shape[0]} rows"
    codecs = [codec.to_dict() for codec in array.metadata.codecs]
    if codecs != [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]:
        named = ", ".join(codec["name"] for codec in codecs)
        return f"is stored as {named}, but bytes, crc32c is needed, which can be mapped"
    return None


def _file(path: Path, array: Any, k: int) -> Path:
    return path / str(array.basename) / str(array.metadata.encode_chunk_key((0, k)))


def _zarr() -> Any:
    try:
        import zarr
    except ImportError:
        raise Unavailable("not installed: pip install zarr") from None
    return zarr
