"""Tables to data sets, batch by batch: both may be larger than memory.

Numbers are rounded to the type of the data set. A number that is not finite, or not a label where one is
needed, ends the import, with its place in the file.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from bench.datasets.maker import COPIES, check_memory, size_of
from bench.datasets.tables import BadTable, Table
from bench.locking import alone_in
from bench.signals import signals_wait
from impls.contract import Array
from impls.data.chunk_size import chunk_for
from impls.data.dataset import BadData
from impls.data.regular import regular_size
from impls.data.writing import Writer, check_absent, unfinished

_IMPORTED = "imported from"  # the key of the table's name among a data set's attributes


def import_table(
    table: Table, label: int, path: Path, dtype: str, chunk_bytes: int, show: Callable[[int], None]
) -> None:
    """Write a table as a data set, one of its columns as labels; calls show(bytes) for what was read of it.

    Leaves nothing behind unless the data set is whole. Raises BadTable; BadData where the data set, or
    another that is not finished, is there already; BadRequest where another command writes it; ValueError
    for too little memory; OSError, with a message for a user, where it cannot be written.
    """
    n_x = table.columns - 1
    chunk = chunk_for(n_x, sys.maxsize, dtype, chunk_bytes)
    check_memory(COPIES * size_of(1, chunk, n_x, dtype), "a chunk")
    writer: Writer | None = None

    def write(k: int, X: Array, Y: Array) -> None:
        nonlocal writer
        if writer is None:  # a table smaller than a chunk has a smaller one
            writer = Writer(path, n_x, X.shape[1], dtype, X.shape[1], {_IMPORTED: table.path.name})
        writer.write(k, X, Y)

    with _folder_for(path):
        try:
            for k, (X, Y) in enumerate(_chunks(table, label, chunk, dtype, show)):
                with signals_wait():  # Zarr writes in threads of its own, which end before what is there goes
                    write(k, X, Y)
            if writer is None:
                raise BadTable(f"{table.path}: has no rows")
            writer.finish()
        except OSError as error:
            said = f"{error.strerror or error}; nothing was kept; make room, or choose another folder"
            raise OSError(f"cannot write {unfinished(path)}: {said}") from None


def _chunks(
    table: Table, label: int, chunk: int, dtype: str, show: Callable[[int], None]
) -> Iterator[tuple[Array, Array]]:
    """Return X and Y of one chunk after the other, in the same memory."""
    X, Y = np.empty((table.columns - 1, chunk), dtype), np.empty((1, chunk), dtype)
    row = filled = shown = 0
    for columns, position in table.batches():
        while len(columns[0]):
            some = [column[: chunk - filled] for column in columns]
            columns = [column[chunk - filled :] for column in columns]
            stop = filled + len(some[0])
            _fill(X[:, filled:stop], Y[0, filled:stop], table, label, some, row)
            row, filled = row + len(some[0]), stop % chunk
            if not filled:
                yield X, Y
        show(position - shown)
        shown = position
    if filled:
        yield X[:, :filled], Y[:, :filled]


def _fill(X: Array, Y: Array, table: Table, label: int, columns: list[Array], row: int) -> None:
    """Fill X (n_x, …) and Y (…) with rows of a table; raises BadTable for numbers that no row takes."""
    Y[:] = labels = columns[label]
    if not (right := (labels == 0) | (labels == 1)).all():
        at = int(np.argmin(right))
        raise BadTable(f"{table.place(row + at, label)}: label {labels[at]:g}; every label must be 0 or 1")
    features = [column for column in range(len(columns)) if column != label]
    with np.errstate(over="ignore"):
        for j, column in enumerate(features):
            X[j] = columns[column]
    if not (finite := np.isfinite(X.T)).all():
        at, j = map(int, np.argwhere(~finite)[0])
        value = columns[features[j]][at]
        why = f"beyond {X.dtype}" if np.isfinite(value) else "but every value must be finite"
        raise BadTable(f"{table.place(row + at, features[j])}: {value:g}, {why}")


@contextmanager
def _folder_for(path: Path) -> Iterator[None]:
    """Hold the folder of a data set that is not finished, and remove it if an error ends that.

    What a killed import left there is removed first, since no import can continue it.
    """
    check_absent(path)
    folder = unfinished(path)
    if folder.exists():
        with alone_in(folder, "another command"):
            if not _is_import(folder):
                raise BadData(f"{folder}: remains of another data set that was not finished: remove it")
            shutil.rmtree(folder)
    with ExitStack() as undone_by_errors:
        with signals_wait():  # one between making the folder and knowing of it would leave it there
            try:
                folder.mkdir()
            except FileExistsError:
                raise BadData(f"{folder}: another command has just begun to write there") from None
            undone_by_errors.callback(shutil.rmtree, folder, ignore_errors=True)
        with alone_in(folder, "another command"):
            yield
        undone_by_errors.pop_all()


def _is_import(folder: Path) -> bool:
    """Return whether an import left this folder, however little it wrote, and nothing else did."""
    about = folder / "zarr.json"
    try:
        regular_size(about)
        origin = json.loads(about.read_bytes())["attributes"]
        return not origin or _IMPORTED in origin
    except FileNotFoundError:
        return not any(folder.iterdir())
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
