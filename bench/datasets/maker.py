"""Synthetic data sets of any size, written to disk in chunks, in bounded memory.

Each number depends on the seed, n_x and its place alone. It is the same for all chunk sizes, numbers of
threads and dtypes, and a smaller data set is the beginning of a larger one. To achieve that, examples are
drawn in pieces, each by its own generator, and a chunk is cut from the pieces that it overlaps.
"""

import errno
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from bench.locking import alone_in
from bench.signals import signals_wait
from impls import limits
from impls.contract import Array
from impls.data.chunk_size import chunk_for
from impls.data.dataset import BadData, DataSet
from impls.data.writing import Writer, unfinished
from impls.errors import BadValue
from reports import wording

COPIES = 2  # copies of a chunk in memory while it is written: Zarr makes one with a checksum
# Largest piece, in numbers and in examples. Drawing it takes milliseconds, much longer than making a new
# generator; and it is small beside a chunk, so that little is drawn in vain at a chunk's ends.
_NUMBERS, _EXAMPLES = 2**19, 2**16
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", None))


class Maker:
    """A synthetic data set on its way to disk: X (n_x, m) and Y (1, m), drawn from a seed."""

    def __init__(self, path: Path, n_x: int, m: int, dtype: str, chunk_bytes: int, seed: int):
        self.path, self.n_x, self.m, self.dtype, self._seed = path, n_x, m, dtype, seed
        self.chunk = chunk_for(n_x, m, dtype, chunk_bytes)
        self.chunks = -(-m // self.chunk)
        self.stored_bytes = size_of(1, self.chunk, n_x, dtype)  # of a chunk, X and Y
        self._writer: Writer | None = None
        self._stop = threading.Event()

    @property
    def written(self) -> int:
        """How many chunks are on disk, as far as this maker knows."""
        return self._writer.count() if self._writer else 0

    @property
    def so_far(self) -> str:
        """How many chunks are on disk, in words."""
        known = f"{self.written:,} of {self.chunks:,} chunks are written"
        return known if self._writer else "nothing was written"

    def run(self, threads: int, show: Callable[[int], None]) -> None:
        """Write what is missing, a chunk in each thread; calls show(bytes) for what is on disk.

        However this ends, complete chunks stay, and the next run continues. Raises BadData if the data
        set, or another unfinished one, is there already, or the disk is too small; BadRequest if another
        command writes it; BadValue for too little memory; OSError, with a message for a user, if a chunk
        cannot be written.
        """
        needed = threads * (COPIES * self.stored_bytes + 2 * piece_of(self.n_x) * self.n_x * 8)
        check_memory(needed, f"a chunk for {wording.threads(threads)}")
        draw_alike = f"zeroloop {metadata.version('zeroloop')}, NumPy {np.__version__}"
        origin = {"seed": self._seed, "made by": draw_alike}
        try:
            with signals_wait():  # Zarr writes in threads of its own
                self._writer = Writer(self.path, self.n_x, self.m, self.dtype, self.chunk, origin)
            with alone_in(self._writer.unfinished, "another command"):
                show(self._check_disk(self._writer))
                self._write(self._writer, threads, show)
                self._writer.finish()
        except OSError as error:
            free = f"free {wording.size((self.chunks - self.written) * self.stored_bytes)}"
            mend = free if error.errno in _FULL else "mend that"
            said = f"{error.strerror or error}; {self.so_far}: {mend}, and the same command continues"
            raise OSError(f"cannot write {unfinished(self.path)}: {said}") from None

    def _check_disk(self, writer: Writer) -> int:
        """Return how many bytes are written; raises BadData where there is no room for the others."""
        written = writer.count() * self.stored_bytes
        needed, free = self.chunks * self.stored_bytes - written, shutil.disk_usage(self.path.parent).free
        if needed > free:
            if not written:
                writer.discard()
            sizes = f"{wording.size(needed)} are needed, but only {wording.size(free)} are free on its disk"
            raise BadData(f"{self.path}: {sizes}; choose another folder, or a smaller shape")
        return written

    def _write(self, writer: Writer, threads: int, show: Callable[[int], None]) -> None:
        source, missing = Source(self._seed, self.n_x), [k for k in range(self.chunks) if not writer.has(k)]
        left, ended = iter(missing), SimpleQueue[Exception | None]()

        def work() -> None:
            try:
                for k in left:
                    if self._stop.is_set():
                        return
                    self._write_chunk(writer, source, k)
                    ended.put(None)
            except Exception as error:
                ended.put(error)

        with ThreadPoolExecutor(threads) as pool:
            try:
                with signals_wait():
                    for _ in range(threads):
                        pool.submit(work)
                for _ in missing:
                    if error := ended.get():  # a signal here leaves no lock taken, as it can in a future
                        raise error
                    show(self.stored_bytes)
            finally:
                with signals_wait():  # a second Ctrl-C lets go of the folder no sooner than they have ended
                    self._stop.set()
                    pool.shutdown()

    def _write_chunk(self, writer: Writer, source: "Source", k: int) -> None:
        start, stop = k * self.chunk, min((k + 1) * self.chunk, self.m)
        X, Y = np.empty((self.n_x, stop - start), self.dtype), np.empty((1, stop - start), self.dtype)
        for at, features, labels in source.examples(start, stop):
            if self._stop.is_set():
                return
            here = slice(at - start, at - start + len(labels))
            X[:, here], Y[0, here] = features, labels
        writer.write(k, X, Y)


class Source:
    """The examples of a seed, without end: standard normal features, labels of a logistic model of them."""

    def __init__(self, seed: int, n_x: int):
        self._seed, self._n_x, self._size = seed, n_x, piece_of(n_x)
        self._weights = self._generator(0).standard_normal(n_x) * (2 / np.sqrt(n_x))

    def examples(self, start: int, stop: int) -> Iterator[tuple[int, Array, Array]]:
        """Return examples piece by piece: the number of the first, features (n_x, …) and labels (…)."""
        for piece in range(start // self._size, -(-stop // self._size)):
            features, labels = self._drawn(piece)
            first = piece * self._size
            cut = slice(max(start - first, 0), min(stop - first, self._size))
            yield first + cut.start, features[:, cut], labels[cut]

    def _drawn(self, piece: int) -> tuple[Array, Array]:
        rng = self._generator(1 + piece)
        features, Z = rng.standard_normal((self._n_x, self._size)), np.zeros(self._size)
        for weight, feature in zip(self._weights, features, strict=True):  # in one order, on every machine
            Z += weight * feature
        return features, Z + rng.logistic(size=self._size) > 0

    def _generator(self, number: int) -> np.random.Generator:
        """Return the generator of the weights, 0, or of a piece, from 1 on."""
        return np.random.default_rng([self._seed, self._n_x, number])


def piece_of(n_x: int) -> int:
    """Return how many examples are drawn at once: a power of two."""
    return min(_EXAMPLES, 1 << max(0, (_NUMBERS // n_x).bit_length() - 1))


def described(data: DataSet) -> str:
    """Say what a data set is: higgs.zarr: 28 x 100,000,000, float32, 382 chunks of 262,144 examples, …."""
    chunks = f"{wording.counted(len(data), 'chunk')} of {data.chunk:,} examples"
    size = wording.size(size_of(len(data), data.chunk, data.n_x, data.dtype))
    return f"{data.path}: {data.n_x:,} x {data.m:,}, {data.dtype}, {chunks}, {size}"


def size_of(chunks: int, chunk: int, n_x: int, dtype: str) -> int:
    """Return how many bytes X and Y take on disk."""
    return chunks * chunk * (n_x + 1) * np.dtype(dtype).itemsize


def check_memory(needed: int, what: str) -> None:
    """Raise BadValue where a number of bytes is more than what is free now."""
    free = limits.free_bytes()
    if needed > free:
        sizes = f"takes {wording.size(needed)} of memory, but only {wording.size(free)} are free"
        raise BadValue(f"{what} {sizes}; choose a smaller --chunk")
