"""CSV and Parquet to data sets: the numbers that others read there, and where what cannot be used stands."""

import bz2
import csv
import gzip
import json
import os
import signal
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pytest
import zarr
from pyarrow import parquet

from bench.datasets import tables
from bench.datasets.table_import import import_table
from bench.datasets.tables import BadTable, opened_table
from bench.locking import alone_in
from bench.request import BadRequest
from impls.data.dataset import BadData, opened
from impls.data.writing import unfinished

NAMES = ["mass", "a,b", "is signal", "énergie"]  # the labels between the features
COMPRESSED = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": lambda data: arrow.compress(data, "zstd", asbytes=True),
}


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(tables, "_BLOCK", 2**12)
    monkeypatch.setattr(tables, "_BATCH", 2**9)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(5)
    numbers = rng.standard_normal((1000, 4)) * 10.0 ** rng.integers(-30, 30, (1000, 4))
    numbers[:, 2] = rng.integers(0, 2, 1000)
    return numbers


def written(path, rows, header=True, newline="\n"):
    text = newline.join(",".join(map(repr, row)) for row in rows.tolist()) + newline
    names = ",".join(f'"{name}"' for name in NAMES) + newline if header else ""
    path.write_bytes(COMPRESSED.get(path.suffix, bytes)((names + text).encode()))
    return path


def imported(file, label, dtype="float64", chunk=256):
    """Import a file, given the examples of a chunk, and return X and Y as Zarr reads them."""
    path, shown, table = file.parent / "data.zarr", [], opened_table(file)
    features = table.columns - 1
    import_table(
        table, table.find(label), path, dtype, chunk * features * np.dtype(dtype).itemsize, shown.append
    )
    assert 0 < sum(shown) <= file.stat().st_size
    assert all(step >= 0 for step in shown)
    assert not unfinished(path).exists()
    data, group = opened(path), zarr.open_group(path, mode="r")
    assert data.chunk == min(data.m, chunk)
    assert group.attrs.asdict() == {"imported from": file.name}
    return group["X"][:], group["Y"][:]


@pytest.mark.parametrize("ending", COMPRESSED)
@pytest.mark.parametrize(("header", "label"), [(True, "is signal"), (True, "2"), (False, "2")])
def test_csv_as_numpy_reads_it(tmp_path, rows, ending, header, label):
    file = written(tmp_path / f"table.csv{ending}", rows, header)
    X, Y = imported(file, label)
    if ending in (".zst", ""):
        file = written(tmp_path / "table.csv", rows, header)
    numbers = np.loadtxt(file, delimiter=",", skiprows=int(header), encoding="utf-8")
    assert np.array_equal(X, np.delete(numbers, 2, axis=1).T)
    assert np.array_equal(Y, numbers[:, [2]].T)
    assert np.array_equal(numbers, rows)


@pytest.mark.parametrize("m", [1, 255, 256, 257, 512])
def test_chunks_that_end_with_the_table(tmp_path, rows, m):
    X, Y = imported(written(tmp_path / "table.csv", rows[:m]), "is signal", "float32")
    with np.errstate(over="ignore"):
        assert np.array_equal(X, np.delete(rows[:m], 2, axis=1).T.astype("float32"))
    assert np.array_equal(Y[0], rows[:m, 2])


@pytest.mark.parametrize("label", [0, 3])
def test_the_first_column_and_the_last(tmp_path, rows, label):
    rows = np.roll(rows, label - 2, axis=1)
    X, Y = imported(written(tmp_path / "table.csv", rows, header=False), str(label))
    assert np.array_equal(X, np.delete(rows, label, axis=1).T)
    assert np.array_equal(Y[0], rows[:, label])


def test_csv_as_spreadsheets_write_it(tmp_path):
    text = '\ufeff\r\n\r\n"y", "x1" ,x2\r\n"1", 2.5,-.5e-3\r\n\r\n0,"+1",1E3\r\n1.0,0,007\r\n\r\n'
    file = tmp_path / "table.csv"
    file.write_bytes(text.encode())
    X, Y = imported(file, "y")
    lines = [row for row in csv.reader(text.strip("\ufeff").splitlines()) if row][1:]
    assert np.array_equal(np.vstack([Y, X]), np.array(lines, float).T)
    (tmp_path / "data.zarr").rename(tmp_path / "good.zarr")
    file.write_bytes(text.encode().replace(b"0,007", b"0,x"))
    with pytest.raises(BadTable, match=r"row 3, column 'x2': 'x' is no number$"):
        opened_and_imported(file, "y")


