"""Tables in CSV or Parquet, read batch by batch: a table may be larger than memory.

Numbers are read as float64. A field that is not a number ends the reading, with its place in the file.
"""

import csv
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from impls.contract import Array
from impls.errors import UnknownName, UserError, not_installed
from reports import wording

_CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
_FIRST_LINE = 2**24  # bytes in which the first line has to end
_BLOCK = 2**18  # bytes of text that are parsed at once
_FIELD = 64  # bytes of text for each column, so that a line of many columns fits a block
_BATCH = 2**19  # numbers of a Parquet file that are decoded at once
_LONGEST = 60  # most characters of a name or a field in a message


class BadTable(UserError, ValueError):
    """A file is no table of examples; the message names it, the row from 1, the column, and what is wrong."""


class Table(ABC):
    """A file of rows and columns; rows are counted from 1 in messages, without a header, columns from 0."""

    def __init__(self, path: Path, columns: int, names: list[str] | None):
        self.path, self.columns, self._names = path, columns, names
        if columns < 2:
            raise BadTable(f"{path}: has one column, but a label and a feature are needed, split by a comma")

    def find(self, column: str) -> int:
        """Return a column by its name, or its number; raises BadTable where there is none."""
        names = self._names or []
        if names.count(column) > 1:
            raise BadTable(f"{self.path}: {names.count(column)} columns are called {column!r}: say a number")
        if column in names:
            return names.index(column)
        if column.isdecimal() and int(column) < self.columns:
            return int(column)
        if self._names is None:
            said = f"no column {column!r}; without a header they are called 0 to {self.columns - 1}"
        else:
            said = str(UnknownName("column", column, tuple(names)))
        raise BadTable(f"{self.path}: {wording.shortened(said, 5 * _LONGEST)}")

    def place(self, row: int, column: int) -> str:
        """Name a field, its row counted from 0 too, for a message."""
        name = str(column) if self._names is None else repr(_shortened(self._names[column]))
        return f"{self.path}: row {row + 1:,}, column {name}"

    @abstractmethod
    def batches(self) -> Iterator[tuple[list[Array], int]]:
        """Return some rows after the other, as columns of float64, and how many bytes of the file are read.

        Raises BadTable.
        """


def opened_table(path: Path) -> Table:
    """Open a CSV or Parquet file; raises BadTable where it is none, Unavailable without PyArrow."""
    _arrow()
    if not path.is_file():
        raise BadTable(f"{path}: is no file; it is read twice, so write what comes through a pipe to one")
    try:
        with path.open("rb") as file:
            is_parquet = file.read(4) == b"PAR1" or path.suffix == ".parquet"
        return _Parquet(path) if is_parquet else _Csv(path)
    except OSError as error:
        raise BadTable(f"{path}: cannot be read: {error.strerror or error}") from None


