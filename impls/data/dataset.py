"""Data sets on disk, read in chunks of examples, so that they may be larger than memory.

A data set is a folder in Zarr's format 3 with two arrays, X (n_x, m) and Y (1, m), which are cut into the
same chunks of examples. Each chunk is a file: its numbers as they lie in memory, then their checksum
(CRC-32C). The attribute `checksums` of X and of Y holds those of all chunks, in order and in hexadecimal, so
that no chunk can take the place of another. If it is missing, as in a data set of another program, any chunk
whose own checksum is right is taken. A data set may also be one NumPy file of shape (m, 1 + n_x), with an
example per row and its label first.

The first time that a process uses a chunk, it reads it through Zarr, which compares the checksum, and checks
the values. After that it maps the file into memory, which copies nothing. The first few chunks are kept: the
large ones mapped, the small ones copied, since each map keeps a file open. All others are released after use;
the system's file cache keeps them for as long as it has room. A file that has been written to since is
checked again.

`impls.data.writing` writes data sets.
"""
# mypy: disable-error-code="no-untyped-call"

import functools
import hashlib
import math
import mmap
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from impls.contract import Array, check_data
from impls.data.chunk_size import chunk_for
from impls.data.problems import DTYPES
from impls.data.regular import regular_size
from impls.errors import UserError, not_installed

KEPT_BYTES = 2**28  # most bytes of X that a process keeps; mapping anew takes a tenth of a step
_COPIED_BYTES = 2**22  # smaller arrays are kept as copies, so that no more than 2 x 64 maps are kept
UNFINISHED = ".part"  # ends the name of a data set that is being written
_CHECKSUM_BYTES = 4
CHECKSUMS = "checksums"  # the attribute of X and of Y that says which chunk belongs where
_MOST_METADATA_BYTES = 2**26  # of a zarr.json, checksums of millions of chunks included
_CHANGED = "{} has changed since the data set was opened: start again"
_WRONG = "{} is damaged, or another chunk: its checksum does not match; write it again"


class BadData(UserError, ValueError):
    """A data set cannot be used; the message names the file or chunk, what is wrong, and what to do."""


Stamp = tuple[int, ...]
Chunk = tuple[Array, Array, int]  # X, Y, and how many of their examples belong to the data set