def test_parquet_of_all_kinds_of_numbers(tmp_path, rows):
    m = len(rows)
    columns = {
        "float64": arrow.array(rows[:, 0]),
        "float32": arrow.array(rows[:, 2].astype("float32") / 3),
        "int8": arrow.array(np.arange(m) % 256 - 128, arrow.int8()),
        "uint64": arrow.array([2**64 - 1 - k for k in range(m)], arrow.uint64()),
        "label": arrow.array(rows[:, 2] == 1),
        "decimal": arrow.array([Decimal(k) / 8 for k in range(m)], arrow.decimal128(10, 3)),
    }
    table = arrow.table(columns)
    for size, label in ((m, "label"), (7, "4")):
        file = tmp_path / f"{size}.parquet"
        parquet.write_table(table, file, row_group_size=size)
        X, Y = imported(file, label)
        assert np.array_equal(Y[0], rows[:, 2])
        assert np.array_equal(X[0], rows[:, 0])
        assert np.array_equal(X[1], rows[:, 2].astype("float32") / np.float32(3))
        assert np.array_equal(X[2], np.arange(m) % 256 - 128)
        assert np.array_equal(X[3], np.full(m, 2.0**64) - np.arange(m))
        assert np.array_equal(X[4], np.arange(m) / 8)
        (tmp_path / "data.zarr").rename(tmp_path / f"{size}.zarr")


# What cannot be used


def opened_and_imported(file, label="0", dtype="float32"):
    """Import a file, hundreds of examples at once, and see that nothing is left behind if it fails."""
    before = set(file.parent.iterdir())
    try:
        table = opened_table(file)
        import_table(table, table.find(label), file.parent / "data.zarr", dtype, 8000, lambda _: None)
    finally:
        assert set(file.parent.iterdir()) - before <= {file.parent / "data.zarr"}
        assert not unfinished(file.parent / "data.zarr").exists()