class _Csv(Table):
    """Text; a first line that is all numbers is no header."""

    def __init__(self, path: Path):
        self._codec = _CODECS.get(path.suffix.lower())
        self.path = path
        text = b""
        with self._errors(), _arrow().OSFile(str(path)) as file:
            stream = self._decompressed(file)
            while not re.search(rb"[^\r\n][\r\n]", text) and len(text) < _FIRST_LINE:
                if not (more := stream.read(_BLOCK)):
                    break
                text += more
        text = text.removeprefix(b"\xef\xbb\xbf")
        first = re.search(rb"[^\r\n]+", text)
        if first is None:
            raise BadTable(f"{path}: is empty")
        if first.end() >= _FIRST_LINE:
            raise BadTable(f"{path}: no CSV file: no line ends in its first {wording.size(_FIRST_LINE)}")
        try:
            (fields,) = csv.reader([first[0].decode("utf-8")])
        except (ValueError, csv.Error):
            raise BadTable(f"{path}: no text in UTF-8; a CSV or Parquet file is needed") from None
        has_header = any(field.strip() and not _is_number(field) for field in fields)
        super().__init__(path, len(fields), [field.strip() for field in fields] if has_header else None)
        above = len(re.findall(rb"\r\n|\r|\n", text[: first.start()]))
        self._skipped = above + 1 if has_header else 0

    def batches(self) -> Iterator[tuple[list[Array], int]]:
        arrow = _arrow()
        columns = [str(column) for column in range(self.columns)]
        with (
            self._errors(),
            arrow.OSFile(str(self.path)) as file,
            arrow.csv.open_csv(
                self._decompressed(file),
                arrow.csv.ReadOptions(
                    column_names=columns,
                    skip_rows=self._skipped,
                    block_size=self._block,
                    use_threads=False,  # with more of them, its errors do not say the row
                ),
                convert_options=arrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(columns, arrow.float64()), null_values=[]
                ),
            ) as reader,
        ):
            for batch in reader:
                yield [column.to_numpy() for column in batch.columns], file.tell()

    @property
    def _block(self) -> int:
        return max(_BLOCK, _FIELD * self.columns)

    def _decompressed(self, file: Any) -> Any:
        return _arrow().CompressedInputStream(file, self._codec) if self._codec else file

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except MemoryError:  # PyArrow's own among them
            raise
        except _arrow().ArrowException as error:
            raise BadTable(self._explained(str(error))) from None
        except OSError as error:
            form = f" as {self._codec}" if self._codec else ""
            raise BadTable(f"{self.path}: cannot be read{form}: {error.strerror or error}") from None

    def _explained(self, said: str) -> str:
        """Say what PyArrow found wrong in the words of this project, where they are known."""
        if "straddling object" in said:
            return f"{self.path}: a line is longer than {wording.size(self._block)}"
        row = re.search(r"Row #(\d+): ", said)
        if row is None:
            return f"{self.path}: {said}"
        at = int(row[1]) - self._skipped - 1
        if found := re.search(r"column #(\d+): .* invalid value '(.*)'$", said, re.DOTALL):
            value = f"{_shortened(found[2])!r} is no number" if found[2] else "empty, but a number is needed"
            return f"{self.place(at, int(found[1]))}: {value}"
        if found := re.search(r"Expected (\d+) columns, got (\d+): (.*)", said, re.DOTALL):
            line = _shortened(found[3])
            return f"{self.path}: row {at + 1:,} has {found[2]} columns, but {found[1]} are needed: {line!r}"
        return f"{self.path}: row {at + 1:,}: {said}"


class _Parquet(Table):
    """Columns in a binary form, of any type of number."""

    def __init__(self, path: Path):
        self.path = path
        with self._errors():
            # Without these settings a group of rows is read as a whole, however large it is.
            self._file = _arrow().parquet.ParquetFile(path, buffer_size=_BLOCK, pre_buffer=False)
        schema, kinds = self._file.schema_arrow, _arrow().types
        super().__init__(path, len(schema), schema.names)
        for column, field in enumerate(schema):
            tests = kinds.is_integer, kinds.is_floating, kinds.is_decimal, kinds.is_boolean
            if not any(test(field.type) for test in tests):
                name = _shortened(schema.names[column])
                raise BadTable(f"{path}: column {name!r} is of type {field.type}, but numbers are needed")

    def batches(self) -> Iterator[tuple[list[Array], int]]:
        row = 0
        with self._errors():
            bytes_per_row = self.path.stat().st_size / max(1, self._file.metadata.num_rows)
            for batch in self._file.iter_batches(max(1, _BATCH // self.columns), use_threads=False):
                numbers = [self._numbers(one, row, column) for column, one in enumerate(batch.columns)]
                row += batch.num_rows
                yield numbers, int(row * bytes_per_row)

    def _numbers(self, values: Any, row: int, column: int) -> Array:
        if values.null_count:
            first = int(np.argmax(values.is_null().to_numpy(zero_copy_only=False)))
            raise BadTable(f"{self.place(row + first, column)}: empty, but a number is needed")
        return np.asarray(values.cast(_arrow().float64(), safe=False).to_numpy(zero_copy_only=False))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except MemoryError:
            raise
        except (_arrow().ArrowException, OSError) as error:
            raise BadTable(f"{self.path}: no whole Parquet file: {error}") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shortened(text: str) -> str:
    return wording.shortened(text, _LONGEST)


def _arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.csv
        import pyarrow.parquet
    except ImportError:
        raise not_installed("pyarrow") from None
    return pyarrow
