"""Data sets on disk: what is written comes back, and whatever is wrong with a file is said, with its name."""

import functools
import json
import math
import operator
import os
import random
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from impls.data import dataset, problems
from impls.data.chunk_size import chunk_for
from impls.data.dataset import KEPT_BYTES, BadData, opened, reopened
from tests.impls.checks import problem_of, read_only, tabled, written

zarr = pytest.importorskip("zarr")


def chunks(data):
    """Return X and Y as the data set reads them."""
    X, Y = zip(*(data._read(k) for k in range(len(data))), strict=True)
    return np.hstack(X), np.hstack(Y)


def zeros(n_x, dtype="float64"):
    """Return w as a row gets it, read-only: for one that can be written to, Numba would compile anew."""
    return read_only(np.zeros(n_x, dtype))


def use(path):
    """Do what a training does: open, and go through all chunks."""
    data = opened(path)
    return [data.sums(k, zeros(data.n_x, data.dtype), 0.0) for k in range(len(data))]


@pytest.fixture
def numbers():
    problem = problem_of("3x20")
    return problem.X, problem.Y


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A data set of three chunks, the last of them shorter; nobody may change it."""
    problem = problem_of("3x20")
    return written(tmp_path_factory.mktemp("whole") / "data.zarr", problem.X, problem.Y, chunk=7)


@pytest.fixture
def folder(tmp_path, whole):
    """A copy of it to be changed."""
    return Path(shutil.copytree(whole, tmp_path / "data.zarr"))


def sums_by_numpy(w, b, X, Y, count, order):
    """Do in NumPy what `impls.kernels.sweep.sums` does, for which Numba compiles each order and dtype."""
    X, Y = X[:, :count].astype(float), Y[:count].astype(float)
    z = w.astype(float) @ X + b
    dz = 1 / (1 + np.exp(-z)) - Y
    return np.array([*(X @ dz), np.sum(np.log1p(np.exp(z)) - Y * z), dz.sum()])


COMPILED = dataset._sums_of


@pytest.fixture(autouse=True)
def compile_nothing(monkeypatch):
    monkeypatch.setattr(dataset, "_sums_of", sums_by_numpy)


SIZES = [("3x20", 7), ("3x20", 20), ("3x20", 64), ("2x1", 1), ("1x9", 2)]


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("name", "chunk"), SIZES)
def test_what_was_written_comes_back(tmp_path, dtype, name, chunk, compiled, monkeypatch):
    problem = problem_of(name, dtype)
    if compiled:
        monkeypatch.setattr(dataset, "_sums_of", COMPILED)
    for data in (
        opened(written(tmp_path / "data.zarr", problem.X, problem.Y, chunk)),
        opened(tabled(tmp_path / "data.npy", problem.X, problem.Y)),
    ):
        n_x, m = problem.X.shape
        assert (data.n_x, data.m, data.dtype) == (n_x, m, dtype)
        assert data.examples(len(data) - 1)[1] == m
        assert [array.tobytes() for array in chunks(data)] == [problem.X.tobytes(), problem.Y.tobytes()]
        # At w = 0 the error of each example is 1/2 - Y: sums that hand calculation gives.
        total = sum(data.sums(k, zeros(n_x, dtype), 0.0) for k in range(len(data)))
        expected = [*(problem.X.astype(float) @ (0.5 - problem.Y[0])), m * np.log(2), m / 2 - problem.Y.sum()]
        assert total == pytest.approx(expected, rel=1e-5 if dtype == "float32" else 1e-13, abs=1e-6)


def test_a_chunk_of_zeros_is_a_file_too(tmp_path, numbers):
    X, Y = (np.zeros_like(array) for array in numbers)
    path = written(tmp_path / "data.zarr", X, Y, chunk=7)
    assert len(list(path.glob("[XY]/c/0/*"))) == 6
    X, Y = chunks(opened(path))
    assert not X.any()
    assert not Y.any()
    use(path)


def test_identity_is_of_the_numbers_and_their_chunks(tmp_path, numbers):
    X, Y = numbers
    other, label = X.copy(), Y.copy()
    other[2, 19] = np.nextafter(other[2, 19], 1)
    label[0, 0] = 1 - label[0, 0]
    versions = [(X, Y, 7), (X, Y, 7), (X, Y, 10), (other, Y, 7), (X, label, 7), (X[:2], Y, 7)]
    versions += [(X[:, :19], Y[:, :19], 7), (X.astype("float16").astype(X.dtype), Y, 7)]
    found = [opened(written(tmp_path / str(n), *version)).identity for n, version in enumerate(versions)]
    assert found[0] == found[1]
    assert len(set(found)) == len(versions) - 1
    tables = [opened(tabled(tmp_path / f"{n}.npy", *numbers)).identity for n in range(2)]
    assert len({*tables, found[0]}) == 3  # of a table it is a matter of the file


def reread(file, change):
    file.write_bytes(change(file.read_bytes()))


def flipped(content):
    """Change one bit in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def described(folder, array="X", **changes):
    """Change what an array's zarr.json says."""
    file = folder / array / "zarr.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def nested(content):
    return b"[" * 200_000 + b"]" * 200_000


