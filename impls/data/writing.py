"""Writing a data set on disk, chunk by chunk; a process that was interrupted can continue later.

`impls.data.dataset` describes the format and reads it.
"""
# mypy: disable-error-code="no-untyped-call"

import os
import shutil
from pathlib import Path
from typing import Any

from impls.contract import Array
from impls.data.dataset import CHECKSUMS, UNFINISHED, BadData, checksums, file_of, load_zarr, metadata_of

_TORN = ".partial"  # ends the name of a file that Zarr had not finished when it was killed


class Writer:
    """Writes a data set chunk by chunk; its folder has another name until it is complete.

    `origin` says where the data come from; an unfinished data set of the same origin is continued. `m` may
    grow if only one thread writes. Raises BadData if the folder exists already, or if another data set was
    left unfinished there.
    """

    def __init__(self, path: Path, n_x: int, m: int, dtype: str, chunk: int, origin: dict[str, Any]):
        self.path, self.unfinished = path, unfinished(path)
        self._m, self._chunk = m, chunk
        check_absent(path)
        with metadata_of(self.unfinished, self._other):
            self._X, self._Y = self._arrays(n_x, m, dtype, chunk, origin)

    def _arrays(self, n_x: int, m: int, dtype: str, chunk: int, origin: dict[str, Any]) -> tuple[Any, Any]:
        """Return the Zarr arrays X and Y, new or begun before; raises BadData for another data set."""
        zarr = load_zarr()
        mode = "r+" if self._is_begun() else "a"
        group = zarr.open_group(self.unfinished, mode=mode, zarr_format=3)
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
            group.attrs.update(origin)  # last: arrays without an origin are never continued
        elif group.attrs.asdict() != origin:
            raise BadData(self._other)
        with zarr.config.set({"array.write_empty_chunks": True}):  # such as labels that are all 0
            X, Y = group["X"], group["Y"]
        if (X.shape, X.chunks, X.dtype) != ((n_x, m), (n_x, chunk), dtype):
            raise BadData(self._other)
        return X, Y

    def _is_begun(self) -> bool:
        """Return whether there is more than Zarr leaves if it is killed while writing its first file."""
        folder = self.unfinished
        return folder.exists() and any(file.suffix != _TORN for file in folder.iterdir())

    @property
    def _other(self) -> str:
        return f"{self.unfinished}: remains of another data set that was not finished: remove it"

    def has(self, k: int) -> bool:
        """Return whether chunk k was written before: files appear whole or not at all, the labels last."""
        return file_of(self.unfinished, self._Y, k).exists()

    def count(self) -> int:
        """Return the number of chunks that were written."""
        folder = file_of(self.unfinished, self._Y, 0).parent
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
        """Note which chunk belongs where, and give the data set its name, now that it is complete.

        Raises BadData if a chunk is missing or cut short, OSError.
        """
        for array in (self._X, self._Y):
            array.attrs[CHECKSUMS] = b"".join(checksums(self.unfinished, array)).hex()
        for torn in self.unfinished.rglob(f"*{_TORN}"):
            torn.unlink()
        self.unfinished.rename(self.path)

    def discard(self) -> None:
        """Remove what was written, since it cannot be continued."""
        shutil.rmtree(self.unfinished, ignore_errors=True)


def unfinished(path: Path) -> Path:
    """Return where a data set lies until it is complete."""
    return path.with_name(path.name + UNFINISHED)


def check_absent(path: Path) -> None:
    """Raise BadData if the name of a new data set is taken, Unavailable without Zarr."""
    if os.path.lexists(path):  # also a link to nothing, which no folder can replace
        raise BadData(f"{path} is there already: remove it, or choose another name")
    load_zarr()