GOOD = "y,x1,x2\n" + "1,2,3\n" * 1500  # two blocks of text, and more


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\r\n", "is empty"),
        ("y,x1\n", "has no rows"),
        ("y\n1\n", "has one column, but a label and a feature are needed, split by a comma"),
        ("y;x1\n1;2\n", "has one column, but a label and a feature are needed, split by a comma"),
        (f"{GOOD}1,,3\n", "row 1,501, column 'x1': empty, but a number is needed"),
        (f"{GOOD}1,NA,3\n", "row 1,501, column 'x1': 'NA' is no number"),
        (f"{GOOD}1,2,\n", "row 1,501, column 'x2': empty, but a number is needed"),
        (f"{GOOD}1,0x10,3\n", "row 1,501, column 'x1': '0x10' is no number"),
        (f"{GOOD}1,{'x' * 999},3\n", f"row 1,501, column 'x1': '{'x' * 59}…' is no number"),
        (f"{GOOD}1,nan,3\n", "row 1,501, column 'x1': nan, but every value must be finite"),
        (f"{GOOD}1,2,-inf\n", "row 1,501, column 'x2': -inf, but every value must be finite"),
        (f"{GOOD}1,2,1e39\n", "row 1,501, column 'x2': 1e+39, beyond float32"),
        (f"{GOOD}1,2\n", "row 1,501 has 2 columns, but 3 are needed: '1,2'"),
        (f"{GOOD}1,2,3,4\n{GOOD}", "row 1,501 has 4 columns, but 3 are needed: '1,2,3,4'"),
        (f"{GOOD}2,2,3\n", "row 1,501, column 'y': label 2; every label must be 0 or 1"),
        (f"{GOOD}-1,2,3\n", "row 1,501, column 'y': label -1; every label must be 0 or 1"),
        (f"{GOOD}nan,2,3\n", "row 1,501, column 'y': label nan; every label must be 0 or 1"),
        (f"{GOOD}yes,2,3\n", "row 1,501, column 'y': 'yes' is no number"),
        ("1,2\n0,\n", "row 2, column 1: empty, but a number is needed"),
        ("1,\n0,2\n", "row 1, column 1: empty, but a number is needed"),
        ("1,2\n0,3\n5,4\n", "row 3, column 0: label 5; every label must be 0 or 1"),
        ("\xff\xfe\0", "no text in UTF-8; a CSV or Parquet file is needed"),
        ("y,x1,x1\n1,2,3\n", "2 columns are called 'x1': say a number"),
    ],
)
def test_what_is_wrong_in_a_csv_file_and_where(tmp_path, text, message):
    file = tmp_path / "table.csv"
    file.write_text(text, "latin-1")
    with pytest.raises(BadTable) as caught:
        opened_and_imported(file, "x1" if "x1,x1" in text else "0")
    separator = " " if message.startswith(("is ", "has ")) else ": "
    assert str(caught.value) in (f"{file}{separator}{message}", f"{file}: {message}")


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("is_signal", "no column 'is_signal'; did you mean is signal?"),
        ("xyz", "no column 'xyz'; there are mass, a,b, is signal, énergie"),
        ("4", "no column '4'; there are mass, a,b, is signal, énergie"),
        ("-1", "no column '-1'; there are mass, a,b, is signal, énergie"),
        ("²", "no column '²'; there are mass, a,b, is signal, énergie"),
    ],
)
def test_a_label_that_no_column_has(tmp_path, rows, label, message):
    with pytest.raises(BadTable) as caught:
        opened_and_imported(written(tmp_path / "table.csv", rows), label)
    assert str(caught.value) == f"{tmp_path}/table.csv: {message}"
    with pytest.raises(BadTable, match=r"no column 'mass'; without a header they are called 0 to 3$"):
        opened_and_imported(written(tmp_path / "other.csv", rows, header=False), "mass")


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("table.csv.gz", lambda data: b"1,2\n" * 9, "cannot be read as gzip: .*incorrect header check"),
        ("table.csv.gz", lambda data: data[:-9], "cannot be read as gzip: Truncated"),
        ("table.csv.gz", lambda data: data[: len(data) // 2], "cannot be read as gzip: Truncated"),
        ("table.csv.gz", lambda data: data[:-100] + bytes(100), "cannot be read as gzip: "),
        ("table.csv.bz2", lambda data: data[:-9], "cannot be read as bz2: Truncated"),
        ("table.csv.zst", lambda data: data[:-9], "cannot be read as zstd: Truncated"),
        ("table.csv.gz", lambda data: b"", "is empty"),
        ("table.parquet", lambda data: b"1,2\n" * 9, "no whole Parquet file: "),
        ("table.parquet", lambda data: data[: len(data) // 2], "no whole Parquet file: "),
        ("table.parquet", lambda data: data[:9] + bytes(2000) + data[2009:], "no whole Parquet file: "),
        ("table.dat", lambda data: b"PAR1", "no whole Parquet file: "),
        ("table.parquet", lambda data: b"", "no whole Parquet file: "),
    ],
)
def test_a_file_that_is_damaged(tmp_path, rows, name, damage, message):
    file = tmp_path / name
    if name == "table.parquet":
        parquet.write_table(arrow.table(list(rows.T), list("abcd")), file)
    else:
        written(file, rows)
    opened_and_imported(file, "2", "float64")
    (tmp_path / "data.zarr").rename(tmp_path / "good.zarr")
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(BadTable, match=f"{name}:? {message}"):
        opened_and_imported(file, "2", "float64")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"y": [0, 1], "x": ["1", "2"]}, "column 'x' is of type string, but numbers are needed"),
        ({"y": [0, 1], "x": [[1], [2]]}, "column 'x' is of type list<.*>, but numbers are needed"),
        ({"y": [0, 1], "x": [1.5, None]}, "row 2, column 'x': empty, but a number is needed"),
        ({"y": [None, 1], "x": [1, 2]}, "row 1, column 'y': empty, but a number is needed"),
        ({"y": [0, 1], "x": [1.5, float("nan")]}, "row 2, column 'x': nan, but every value must be finite"),
        ({"y": [0, 3], "x": [1.5, 2]}, "row 2, column 'y': label 3; every label must be 0 or 1"),
        ({"y": [0, 3]}, "has one column"),
        ({"y": arrow.array([], "int8"), "x": arrow.array([], "float64")}, "has no rows"),
    ],
)
def test_what_is_wrong_in_a_parquet_file_and_where(tmp_path, columns, message):
    file = tmp_path / "table.parquet"
    parquet.write_table(arrow.table(columns), file)
    with pytest.raises(BadTable, match=message):
        opened_and_imported(file)