class DataSet(ABC):
    """Examples in chunks, numbered from 0."""

    order: str  # layout of X in memory: "C" if a feature is one piece, "F" if an example is

    def __init__(self, path: Path, n_x: int, m: int, chunk: int, dtype: str, identity: str):
        self.path, self.n_x, self.m, self.dtype = path, n_x, m, dtype
        self.chunk = chunk  # examples in each chunk but the last
        self.identity = identity  # equal for equal numbers in equal chunks
        self._checked: dict[int, Stamp] = {}
        self._kept: dict[int, Chunk] = {}

    def __len__(self) -> int:
        """Return the number of chunks."""
        return -(-self.m // self.chunk)

    def examples(self, k: int) -> tuple[int, int]:
        """Return where chunk k starts and stops."""
        return k * self.chunk, min((k + 1) * self.chunk, self.m)

    @property
    def chunk_bytes(self) -> int:
        """Bytes of X in a full chunk."""
        return self.n_x * self.chunk * np.dtype(self.dtype).itemsize

    def sums(self, k: int, w: Array, b: float) -> Array:
        """Return the sums of dw, J and db over the examples of chunk k: n_x + 2 numbers, float64.

        w is (n_x,). Raises BadData if the chunk has changed since the data set was opened, or if it holds
        values that no row can take.
        """
        try:
            return self._sums(self._held(k), w, b)
        except OSError as error:
            raise BadData(_unreadable(self.path, error)) from None

    def _held(self, k: int) -> Chunk:
        """Return chunk k, checked. The first ones are kept: each step takes all in the same order."""
        stamp = self._stamp(k)
        if self._checked.get(k) != stamp:
            self._check(k)
            self._checked[k] = stamp
        if k in self._kept:
            return self._kept[k]
        X, Y, count = self._map(k)
        if (len(self._kept) + 1) * self.chunk_bytes <= KEPT_BYTES:
            self._kept[k] = X, Y, count = _copied_if_small(X), _copied_if_small(Y), count
        return X, Y, count

    def _check(self, k: int) -> None:
        X, Y = self._read(k)
        try:
            check_data(X, Y)
        except ValueError as error:
            start, stop = self.examples(k)
            raise BadData(f"{self.path}: chunk {k}, examples {start:,} to {stop:,}: {error}") from None

    @abstractmethod
    def _stamp(self, k: int) -> Stamp:
        """Return a value that changes whenever the files of chunk k are written to; raises OSError."""

    @abstractmethod
    def _read(self, k: int) -> tuple[Array, Array]:
        """Return chunk k, X (n_x, …) and Y (1, …); raises BadData if changed or damaged, OSError."""

    @abstractmethod
    def _map(self, k: int) -> Chunk:
        """Map chunk k, which was checked before; raises BadData if its file has become shorter, OSError."""

    @abstractmethod
    def _sums(self, chunk: Chunk, w: Array, b: float) -> Array:
        """Return what `sums` does, for a chunk that is mapped."""


def opened(path: Path) -> DataSet:
    """Open a data set; raises BadData if it is none or is incomplete, Unavailable without Zarr."""
    try:
        if path.is_file() and path.suffix != ".npy":
            said = "a file, and no data set; `zeroloop data import` makes one of a table"
            raise BadData(f"{path}: {said}")
        path.stat()
        return _Table(path) if path.suffix == ".npy" else _Chunks(path)
    except FileNotFoundError:
        new = path.with_suffix(".zarr")
        said = f"no such data set; `zeroloop data make {new} --shape 28x1000000` makes one"
        raise BadData(f"{path}: {said}") from None
    except OSError as error:
        raise BadData(_unreadable(path, error)) from None


@functools.lru_cache(maxsize=2)  # few, since each keeps chunks mapped
def reopened(path: Path, identity: str) -> DataSet:
    """Open a data set that another process has opened, once per process; raises BadData if it is another."""
    data = opened(path)
    if data.identity != identity:
        raise BadData(f"{path}: another data set lies there now, or on this machine: all need the same")
    return data


class _Chunks(DataSet):
    """A Zarr group."""

    order = "C"

    def __init__(self, path: Path):
        if path.name.endswith(UNFINISHED):
            raise BadData(f"{path}: half written; run the command that writes it again, to its end")
        needed = "a Zarr group of format 3 with arrays X and Y is needed"
        with metadata_of(path, f"{path}: no data set: {needed}"):
            self._X, self._Y = X, Y = _arrays(path)
            self._checksums = {array.basename: _in_their_places(path, array) for array in (X, Y)}
        checksums = (checksum for each in self._checksums.values() for checksum in each)
        identity = _hash(checksums, X.shape, X.chunks, X.dtype)
        n_x, m = X.shape
        super().__init__(path, n_x, m, X.chunks[1], str(X.dtype), identity)

    def _stamp(self, k: int) -> Stamp:
        return (*_stamp(self._file(self._X, k)), *_stamp(self._file(self._Y, k)))

    def _read(self, k: int) -> tuple[Array, Array]:
        return self._through_zarr(self._X, k), self._through_zarr(self._Y, k)

    def _through_zarr(self, array: Any, k: int) -> Array:
        start, stop = self.examples(k)
        file = self._file(array, k)
        if _checksum(file, array) != self._checksums[array.basename][k]:
            raise BadData(_CHANGED.format(file))
        try:
            return np.asarray(array[:, start:stop])
        except ValueError:
            raise BadData(_WRONG.format(file)) from None

    def _map(self, k: int) -> Chunk:
        start, stop = self.examples(k)
        X, (Y,) = (_mapped(self._file(array, k), array.dtype, array.chunks) for array in (self._X, self._Y))
        return X, Y, stop - start

    def _sums(self, chunk: Chunk, w: Array, b: float) -> Array:
        return _sums_of(w, b, *chunk, self.order)

    def _file(self, array: Any, k: int) -> Path:
        return file_of(self.path, array, k)


class _Table(DataSet):
    """A NumPy file of shape (m, 1 + n_x); its labels count as one more feature, whose weight is 0."""

    order = "F"

    def __init__(self, path: Path):
        size = regular_size(path)
        try:
            table = np.lib.format.open_memmap(path, mode="r")
        except (ValueError, EOFError, TokenError, OverflowError, TypeError, SyntaxError) as error:
            raise BadData(f"{path}: no whole NumPy file of numbers: {error}") from None
        if size != table.offset + table.nbytes:
            needed = f"{table.offset + table.nbytes:,} bytes, as its header says"
            raise BadData(f"{path}: {size:,} bytes, not {needed}: write it again")
        if table.ndim != 2 or table.shape[1] < 2 or len(table) == 0:
            needed = "(m, 1 + n_x): an example per row, its label first,"
            raise BadData(f"{path}: shape {table.shape}, but {needed} is needed")
        if str(table.dtype) not in DTYPES or not table.flags.c_contiguous:
            order = "C" if table.flags.c_contiguous else "Fortran"
            needed = f"{' or '.join(DTYPES)} in C order"
            raise BadData(f"{path}: {table.dtype} in {order} order, but {needed} is needed")
        m, n_x, dtype = len(table), table.shape[1] - 1, str(table.dtype)
        self._offset, self._when_opened = table.offset, _stamp(path)
        identity = _hash([], table.shape, dtype, *self._when_opened)
        super().__init__(path, n_x, m, chunk_for(n_x, m, dtype), dtype, identity)

    def _stamp(self, k: int) -> Stamp:
        return _stamp(self.path)

    def _read(self, k: int) -> tuple[Array, Array]:
        if _stamp(self.path) != self._when_opened:
            raise BadData(_CHANGED.format(self.path))
        rows = self._rows(k)
        return rows[:, 1:].T, rows[:, :1].T

    def _map(self, k: int) -> Chunk:
        rows = self._rows(k)
        Y = np.ascontiguousarray(rows[:, 0])
        Y.setflags(write=False)
        return rows.T, Y, len(Y)

    def _sums(self, chunk: Chunk, w: Array, b: float) -> Array:
        w = np.concatenate(([0], w), dtype=w.dtype)
        w.setflags(write=False)
        return _sums_of(w, b, *chunk, self.order)[1:]

    def _rows(self, k: int) -> Array:
        start, stop = self.examples(k)
        dtype, columns = np.dtype(self.dtype), 1 + self.n_x
        offset = self._offset + start * columns * dtype.itemsize
        return _mapped(self.path, dtype, (stop - start, columns), offset)


def _sums_of(w: Array, b: float, X: Array, Y: Array, count: int, order: str) -> Array:
    from impls.kernels.sweep import sums  # imported here: commands that compute nothing do not load Numba

    return np.asarray(sums(w, b, X, Y, 0, count, order))


def _mapped(file: Path, dtype: Any, shape: tuple[int, int], offset: int = 0) -> Array:
    """Map a part of a file, read-only; raises BadData if the file has become shorter, and OSError.

    Takes a fifth of the time of `np.memmap`, which matters for small chunks.
    """
    try:
        with file.open("rb") as whole:
            mapped = mmap.mmap(whole.fileno(), 0, access=mmap.ACCESS_READ)
        return np.frombuffer(mapped, dtype, shape[0] * shape[1], offset).reshape(shape)
    except ValueError:
        raise BadData(_CHANGED.format(file)) from None


def _copied_if_small(array: Array) -> Array:
    if array.nbytes >= _COPIED_BYTES:
        return array
    copy = array.copy("K")
    copy.setflags(write=False)
    return copy


def _stamp(file: Path) -> Stamp:
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns


def _unreadable(path: Path, error: OSError) -> str:
    return f"{error.filename or path} cannot be read: {error.strerror or error}"


def _hash(checksums: Iterable[bytes], *facts: Any) -> str:
    total = hashlib.sha256(repr(facts).encode())
    for checksum in checksums:
        total.update(checksum)
    return total.hexdigest()[:16]


def _in_their_places(path: Path, array: Any) -> list[bytes]:
    """Return the checksum of each chunk file; raises what `checksums` does, and BadData for another chunk."""
    found, noted, digits = list(checksums(path, array)), array.attrs.get(CHECKSUMS), 2 * _CHECKSUM_BYTES
    for k, checksum in enumerate(found):
        if noted is not None and checksum.hex() != str(noted)[k * digits : (k + 1) * digits]:
            raise BadData(_WRONG.format(file_of(path, array, k)))
    return found


def checksums(path: Path, array: Any) -> Iterator[bytes]:
    """Return the checksum of each chunk file of a Zarr array, as it is stored at the file's end.

    Raises BadData if a file is missing or cut short, OSError if one cannot be read.
    """
    return (_checksum(file_of(path, array, k), array) for k in range(array.cdata_shape[1]))


def _checksum(file: Path, array: Any) -> bytes:
    half = "the data set is half written or half copied: write or copy it again"
    needed = math.prod(array.chunks) * array.dtype.itemsize
    try:
        size = regular_size(file)
    except FileNotFoundError:
        raise BadData(f"{file} is missing: {half}") from None
    if size != needed + _CHECKSUM_BYTES:
        raise BadData(f"{file}: {size:,} bytes, not {needed + _CHECKSUM_BYTES:,}: {half}")
    with file.open("rb") as whole:
        whole.seek(needed)
        return whole.read()


def _arrays(path: Path) -> tuple[Any, Any]:
    """Return the Zarr arrays X and Y; raises BadData if they are not stored in a way that can be mapped."""
    zarr = load_zarr()
    group = zarr.open_group(path, mode="r", zarr_format=3)
    X, Y = group["X"], group["Y"]
    for name, array in (("X", X), ("Y", Y)):
        said = _unlike(array, zarr)
        if said:
            raise BadData(f"{path}: {name} {said}; `zeroloop data import` writes what is needed")
    if Y.shape != (1, X.shape[1]) or Y.chunks != (1, X.chunks[1]) or Y.dtype != X.dtype:
        said = " and ".join(
            f"{name} is {array.dtype} {array.shape} in chunks of {array.chunks}"
            for name, array in (("X", X), ("Y", Y))
        )
        raise BadData(f"{path}: {said}; n_x x m and 1 x m in the same type and chunks are needed")
    return X, Y


@contextmanager
def metadata_of(path: Path, otherwise: str) -> Iterator[None]:
    """Turn whatever Zarr raises for a folder that is not as it should be into BadData, with a message.

    Raises OSError if the folder or a zarr.json in it cannot be read, or might have no end.
    """
    try:
        for file in (path / name / "zarr.json" for name in (".", "X", "Y")):
            if file.exists() and regular_size(file) > _MOST_METADATA_BYTES:
                raise BadData(otherwise)
        yield
    except (FileNotFoundError, FileExistsError, NotADirectoryError):
        raise BadData(otherwise) from None
    except (OSError, MemoryError, UserError):
        raise
    except Exception as error:  # Zarr checks little: a string in the place of an object is an AttributeError
        if type(error) is RuntimeError:  # of the machine: no more threads can be started
            raise
        raise BadData(otherwise) from error


def _unlike(array: Any, zarr: Any) -> str | None:
    """Return why an array cannot be mapped; None for whole examples, uncompressed and little-endian."""
    if not isinstance(array, zarr.Array) or len(array.shape) != 2 or 0 in array.shape:
        return "is no array of shape (rows, examples)"
    if str(array.dtype) not in DTYPES:
        return f"is {array.dtype}, but {' or '.join(DTYPES)} is needed"
    if array.chunks[0] != array.shape[0]:
        return f"has chunks of {array.chunks}, but each needs all {array.shape[0]} rows"
    stored, needed = ", ".join(map(_codec, array.metadata.codecs)), "little-endian bytes, crc32c"
    return None if stored == needed else f"is stored as {stored}, but {needed} is needed, which can be mapped"


def _codec(codec: Any) -> str:
    about = codec.to_dict()
    endian = about.get("configuration", {}).get("endian")
    return f"{endian}-endian {about['name']}" if endian else str(about["name"])


def file_of(path: Path, array: Any, k: int) -> Path:
    """Return the file of chunk k of a Zarr array in the data set at path."""
    return path / str(array.basename) / str(array.metadata.encode_chunk_key((0, k)))


def load_zarr() -> Any:
    """Return the module zarr; raises Unavailable without it."""
    try:
        import zarr
    except ImportError:
        raise not_installed("zarr") from None
    return zarr