def regular(folder, chunk):
    """Let both arrays claim chunks of so many examples."""
    for array, rows in (("X", 3), ("Y", 1)):
        grid = {"name": "regular", "configuration": {"chunk_shape": [rows, chunk]}}
        described(folder, array, chunk_grid=grid)


def replaced(folder, name="X", shape=(3, 20), chunks=(3, 7), dtype="float64", **how):
    """Put another array in the place of X or Y, stored as it should be but for what is given."""
    how = {"compressors": zarr.codecs.Crc32cCodec(), "config": {"write_empty_chunks": True}, **how}
    group = zarr.open_group(folder)
    group.create_array(name, shape=shape, chunks=chunks, dtype=dtype, overwrite=True, **how)[:] = 1


HALF = "the data set is half written or half copied: write or copy it again"
WHOLE = r"/data\.zarr: "
NO_SET = rf"{WHOLE}no data set: a Zarr group of format 3 with arrays X and Y is needed$"
IMPORT = r"`zeroloop data import` writes what is needed$"
DAMAGES = {
    "gone": (shutil.rmtree, rf"{WHOLE}no such data set; `zeroloop data make \S+ --shape 28x1000000` makes"),
    "a file": (
        lambda path: (shutil.rmtree(path), path.write_text("X")),
        "a file, and no data set; `zeroloop data import` makes one of a table$",
    ),
    "empty folder": (lambda path: (shutil.rmtree(path), path.mkdir()), NO_SET),
    "no zarr.json": (lambda path: (path / "zarr.json").unlink(), NO_SET),
    "empty zarr.json": (lambda path: reread(path / "zarr.json", lambda content: b""), NO_SET),
    "zarr.json cut short": (lambda path: reread(path / "zarr.json", lambda content: content[:20]), NO_SET),
    "zarr.json is no text": (lambda path: reread(path / "zarr.json", lambda content: b"\xff\0"), NO_SET),
    "zarr.json of another kind": (lambda path: reread(path / "zarr.json", lambda content: b"[1]"), NO_SET),
    "an array": (lambda path: shutil.copy(path / "X" / "zarr.json", path), NO_SET),
    "no Y": (lambda path: shutil.rmtree(path / "Y"), NO_SET),
    "empty X/zarr.json": (lambda path: reread(path / "X" / "zarr.json", lambda content: b""), NO_SET),
    "X/zarr.json of another kind": (lambda path: reread(path / "X/zarr.json", lambda content: b"7"), NO_SET),
    "X/zarr.json says nothing": (lambda path: reread(path / "X/zarr.json", lambda content: b"{}"), NO_SET),
    "X of no shape": (lambda path: described(path, shape=None), NO_SET),
    "X of unknown numbers": (lambda path: described(path, data_type="r7"), NO_SET),
    "X in unknown chunks": (lambda path: described(path, chunk_grid={"name": "hexagonal"}), NO_SET),
    "X of an unknown codec": (lambda path: described(path, codecs=[{"name": "secret"}]), NO_SET),
    "X of no codec": (lambda path: described(path, codecs=[]), NO_SET),
    "zarr.json of text": (lambda path: reread(path / "zarr.json", lambda content: b'"X"'), NO_SET),
    "zarr.json nested deep": (lambda path: reread(path / "zarr.json", nested), NO_SET),
    "Y/zarr.json nested deep": (lambda path: reread(path / "Y/zarr.json", nested), NO_SET),
    "X/zarr.json without end": (lambda path: os.truncate(path / "X/zarr.json", 2**40), NO_SET),
    "attributes of X no object": (lambda path: described(path, attributes="checksums"), NO_SET),
    "chunks of no examples": (lambda path: regular(path, 0), NO_SET),
    "chunks of too many examples": (
        lambda path: regular(path, 2**62),  # so many that their bytes are 0 in 64 bits
        rf"/X/c/0/0: 172 bytes, not 110,680,464,442,257,309,700: {HALF}$",
    ),
    "X a group": (
        lambda path: shutil.copy(path / "zarr.json", path / "X"),
        rf"{WHOLE}X is no array of shape",
    ),
    "X of one dimension": (
        lambda path: replaced(path, shape=(20,), chunks=(7,)),
        rf"{WHOLE}X is no array of",
    ),
    "no features": (lambda path: replaced(path, shape=(0, 20), chunks=(1, 7)), rf"{WHOLE}X is no array of"),
    "no examples": (lambda path: replaced(path, shape=(3, 0)), rf"{WHOLE}X is no array of shape \(rows, exa"),
    "integers": (
        lambda path: replaced(path, dtype="int64"),
        rf"X is int64, but float64 or float32.*{IMPORT}",
    ),
    "big-endian": (
        lambda path: replaced(path, serializer=zarr.codecs.BytesCodec(endian="big")),
        rf"X is stored as big-endian bytes, crc32c, but little-endian bytes, crc32c is needed, .*{IMPORT}",
    ),
    "compressed": (
        lambda path: replaced(path, compressors=zarr.codecs.ZstdCodec()),
        rf"{WHOLE}X is stored as little-endian bytes, zstd, but .*, which can be mapped; {IMPORT}",
    ),
    "no checksums": (
        lambda path: replaced(path, compressors=None),
        rf"X is stored as little-endian bytes, but .*{IMPORT}",
    ),
    "transposed": (
        lambda path: replaced(path, filters=zarr.codecs.TransposeCodec(order=(1, 0))),
        rf"X is stored as transpose, little-endian bytes, crc32c, but .*{IMPORT}",
    ),
    "shards": (
        lambda path: replaced(path, shards=(3, 14)),
        rf"{WHOLE}X is stored as sharding_indexed, but .*{IMPORT}",
    ),
    "chunks that cut features": (
        lambda path: replaced(path, chunks=(2, 7)),
        rf"{WHOLE}X has chunks of \(2, 7\), but each needs all 3 rows; {IMPORT}",
    ),
    "more examples than labels": (
        lambda path: replaced(path, shape=(3, 21)),
        rf"{WHOLE}X is float64 \(3, 21\) .* and Y is float64 \(1, 20\) .*; n_x x m and 1 x m in ",
    ),
    "other chunks of labels": (
        lambda path: replaced(path, "Y", shape=(1, 20), chunks=(1, 8)),
        rf"{WHOLE}X is float64 .* in chunks of \(3, 7\) and Y is float64 .* in chunks of \(1, 8\); n_x",
    ),
    "labels of another type": (
        lambda path: replaced(path, "Y", shape=(1, 20), chunks=(1, 7), dtype="float32"),
        rf"{WHOLE}X is float64 .* and Y is float32 .*; .* in the same type and chunks are needed$",
    ),
    "two rows of labels": (
        lambda path: replaced(path, "Y", shape=(2, 20), chunks=(2, 7)),
        rf"{WHOLE}X is float64 \(3, 20\) .* and Y is float64 \(2, 20\)",
    ),
    "chunk missing": (lambda path: (path / "X/c/0/1").unlink(), rf"/X/c/0/1 is missing: {HALF}$"),
    "labels missing": (lambda path: (path / "Y/c/0/2").unlink(), rf"/Y/c/0/2 is missing: {HALF}$"),
    "chunk a folder": (
        lambda path: ((path / "X/c/0/1").unlink(), (path / "X/c/0/1").mkdir()),
        "/X/c/0/1 cannot be read: it is no regular file$",
    ),
    "chunk cut short": (
        lambda path: reread(path / "X/c/0/2", lambda content: content[:-1]),
        rf"/X/c/0/2: 171 bytes, not 172: {HALF}$",
    ),
    "chunk too long": (
        lambda path: reread(path / "Y/c/0/0", lambda content: content + b"0"),
        rf"/Y/c/0/0: 61 bytes, not 60: {HALF}$",
    ),
    "empty chunk": (lambda path: reread(path / "X/c/0/0", lambda content: b""), "/X/c/0/0: 0 bytes, not 172"),
    "bit of X": (
        lambda path: reread(path / "X/c/0/1", flipped),
        "/X/c/0/1 is damaged, or another chunk: its checksum does not match; write it again$",
    ),
    "bit of Y": (
        lambda path: reread(path / "Y/c/0/2", flipped),
        "/Y/c/0/2 is damaged, or another chunk: its checksum",
    ),
    "bit of a checksum": (
        lambda path: reread(path / "Y/c/0/0", lambda content: content[:-1] + bytes([content[-1] ^ 1])),
        "/Y/c/0/0 is damaged, or another chunk: its checksum does not match",
    ),
    "checksums that are none": (
        lambda path: described(path, attributes={"checksums": 7}),
        "/X/c/0/0 is damaged, or another chunk: its checksum does not match",
    ),
    "checksums of fewer chunks": (
        lambda path: described(path, attributes={"checksums": zarr.open(path)["X"].attrs["checksums"][:16]}),
        "/X/c/0/2 is damaged, or another chunk: its checksum does not match",
    ),
    "checksum of 0": (
        lambda path: reread(path / "X/c/0/0", lambda content: content[:-4] + bytes(4)),
        "/X/c/0/0 is damaged, or another chunk: its checksum does not match",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named(folder, damage):
    spoil, message = DAMAGES[damage]
    spoil(folder)
    with pytest.raises(BadData, match=message) as caught:
        use(folder)
    assert str(caught.value).startswith(str(folder))
    assert "\n" not in str(caught.value)


VALUES = (None, True, 0, -1, 7, 10**20, 0.5, math.inf, "", "X", "/", "float32", "\0", [], [1, 2], [3, 0], {})
VALUES += ({"name": "x"}, {"name": []}, {"configuration": {}})
KEYS = ("name", "configuration", "consolidated_metadata", "")


def places(document, at=()):
    """Return the way to each value of a document in JSON, from its root on."""
    yield at
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield from places(value, (*at, key))


def edited(document, rng):
    """Return a document with one value removed, replaced or added."""
    way = rng.choice(list(places(document)))
    if not way:
        return rng.choice(VALUES)
    place = functools.reduce(operator.getitem, way[:-1], document)
    if (edit := rng.choice(("remove", "replace", "add"))) == "remove":
        del place[way[-1]]
    else:
        key = rng.choice(KEYS) if edit == "add" and isinstance(place, dict) else way[-1]
        place[key] = rng.choice(VALUES)
    return document


def test_metadata_that_somebody_edited_are_refused_or_mean_the_same(folder):
    rng, total, messages = random.Random(17), sum(use(folder)), []
    for _ in range(200):
        file = folder / rng.choice(("zarr.json", "X/zarr.json", "Y/zarr.json"))
        before = file.read_bytes()
        file.write_text(json.dumps(edited(json.loads(before), rng)))
        try:
            assert (sum(use(folder)) == total).all()
        except BadData as error:
            messages.append(str(error))
        file.write_bytes(before)
    assert 100 < len(messages) < 200
    assert all(re.fullmatch(rf"{folder}\S* .+", message) for message in messages)


def test_a_lack_of_threads_is_not_blamed_on_the_data(folder, monkeypatch):
    def crowded(*_, **__):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(zarr, "open_group", crowded)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        opened(folder)


@pytest.mark.parametrize("name", ["X/c/0/0", "Y/c/0/1"])
@pytest.mark.parametrize("source", ["the same", "another"])
def test_a_valid_chunk_does_not_pass_in_the_place_of_another(tmp_path, folder, numbers, name, source):
    X, Y = numbers
    other = folder if source == "the same" else written(tmp_path / "other.zarr", X + 1, 1 - Y, chunk=7)
    place = name if source == "another" else f"{name[0]}/c/0/{1 - int(name[-1])}"
    shutil.copy(other / place, folder / name)
    with pytest.raises(BadData, match=rf"/{name} is damaged, or another chunk: its checksum does not match"):
        opened(folder)


def test_a_data_set_that_does_not_say_which_chunk_belongs_where_is_read(folder):
    expected = sum(use(folder))
    for array in ("X", "Y"):
        described(folder, array, attributes={})
    assert (sum(use(folder)) == expected).all()


UNENDING = """
import json, os, resource, shutil, sys
from pathlib import Path
from impls.data.dataset import BadData, opened
from impls.data.writing import Writer

resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
for name in sys.argv[2:]:
    folder = Path(shutil.copytree(sys.argv[1], "data.zarr"))
    for put in (os.mkfifo, lambda file: file.symlink_to("/dev/zero")):
        (folder / name).unlink(missing_ok=True)
        put(folder / name)
        try:
            opened(folder if name != "data.npy" else folder / name)
        except BadData as error:
            print(error)
    if name.endswith("zarr.json"):
        try:
            Writer(folder.rename("new.zarr.part").with_suffix(""), 3, 20, "float64", 7, {})
        except OSError as error:
            print(error)
        folder = Path("new.zarr.part")
    shutil.rmtree(folder)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_what_has_no_end_is_not_read(tmp_path, whole):
    names = ("zarr.json", "X/zarr.json", "Y/zarr.json", "X/c/0/1", "Y/c/0/2", "data.npy")
    command = [sys.executable, "-c", UNENDING, str(whole), *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    expected = []
    for name in names:
        expected += 2 * [f"data.zarr/{name} cannot be read: it is no regular file"]
        if name.endswith("zarr.json"):
            expected += [f"[Errno 22] it is no regular file: 'new.zarr.part/{name}'"]
    assert done.stdout.splitlines() == expected


def test_format_2(tmp_path):
    group = zarr.create_group(tmp_path / "data.zarr", zarr_format=2)
    for name, rows in (("X", 3), ("Y", 1)):
        group.create_array(name, shape=(rows, 20), chunks=(rows, 7), dtype="float64", compressors=None)
    with pytest.raises(BadData, match=NO_SET):
        opened(tmp_path / "data.zarr")


def test_half_written(folder):
    path = folder.rename(f"{folder}.part")
    with pytest.raises(
        BadData, match=r"data\.zarr\.part: half written; run the command that writes it again"
    ):
        opened(path)


@pytest.mark.parametrize("kind", ["zarr", "npy"])
@pytest.mark.parametrize(
    ("row", "value", "message"),
    [
        (1, np.nan, r"chunk 2, examples 14 to 20: X: X\[1, 1\] is nan; every value must be finite"),
        (2, -np.inf, r"chunk 2, examples 14 to 20: X: X\[2, 1\] is -inf; every value must be finite"),
        (None, 2, r"chunk 2, examples 14 to 20: Y: "),
        (None, np.nan, r"chunk 2, examples 14 to 20: Y: "),
    ],
)
def test_values_that_no_row_takes(tmp_path, kind, row, value, message, monkeypatch):
    problem = problems.load("3x20")
    X, Y = problem.X.copy(), problem.Y.copy()
    if row is None:
        Y[0, 15] = value
    else:
        X[row, 15] = value
    monkeypatch.setattr(dataset, "chunk_for", lambda *_: 7)
    path = tmp_path / f"data.{kind}"
    written(path, X, Y, chunk=7) if kind == "zarr" else tabled(path, X, Y)
    data, w = opened(path), zeros(3)
    data.sums(0, w, 0.0)
    for _ in range(2):  # nor is it taken later
        with pytest.raises(BadData, match=rf"/data\.{kind}: {message}"):
            data.sums(2, w, 0.0)


TABLES = {
    "one dimension": (
        np.ones(20),
        r"shape \(20,\), but \(m, 1 \+ n_x\): an example per row, its label first, is ",
    ),
    "three dimensions": (np.ones((20, 3, 2)), r"shape \(20, 3, 2\), but "),
    "labels alone": (np.ones((20, 1)), r"shape \(20, 1\), but "),
    "no examples": (np.ones((0, 4)), r"shape \(0, 4\), but "),
    "Fortran order": (
        np.ones((20, 4), order="F"),
        "float64 in Fortran order, but float64 or float32 in C order",
    ),
    "integers": (np.ones((20, 4), int), "int64 in C order, but float64 or float32 in C order is needed$"),
    "half precision": (
        np.ones((20, 4), "f2"),
        "float16 in C order, but float64 or float32 in C order is needed$",
    ),
    "big-endian": (np.ones((20, 4), ">f8"), ">f8 in C order, but "),
    "objects": (np.full((20, 4), None), "no whole NumPy file of numbers: "),
    "fields": (np.ones(20, [("label", "f8"), ("x", "f8")]), r"shape \(20,\), but "),
}


@pytest.mark.parametrize("kind", TABLES)
def test_table_of_another_kind(tmp_path, kind):
    table, message = TABLES[kind]
    np.save(tmp_path / "data.npy", table, allow_pickle=True)
    with pytest.raises(BadData, match=rf"/data\.npy: {message}"):
        opened(tmp_path / "data.npy")


NO_TABLE = "no whole NumPy file of numbers: "


def headed(**changes):
    """Return a NumPy file of zeros whose header claims something else."""
    header = repr({"descr": "<f8", "fortran_order": False, "shape": (20, 5), **changes}).encode().ljust(117)
    return b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n" + bytes(800)


NO_TABLES = {
    "empty": (b"", NO_TABLE),
    "text": (b"1,2,3\n" * 50, NO_TABLE),
    "an archive": (b"PK\x03\x04" + bytes(200), NO_TABLE),
    "fewer than no rows": (headed(shape=(-20, 5)), NO_TABLE),
    "fewer than no columns": (headed(shape=(20, -5)), NO_TABLE),
    "endless": (headed(shape=(20, 10**20)), NO_TABLE),
    "no number of columns": (headed(shape=(20, True)), NO_TABLE),
    "no type": (headed(descr=",f8"), NO_TABLE),
    "too long": (headed(shape=(10, 5)), "928 bytes, not 528 bytes, as its header says: write it again"),
    "a pickle": (b"\x80\x04]\x94." + bytes(200), NO_TABLE),
    "a header alone": (None, NO_TABLE),
    "a header cut short": (b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fort", NO_TABLE),
    "a header of something else": (b"\x93NUMPY\x01\x00\x0a\x00{'descr': \n" + bytes(200), NO_TABLE),
    "a version to come": (b"\x93NUMPY\x09\x00\x0a\x00{'descr': \n" + bytes(200), NO_TABLE),
}


@pytest.mark.parametrize("kind", NO_TABLES)
def test_no_table(tmp_path, kind):
    content, message = NO_TABLES[kind]
    path = tabled(tmp_path / "data.npy", np.ones((3, 20)), np.ones((1, 20)))
    reread(path, lambda whole: whole[:128] if content is None else content)
    with pytest.raises(BadData, match=rf"/data\.npy: {message}") as caught:
        opened(path)
    assert "\n" not in str(caught.value)


def test_table_cut_short(tmp_path):
    path = tabled(tmp_path / "data.npy", np.ones((3, 20)), np.ones((1, 20)))
    reread(path, lambda content: content[:-1])
    with pytest.raises(BadData, match=rf"/data\.npy: {NO_TABLE}"):
        opened(path)


def test_a_folder_is_no_table(tmp_path):
    (tmp_path / "data.npy").mkdir()
    with pytest.raises(BadData, match=r"/data\.npy cannot be read: it is no regular file$"):
        opened(tmp_path / "data.npy")


def other_numbers(path):
    """Write other numbers of the same size in the place of a data set."""
    X, Y = np.full((3, 20), 0.5), np.ones((1, 20))
    if path.suffix == ".npy":
        tabled(path, X, Y)
    else:
        shutil.rmtree(path)
        written(path, X, Y, chunk=7)


CHANGED = "has changed since the data set was opened: start again$"
LATER = {
    "other numbers": (other_numbers, rf"/data\.zarr/X/c/0/0 {CHANGED}"),
    "other labels": (
        lambda path: shutil.copy(path / "Y/c/0/1", path / "Y/c/0/0"),
        rf"/data\.zarr/Y/c/0/0 {CHANGED}",
    ),
    "a bit": (
        lambda path: reread(path / "X/c/0/0", flipped),
        r"/X/c/0/0 is damaged, or another chunk: its checksum does not",
    ),
    "cut short": (
        lambda path: reread(path / "X/c/0/0", lambda content: content[:80]),
        "/X/c/0/0: 80 bytes, not 172",
    ),
    "gone": (shutil.rmtree, "/data\\.zarr/X/c/0/0 cannot be read: No such file or directory$"),
}


TABLE_LATER = {
    "other numbers": (other_numbers, rf"/data\.npy {CHANGED}"),
    "cut short": (lambda path: reread(path, lambda content: content[:200]), rf"/data\.npy {CHANGED}"),
    "gone": (Path.unlink, r"/data\.npy cannot be read: No such file or directory$"),
}


@pytest.mark.parametrize("when", ["before it was used", "after"])
@pytest.mark.parametrize(
    ("kind", "change"),
    [*(("zarr", change) for change in LATER), *(("npy", change) for change in TABLE_LATER)],
)
def test_changes_after_opening(folder, kind, change, when):
    problem = problem_of("3x20")
    path = folder if kind == "zarr" else tabled(folder.with_suffix(".npy"), problem.X, problem.Y)
    data, w = opened(path), zeros(3)
    if when == "after":
        data.sums(0, w, 0.0)
    spoil, message = (LATER if kind == "zarr" else TABLE_LATER)[change]
    spoil(path)
    with pytest.raises(BadData, match=message):
        data.sums(0, w, 0.0)


@pytest.mark.parametrize("kept_bytes", [0, KEPT_BYTES])
def test_what_was_written_anew_to_the_same_numbers_is_taken(folder, numbers, kept_bytes, monkeypatch):
    monkeypatch.setattr(dataset, "KEPT_BYTES", kept_bytes)
    data = opened(folder)
    w = zeros(3, data.dtype)
    before = [data.sums(k, w, 0.0).tobytes() for k in range(3)]
    shutil.rmtree(folder)
    written(folder, *numbers, chunk=7)
    assert [data.sums(k, w, 0.0).tobytes() for k in range(3)] == before


def test_reopened(folder, numbers):
    data = opened(folder)
    again = reopened(folder, data.identity)
    assert again.identity == data.identity
    assert reopened(folder, data.identity) is again
    with pytest.raises(
        BadData, match=r"/data\.zarr: another data set lies there now, or on this machine: all need"
    ):
        reopened(folder, "0123")


@contextmanager
def nobody():
    """Lose the power of root, which may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public(tmp_path):
    """A folder that nobody too can reach."""
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.geteuid() and parent != Path(parent.anchor):
            parent.chmod(parent.stat().st_mode | 0o055)
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("locked", ["data.zarr", "data.zarr/zarr.json", "data.zarr/X/c/0/1", "data.npy", "."])
def test_no_permission(public, locked):
    X, Y = np.ones((3, 20)), np.ones((1, 20))
    kind = "data.npy" if locked == "data.npy" else "data.zarr"
    path = tabled(public / kind, X, Y) if kind == "data.npy" else written(public / kind, X, Y, chunk=7)
    (public / locked).chmod(0)
    try:
        with nobody(), pytest.raises(BadData, match=r"/data\.\S+ cannot be read: Permission denied$"):
            opened(path)
    finally:
        (public / locked).chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_permission_that_is_taken_away(public):
    path = written(public / "data.zarr", np.ones((3, 20)), np.ones((1, 20)), chunk=7)
    data = opened(path)
    (path / "X/c/0/1").chmod(0)
    with nobody(), pytest.raises(BadData, match=r"/data\.zarr/X/c/0/1 cannot be read: Permission denied$"):
        data.sums(1, zeros(3), 0.0)


@pytest.mark.parametrize(
    ("n_x", "m", "chunk"),
    [
        (28, 10**7, 585 * 256),  # 149,796 fit
        (32, 10**7, 511 * 256),  # 2^17 do
        (28, 1000, 1000),
        (1000, 10**6, 15 * 256),
        (2**14, 10**6, 256),
        (2**15, 10**6, 128),  # less than what a feature takes elsewhere
        (2**25, 3, 1),  # not even an example does
        (1, 1, 1),
    ],
)
def test_size_of_chunks(n_x, m, chunk):
    assert chunk_for(n_x, m, "float64") == chunk


FEW_FILES = """
import os, resource, sys
from pathlib import Path
import numpy as np
from impls.data.dataset import opened

resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
data = opened(Path(sys.argv[1]))
held = [data._held(k) for _ in range(2) for k in range(len(data))]
print(len(data), all(not X.flags.writeable and not Y.flags.writeable for X, Y, _ in held))
print(np.hstack([X[:, :count] for X, _, count in held]).sum())
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_more_chunks_than_a_process_may_open_files(tmp_path):
    X, Y = np.arange(300.0).reshape(3, 100), np.ones((1, 100))
    path = written(tmp_path / "data.zarr", X, Y, chunk=2)
    done = subprocess.run([sys.executable, "-c", FEW_FILES, str(path)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"50 True\n{2 * X.sum()}\n", "")


MAPS = """
import sys
from pathlib import Path
import numpy as np, psutil
from impls.data import dataset
data = dataset.opened(Path(sys.argv[1]))
dataset.KEPT_BYTES = data.chunk_bytes
w = np.zeros(data.n_x)
for k in (0, *range(len(data))):
    data.sums(k, w, 0.0)
    used = 1024 * int(Path("/proc/self/status").read_text().split("RssFile:")[1].split()[0])
    first_bytes = locals().get("first_bytes", used)
maps = [file.path for file in psutil.Process().memory_maps()]
print((used - first_bytes) // data.chunk_bytes, sum(sys.argv[1] in file for file in maps))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what is mapped")
@pytest.mark.parametrize(("kind", "files"), [("zarr", 1), ("npy", 1)])
def test_chunks_are_let_go_but_for_the_first(tmp_path, kind, files):
    path = tmp_path / f"data.{kind}"
    X, Y = np.ones((64, 140_000)), np.ones((1, 140_000))  # three chunks of a table
    written(path, X, Y, chunk=40_000) if kind == "zarr" else tabled(path, X, Y)
    done = subprocess.run([sys.executable, "-c", MAPS, str(path)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"0 {files}\n", "")