def test_a_line_may_be_longer_than_a_block(tmp_path):
    file, numbers = tmp_path / "wide.csv", np.arange(6000) / 7
    lines = np.vstack([np.append(1, numbers), np.append(0, -numbers)])
    np.savetxt(file, lines, delimiter=",", fmt="%.17g")
    X, Y = imported(file, "0")
    assert np.array_equal(X, lines[:, 1:].T)
    assert Y.tolist() == [[1, 0]]


def test_a_file_without_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_FIRST_LINE", 1000)
    (tmp_path / "table.csv").write_text("1" * 5000)
    with pytest.raises(BadTable, match="no CSV file: no line ends in its first 1 kB"):
        opened_and_imported(tmp_path / "table.csv")


# What lies there already


@pytest.fixture
def table(tmp_path, rows):
    return opened_table(written(tmp_path / "table.csv", rows))


def run(table):
    import_table(table, 2, table.path.with_name("data.zarr"), "float64", 2400, lambda _: None)


@pytest.mark.parametrize("when", ["at once", "early", "late"])
def test_what_a_killed_import_left_is_replaced(tmp_path, table, when):
    if when == "at once":
        (tmp_path / "data.zarr.part").mkdir()
    else:
        left = zarr.open_group(tmp_path / "data.zarr.part", mode="a")
        left.create_array("X", shape=(9, 9), chunks=(9, 9), dtype="float32")[:] = 1
        left.attrs.update({} if when == "early" else {"imported from": "other.csv"})
    run(table)
    assert opened(tmp_path / "data.zarr").n_x == 3
    assert {path.name for path in tmp_path.iterdir()} == {"table.csv", "data.zarr"}


NO_IMPORTS = {
    "made": json.dumps({"attributes": {"seed": 1}}),
    "no Zarr": "[]",
    "attributes no object": json.dumps({"attributes": 7}),
    "nested": "[" * 200_000,
}


@pytest.mark.parametrize("kind", ["foreign", "file", *NO_IMPORTS])
def test_what_is_no_import_is_not_removed(tmp_path, table, kind):
    folder = tmp_path / "data.zarr.part"
    if kind == "file":
        folder.write_text("precious")
    else:
        folder.mkdir()
        (folder / "precious").write_text("precious")
    if kind in NO_IMPORTS:
        (folder / "zarr.json").write_text(NO_IMPORTS[kind])
    with pytest.raises(BadData, match=r"data\.zarr\.part: remains of another data set .*: remove it"):
        run(table)
    assert "precious" in (folder.read_text() if kind == "file" else (folder / "precious").read_text())


def test_a_signal_that_comes_while_the_folder_is_made_leaves_none(tmp_path, table, monkeypatch):
    def make(folder, real=Path.mkdir):
        real(folder)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Path, "mkdir", make)
    with pytest.raises(KeyboardInterrupt):
        run(table)
    assert {path.name for path in tmp_path.iterdir()} == {"table.csv"}


def test_an_import_that_goes_on_is_not_removed(tmp_path, table):
    zarr.open_group(tmp_path / "data.zarr.part", mode="a", attributes={"imported from": "other.csv"})
    with (
        alone_in(tmp_path / "data.zarr.part", "a test"),
        pytest.raises(BadRequest, match="another command writes there"),
    ):
        run(table)
    assert (tmp_path / "data.zarr.part").exists()


def test_a_data_set_is_not_overwritten(tmp_path, table):
    (tmp_path / "data.zarr").mkdir()
    with pytest.raises(BadData, match=r"data\.zarr is there already: remove it, or choose another name"):
        run(table)
    assert not list((tmp_path / "data.zarr").iterdir())


def test_a_pipe_is_refused_before_it_is_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(BadTable, match=r"pipe\.csv: is no file; it is read twice"):
        opened_table(tmp_path / "pipe.csv")


def test_a_line_without_end(tmp_path):
    (tmp_path / "table.csv").write_text("y,a\n1,0." + "3" * 2**20 + "\n")
    with pytest.raises(BadTable, match=r"table\.csv: a line is longer than [0-9.]+ kB$"):
        opened_and_imported(tmp_path / "table.csv", "0", "float64")
